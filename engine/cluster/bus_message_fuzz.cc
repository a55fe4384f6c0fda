// Any bytes on the bus port: framing and decoding end, touch nothing outside, and what was understood can be said again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/cluster/bus_codec.h"

namespace norn::cluster {
namespace {

void CheckUnderstood(BusMessage message) {
  BusMessage again;
  const std::string bytes = EncodeBusMessage(message);
  CHECK(DecodeBusMessage(bytes, again).ok());
  if (Heartbeat* heartbeat = std::get_if<Heartbeat>(&message.body)) {
    heartbeat->gossip_refused = false;
    heartbeat->extensions.skipped = 0;
  }
  CHECK(again == message);
}

void ReadStream(std::string_view bytes) {
  BusMessage message;
  while (true) {
    const absl::StatusOr<size_t> needed = NextBusMessageBytes(bytes, 1 << 20);
    if (!needed.ok() || *needed > bytes.size()) return;
    // In memory of its own, so that a read behind it is seen.
    const std::string one(bytes.substr(0, *needed));
    if (DecodeBusMessage(one, message).ok()) CheckUnderstood(message);
    bytes.remove_prefix(*needed);
  }
}

}  // namespace
}  // namespace norn::cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  norn::cluster::ReadStream(bytes);
  // A full header is hard to hit upon: the input as what comes behind the first 16 bytes of one.
  for (uint8_t type = 0; type < 12; ++type) {
    std::string whole("RCmb\0\0\0\0\0\1\0\0\0\0\0\0", norn::cluster::kBusPrefixBytes);
    whole[13] = static_cast<char>(type);
    if (size > 0) whole[15] = static_cast<char>(data[0] % 4);
    whole.append(std::string(40 - whole.size(), '\0')).append(std::string(40, 'a'));
    whole.resize(2250, '\0');
    whole.append(bytes);
    if (whole.size() < 2256) whole.resize(2256, '\0');
    whole[5] = static_cast<char>(whole.size() >> 16);
    whole[6] = static_cast<char>(whole.size() >> 8);
    whole[7] = static_cast<char>(whole.size());
    norn::cluster::ReadStream(whole);
  }
  return 0;
}
