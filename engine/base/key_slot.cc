// Every key of every command in cluster mode comes through here, so eight bytes are taken at once: kTables[k][b] is what byte b
// does to the sum when k more bytes follow it ("slicing-by-8", Kounavis and Berry 2005). 4 KiB of tables.
#include "engine/base/key_slot.h"

#include <array>
#include <cstddef>

namespace norn {
namespace {

constexpr uint16_t kPolynomial = 0x1021;
constexpr size_t kSliceBytes = 8;

using Tables = std::array<std::array<uint16_t, 256>, kSliceBytes>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t sum = byte << 8;
    for (int bit = 0; bit < 8; ++bit) {
      sum = (sum & 0x8000) != 0 ? (sum << 1) ^ kPolynomial : sum << 1;
    }
    tables[0][byte] = static_cast<uint16_t>(sum);
  }
  for (size_t k = 1; k < kSliceBytes; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint16_t before = tables[k - 1][byte];
      tables[k][byte] = static_cast<uint16_t>((before << 8) ^ tables[0][before >> 8]);
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint16_t Crc16(std::string_view bytes) {
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t left = bytes.size();
  uint32_t sum = 0;
  for (; left >= kSliceBytes; left -= kSliceBytes, at += kSliceBytes) {
    sum = kTables[7][at[0] ^ (sum >> 8)] ^ kTables[6][at[1] ^ (sum & 0xff)] ^ kTables[5][at[2]] ^
          kTables[4][at[3]] ^ kTables[3][at[4]] ^ kTables[2][at[5]] ^ kTables[1][at[6]] ^
          kTables[0][at[7]];
  }
  for (; left > 0; --left, ++at) {
    sum = ((sum << 8) & 0xffff) ^ kTables[0][(sum >> 8) ^ *at];
  }
  return static_cast<uint16_t>(sum);
}

std::string_view HashTagOf(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

SlotId KeySlot(std::string_view key) {
  return {static_cast<uint16_t>(Crc16(HashTagOf(key)) % kSlotCount)};
}

}  // namespace norn
