#pragma once
// Which of the cluster's 16384 slots a key belongs to: CRC-16/XMODEM (polynomial 0x1021, nothing inverted) of the key, or of its
// hash tag, modulo 16384. The hash tag lets clients put keys together: the bytes between the first '{' and the first '}'
// behind it, when there are any ("user:{7}:name" and "{7}" are one slot; "{}a" and "a{b" are hashed whole).
//
// Source: the cluster specification's section on keys and slots. Runs on: any executor; never parks.

#include <compare>
#include <cstdint>
#include <string_view>

namespace norn {

inline constexpr uint32_t kSlotCount = 16384;

// Below kSlotCount.
struct SlotId {
  uint16_t value = 0;
  constexpr auto operator<=>(const SlotId&) const = default;
};

uint16_t Crc16(std::string_view bytes);

// The part of the key that decides. The view lies in `key`.
std::string_view HashTagOf(std::string_view key);

SlotId KeySlot(std::string_view key);

}  // namespace norn
