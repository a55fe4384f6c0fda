// The checksum against the definition, a bit at a time.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "engine/base/key_slot.h"

namespace norn {
namespace {

uint16_t ObviousCrc16(const std::string& bytes) {
  uint16_t sum = 0;
  for (const char c : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool in = ((static_cast<uint8_t>(c) >> bit) & 1) != 0;
      const bool out = (sum & 0x8000) != 0;
      sum = static_cast<uint16_t>(sum << 1);
      if (in != out) sum ^= 0x1021;
    }
  }
  return sum;
}

RC_GTEST_PROP(KeySlotProperty, TheChecksumIsTheDefinitions, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  const std::string longer = bytes + bytes + "12345";
  RC_ASSERT(Crc16(bytes) == ObviousCrc16(bytes));
  RC_ASSERT(Crc16(longer) == ObviousCrc16(longer));
}

RC_GTEST_PROP(KeySlotProperty, ATagIsAKeyOfTheSameSlot, ()) {
  const auto key = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("{}ab")));
  const std::string tag(HashTagOf(key));
  RC_ASSERT(KeySlot(key).value == ObviousCrc16(tag) % kSlotCount);
  RC_ASSERT(KeySlot(key).value < kSlotCount);
  if (tag != key) RC_ASSERT(KeySlot("x{" + tag + "}y") == KeySlot(key));
}

}  // namespace
}  // namespace norn
