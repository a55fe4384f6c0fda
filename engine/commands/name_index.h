#pragma once
// Which command a name means, by one hash and at most a probe or two: open addressing over the first and last eight bytes of
// the lower-cased name, which for names of up to 16 bytes are the name itself.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace norn {

// A name as two words, lower-cased: equal words and sizes are equal names up to kExactBytes.
struct NameWords {
  static constexpr size_t kExactBytes = 16;
  uint64_t head = 0;
  uint64_t tail = 0;

  constexpr bool operator==(const NameWords& other) const {
    return head == other.head && tail == other.tail;
  }
};

namespace name_index_detail {

template <typename Word>
constexpr Word Load(const char* from) {
  Word word = 0;
  if (std::is_constant_evaluated()) {
    for (size_t i = 0; i < sizeof(Word); ++i) {
      word |= static_cast<Word>(static_cast<unsigned char>(from[i])) << (8 * i);
    }
  } else {
    std::memcpy(&word, from, sizeof(word));  // little-endian machines only, as the table's tags
  }
  return word;
}

// Makes lower case of each byte in 'A'..'Z', eight at a time: bit 7 of `upper` says which bytes those are.
constexpr uint64_t Lower(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  const uint64_t low_bits = word & (0x7f * kOnes);
  const uint64_t at_least_a = low_bits + (0x80 - 'A') * kOnes;
  const uint64_t above_z = low_bits + (0x7f - 'Z') * kOnes;
  const uint64_t upper = at_least_a & ~above_z & ~word & (0x80 * kOnes);
  return word | (upper >> 2);
}

}  // namespace name_index_detail

constexpr NameWords WordsOfName(std::string_view name) {
  using name_index_detail::Load;
  using name_index_detail::Lower;
  const size_t size = name.size();
  const char* bytes = name.data();
  if (size >= 8) return {Lower(Load<uint64_t>(bytes)), Lower(Load<uint64_t>(bytes + size - 8))};
  if (size >= 4) {
    return {Lower(Load<uint32_t>(bytes)), Lower(Load<uint32_t>(bytes + size - 4))};
  }
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) {
    word |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return {Lower(word), 0};
}

constexpr uint64_t HashOfName(const NameWords& words, size_t size) {
  const uint64_t mixed = (words.head ^ (words.tail << 21 | words.tail >> 43) ^ size) *
                         0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
  return mixed ^ (mixed >> 29);
}

// Slots is a power of two, at least twice the names.
template <size_t Slots>
class NameIndex {
 public:
  static constexpr uint16_t kNone = 0xffff;

  // Throws (in a constant expression: does not compile) on a name that is there already.
  constexpr void Add(std::string_view name, uint16_t value) {
    const NameWords words = WordsOfName(name);
    size_t at = HashOfName(words, name.size()) & (Slots - 1);
    for (; slots_[at].value != kNone; at = (at + 1) & (Slots - 1)) {
      if (slots_[at].size == name.size() && slots_[at].words == words) throw "a name stands twice";
    }
    slots_[at] = {words, static_cast<uint16_t>(name.size()), value};
  }

  // The value of `name`, any case, or kNone. Above NameWords::kExactBytes the caller compares the rest.
  uint16_t Find(std::string_view name) const {
    const NameWords words = WordsOfName(name);
    size_t at = HashOfName(words, name.size()) & (Slots - 1);
    for (; slots_[at].value != kNone; at = (at + 1) & (Slots - 1)) {
      if (slots_[at].words == words && slots_[at].size == name.size()) return slots_[at].value;
    }
    return kNone;
  }

 private:
  struct Slot {
    NameWords words = {};
    uint16_t size = 0;
    uint16_t value = kNone;
  };
  std::array<Slot, Slots> slots_ = {};
};

}  // namespace norn
