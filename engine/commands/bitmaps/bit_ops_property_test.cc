// Against rows of bool.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/commands/bitmaps/bit_ops.h"

namespace norn {
namespace {

using Bits = std::vector<bool>;

// Some all zeros or ones, some neither; long enough for every kind of step.
std::string DrawBytes(Prng& prng, size_t bytes_max) {
  std::string bytes(prng.Below(bytes_max + 1), '\0');
  const uint64_t kind = prng.Below(4);
  for (char& byte : bytes) {
    byte = static_cast<char>(kind == 0 ? 0 : kind == 1 ? 0xff : prng.Next());
    if (kind == 3 && !prng.OneIn(40)) byte = '\0';
  }
  if (!bytes.empty() && prng.OneIn(2)) bytes[prng.Below(bytes.size())] ^= '\x10';
  return bytes;
}

Bits BitsOf(std::string_view bytes) {
  Bits bits;
  for (const char byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) bits.push_back((byte >> bit & 1) != 0);
  }
  return bits;
}

bit_ops::BitRange DrawRange(Prng& prng, size_t bits) {
  const uint64_t a = prng.Below(bits);
  const uint64_t b = prng.Below(bits);
  return {std::min(a, b), std::max(a, b)};
}

RC_GTEST_PROP(BitOpsProperty, CountsAndFindsWhatIsThere, (uint64_t seed)) {
  Prng prng(seed);
  const std::string bytes = DrawBytes(prng, 300);
  const Bits bits = BitsOf(bytes);
  RC_ASSERT(bit_ops::Count(bytes) ==
            static_cast<uint64_t>(std::count(bits.begin(), bits.end(), true)));
  for (int i = 0; i < 20 && !bits.empty(); ++i) {
    const bit_ops::BitRange range = DrawRange(prng, bits.size());
    const auto first = bits.begin() + static_cast<ptrdiff_t>(range.first);
    const auto end = bits.begin() + static_cast<ptrdiff_t>(range.last) + 1;
    RC_ASSERT(bit_ops::Count(bytes, range) == static_cast<uint64_t>(std::count(first, end, true)));
    for (const bool wanted : {false, true}) {
      const auto at = std::find(first, end, wanted);
      const auto found = bit_ops::Find(bytes, wanted, range);
      RC_ASSERT(found.has_value() == (at != end));
      if (found) RC_ASSERT(*found == static_cast<uint64_t>(at - bits.begin()));
    }
  }
}

RC_GTEST_PROP(BitOpsProperty, CombinesBitByBit, (uint64_t seed)) {
  using bit_ops::Operation;
  Prng prng(seed);
  std::vector<std::string> strings;
  for (uint64_t i = 0; i <= prng.Below(4); ++i) {
    strings.push_back(DrawBytes(prng, prng.OneIn(8) ? 40'000 : 100));
  }
  auto operation = static_cast<Operation>(prng.Below(4));
  if (operation == Operation::kNot) strings.resize(1);
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  const std::string result = bit_ops::Combine(operation, views);
  size_t longest = 0;
  for (const std::string& string : strings) longest = std::max(longest, string.size());
  RC_ASSERT(result.size() == longest);
  for (size_t i = 0; i < longest; ++i) {
    const auto byte = [&](size_t source) -> uint8_t {
      return i < views[source].size() ? static_cast<uint8_t>(views[source][i]) : 0;
    };
    uint8_t expected = operation == Operation::kNot ? static_cast<uint8_t>(~byte(0)) : byte(0);
    for (size_t source = 1; source < views.size(); ++source) {
      if (operation == Operation::kAnd) expected &= byte(source);
      if (operation == Operation::kOr) expected |= byte(source);
      if (operation == Operation::kXor) expected ^= byte(source);
    }
    if (static_cast<uint8_t>(result[i]) != expected) RC_FAIL("a byte differs");
  }
}

RC_GTEST_PROP(BitOpsProperty, FieldsAreTheBitsAtTheirOffset, (uint64_t seed)) {
  Prng prng(seed);
  std::string bytes = DrawBytes(prng, 30) + "0123456789";
  for (int i = 0; i < 30; ++i) {
    const bool is_signed = prng.OneIn(2);
    const auto width = static_cast<uint32_t>(prng.Between(1, is_signed ? 64 : 63));
    const bit_ops::FieldType type{is_signed, width};
    const uint64_t offset = prng.Below(8 * bytes.size() - width + 1);
    Bits bits = BitsOf(bytes);
    const auto value = static_cast<int64_t>(prng.Next());
    bit_ops::SetField({bytes.data(), bytes.size()}, type, offset, value);
    for (uint32_t bit = 0; bit < width; ++bit) {
      bits[offset + bit] = (static_cast<uint64_t>(value) >> (width - 1 - bit) & 1) != 0;
    }
    RC_ASSERT(BitsOf(bytes) == bits);
    RC_ASSERT(bit_ops::GetField(bytes, type, offset) ==
              *bit_ops::Fit(type, value, bit_ops::Overflow::kWrap));
  }
}

RC_GTEST_PROP(BitOpsProperty, BehindTheEndAreZeros, (uint64_t seed)) {
  Prng prng(seed);
  const std::string bytes = DrawBytes(prng, 12);
  const std::string longer = bytes + std::string(24, '\0');
  const bit_ops::FieldType type{prng.OneIn(2), static_cast<uint32_t>(prng.Between(1, 63))};
  const uint64_t offset = prng.Below(8 * bytes.size() + 64);
  RC_ASSERT(bit_ops::GetField(bytes, type, offset) == bit_ops::GetField(longer, type, offset));
  RC_ASSERT(bit_ops::Get(bytes, offset) == bit_ops::Get(longer, offset));
}

// Narrow fields, whose values int64 holds with room to spare.
RC_GTEST_PROP(BitOpsProperty, OverflowsAsAsked, (uint64_t seed)) {
  using bit_ops::Overflow;
  Prng prng(seed);
  const bit_ops::FieldType type{prng.OneIn(2), static_cast<uint32_t>(prng.Between(1, 12))};
  const int64_t count = int64_t{1} << type.bits;
  const int64_t min = type.is_signed ? -count / 2 : 0;
  const int64_t max = min + count - 1;
  const int64_t old = prng.Between(min, max);
  const int64_t by = prng.Between(-10'000, 10'000);
  const int64_t sum = old + by;
  const bool fits = sum >= min && sum <= max;
  const auto failing = bit_ops::Grow(type, old, by, Overflow::kFail);
  RC_ASSERT(failing.has_value() == fits);
  RC_ASSERT(*bit_ops::Grow(type, old, by, Overflow::kSaturate) == std::clamp(sum, min, max));
  RC_ASSERT(*bit_ops::Grow(type, old, by, Overflow::kWrap) ==
            min + ((sum - min) % count + count) % count);
}

// As Valkey, whose distance to the highest value overflows there.
TEST(BitOps, TheLowestNumbersSaturateUpwards) {
  const bit_ops::FieldType byte{true, 8};
  const auto saturate = bit_ops::Overflow::kSaturate;
  EXPECT_EQ(bit_ops::Fit(byte, INT64_MIN, saturate), 127);
  EXPECT_EQ(bit_ops::Fit(byte, 127 - INT64_MAX - 1, saturate), 127);
  EXPECT_EQ(bit_ops::Fit(byte, 127 - INT64_MAX, saturate), -128);
  EXPECT_EQ(bit_ops::Fit({true, 64}, INT64_MIN, saturate), INT64_MIN);
  EXPECT_EQ(bit_ops::Fit(byte, INT64_MIN, bit_ops::Overflow::kWrap), 0);
}

}  // namespace
}  // namespace norn
