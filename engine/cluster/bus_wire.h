#pragma once
// The bytes of the cluster bus: numbers are big-endian, fields have fixed places. Of use to the codec only; the layout is that
// of the protocol's version 1.
//
//   full header, 2256 bytes                                    light header, 16 bytes
//   0 "RCmb" 4 length 8 version 10 port 12 type 14 count       0 "RCmb" 4 length 8 version 10 - 12 type 14 -
//   16 currentEpoch 24 configEpoch 32 offset 40 sender[40]
//   80 slots[2048] 2128 replica of[40] 2168 ip[46]
//   2214 extensions 2216 reserved[30] 2246 secondary port
//   2248 bus port 2250 flags 2252 state 2253 message flags[3]

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace norn::cluster::wire {

inline constexpr std::string_view kSignature = "RCmb";
inline constexpr uint16_t kVersion = 1;
inline constexpr uint16_t kLightBit = 0x8000;  // in the type

inline constexpr size_t kLength = 4;
inline constexpr size_t kVersionField = 8;
inline constexpr size_t kPort = 10;
inline constexpr size_t kType = 12;
inline constexpr size_t kCount = 14;
inline constexpr size_t kLightHeaderBytes = 16;
inline constexpr size_t kCurrentEpoch = 16;
inline constexpr size_t kConfigEpoch = 24;
inline constexpr size_t kOffset = 32;
inline constexpr size_t kSender = 40;
inline constexpr size_t kSlots = 80;
inline constexpr size_t kReplicaOf = 2128;
inline constexpr size_t kIp = 2168;
inline constexpr size_t kExtensions = 2214;
// The reserved bytes 2216 to 2245. Valkey sends zeros and looks at none of them; the last six are ours (bus_message.h).
inline constexpr size_t kNornMark = 2240;
inline constexpr size_t kNornLevel = 2244;
inline constexpr size_t kSecondaryPort = 2246;
inline constexpr size_t kBusPort = 2248;
inline constexpr size_t kFlags = 2250;
inline constexpr size_t kState = 2252;
inline constexpr size_t kMessageFlags = 2253;
inline constexpr size_t kHeaderBytes = 2256;

inline constexpr std::string_view kNornMarkBytes = "norn";

inline constexpr size_t kGossipEntryBytes = 104;
inline constexpr size_t kExtensionHeaderBytes = 8;

static_assert(std::endian::native == std::endian::little, "the bytes are turned around below");

template <typename Number>
Number TurnedAround(Number value) {
  if constexpr (sizeof(Number) == 8) return static_cast<Number>(__builtin_bswap64(value));
  if constexpr (sizeof(Number) == 4) return static_cast<Number>(__builtin_bswap32(value));
  if constexpr (sizeof(Number) == 2) return static_cast<Number>(__builtin_bswap16(value));
  return value;
}

// Requires: the number's bytes lie in `bytes`.
template <typename Number>
Number Load(std::string_view bytes, size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return TurnedAround(value);
}

template <typename Number>
void Store(Number value, char* at) {
  value = TurnedAround(value);
  std::memcpy(at, &value, sizeof(value));
}

template <typename Number>
void Append(Number value, std::string& out) {
  char bytes[sizeof(Number)];
  Store(value, bytes);
  out.append(bytes, sizeof(Number));
}

}  // namespace norn::cluster::wire
