#pragma once
// A set of slots: what a node owns, what a message claims. A value of 2 KiB that counts itself.
//
//   I1  count() == the number of bits set
//
// Runs anywhere; never parks.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/check.h"
#include "engine/cluster/key_slot.h"

namespace norn::cluster {

// Both ends belong to it; first <= last.
struct SlotRange {
  SlotId first;
  SlotId last;
  bool operator==(const SlotRange&) const = default;
};

class SlotSet {
 public:
  // As the bus has it: slot s is bit s % 8 (the lowest is 0) of byte s / 8.
  static constexpr size_t kWireBytes = kSlotCount / 8;

  SlotSet() = default;
  static SlotSet All() { return OfRange({SlotId{0}, SlotId{kSlotCount - 1}}); }
  static SlotSet OfRange(SlotRange range) {
    SlotSet set;
    set.SetRange(range);
    return set;
  }
  static SlotSet FromWire(std::span<const char, kWireBytes> bytes) {
    SlotSet set;
    std::memcpy(set.words_.data(), bytes.data(), kWireBytes);
    set.Recount();
    return set;
  }
  void ToWire(std::span<char, kWireBytes> bytes) const {
    std::memcpy(bytes.data(), words_.data(), kWireBytes);
  }

  // Requires, here and below: slots below kSlotCount.
  bool Contains(SlotId slot) const { return (WordOf(slot) & BitOf(slot)) != 0; }
  // Both return whether that changed anything.
  bool Set(SlotId slot) {
    if (Contains(slot)) return false;
    words_[slot.value / kWordBits] |= BitOf(slot);
    ++count_;
    return true;
  }
  bool Clear(SlotId slot) {
    if (!Contains(slot)) return false;
    words_[slot.value / kWordBits] &= ~BitOf(slot);
    --count_;
    return true;
  }
  void SetRange(SlotRange range) {
    CHECK(range.first <= range.last);
    for (uint32_t slot = range.first.value; slot <= range.last.value; ++slot) {
      Set(SlotId{static_cast<uint16_t>(slot)});
    }
  }
  void ClearAll() { *this = SlotSet(); }

  uint32_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  // The smallest member at or above `from`, which may be kSlotCount; nullopt: there is none.
  std::optional<SlotId> NextFrom(uint32_t from) const { return Scan(from, 0); }
  // The smallest slot at or above `from` that is not a member.
  std::optional<SlotId> NextGapFrom(uint32_t from) const { return Scan(from, ~uint64_t{0}); }

  // The longest runs of members, ascending.
  std::vector<SlotRange> Ranges() const {
    std::vector<SlotRange> ranges;
    uint32_t from = 0;
    while (const std::optional<SlotId> first = NextFrom(from)) {
      const std::optional<SlotId> gap = NextGapFrom(first->value);
      const uint32_t end = gap ? gap->value : kSlotCount;
      ranges.push_back({*first, SlotId{static_cast<uint16_t>(end - 1)}});
      from = end;
    }
    return ranges;
  }

  // Union, intersection, difference.
  SlotSet& operator|=(const SlotSet& other) {
    for (size_t i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
    Recount();
    return *this;
  }
  SlotSet& operator&=(const SlotSet& other) {
    for (size_t i = 0; i < kWords; ++i) words_[i] &= other.words_[i];
    Recount();
    return *this;
  }
  SlotSet& operator-=(const SlotSet& other) {
    for (size_t i = 0; i < kWords; ++i) words_[i] &= ~other.words_[i];
    Recount();
    return *this;
  }
  bool Intersects(const SlotSet& other) const {
    for (size_t i = 0; i < kWords; ++i) {
      if ((words_[i] & other.words_[i]) != 0) return true;
    }
    return false;
  }

  bool operator==(const SlotSet&) const = default;

  // Ascending: for (const SlotId slot : set). The set must not change meanwhile.
  class Iterator {
   public:
    Iterator(const SlotSet& set, uint32_t from) : set_(&set) { MoveTo(from); }
    SlotId operator*() const { return SlotId{static_cast<uint16_t>(at_)}; }
    Iterator& operator++() {
      MoveTo(at_ + 1);
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void MoveTo(uint32_t from) {
      const std::optional<SlotId> next = set_->NextFrom(from);
      at_ = next ? next->value : kSlotCount;
    }
    const SlotSet* set_;
    uint32_t at_ = 0;
  };
  Iterator begin() const { return Iterator(*this, 0); }
  Iterator end() const { return Iterator(*this, kSlotCount); }

 private:
  static constexpr size_t kWordBits = 64;
  static constexpr size_t kWords = kSlotCount / kWordBits;
  static_assert(std::endian::native == std::endian::little, "the wire form is the words' bytes");

  static uint64_t BitOf(SlotId slot) { return uint64_t{1} << (slot.value % kWordBits); }
  uint64_t WordOf(SlotId slot) const {
    CHECK(slot.value < kSlotCount);
    return words_[slot.value / kWordBits];
  }
  // The first slot at or above `from` whose bit differs from `inverted`'s.
  std::optional<SlotId> Scan(uint32_t from, uint64_t inverted) const {
    uint64_t below_hidden = ~uint64_t{0} << (from % kWordBits);
    for (size_t i = from / kWordBits; i < kWords; ++i, below_hidden = ~uint64_t{0}) {
      const uint64_t word = (words_[i] ^ inverted) & below_hidden;
      if (word == 0) continue;
      const size_t slot = i * kWordBits + static_cast<size_t>(std::countr_zero(word));
      return SlotId{static_cast<uint16_t>(slot)};
    }
    return std::nullopt;
  }
  void Recount() {
    count_ = 0;
    for (const uint64_t word : words_) {
      if (word != 0)
        count_ += static_cast<uint32_t>(std::popcount(word));  // most are, in a big cluster
    }
  }

  std::array<uint64_t, kWords> words_{};
  uint32_t count_ = 0;
};

}  // namespace norn::cluster
