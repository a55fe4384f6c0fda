#pragma once
// Bus messages to bytes and back. The reader takes whatever a peer sends (I19): it looks at no byte outside of the message, believes
// no length before it was compared with what is there, and says what is wrong and where.
//
// Runs anywhere; never parks.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/cluster/bus_message.h"

namespace norn::cluster {

// Appends the message. Requires: what bus_message.h requires; a sender; at most 65535 gossip entries; less than 4 GiB.
void AppendBusMessage(const BusMessage& message, std::string& out);
std::string EncodeBusMessage(const BusMessage& message);

inline constexpr size_t kBusPrefixBytes = 16;  // what tells a message's length and type

// How many bytes the message that begins with `received` needs in all: kBusPrefixBytes until that many are here, its length from
// then on. Once `received` holds as many, they go to DecodeBusMessage and the next message begins behind them.
// InvalidArgument: not the bus's signature, or a length that is too small for any message or above `bytes_max`; there is no way to
// go on with this link.
absl::StatusOr<size_t> NextBusMessageBytes(std::string_view received, size_t bytes_max);

// Reads one whole message; memory that `message` holds already is used again.
// InvalidArgument: malformed. Unimplemented: another protocol version or a type that we do not know. Either way the link can go
// on with the next message, and `message` is unspecified.
absl::Status DecodeBusMessage(std::string_view bytes, BusMessage& message);

}  // namespace norn::cluster
