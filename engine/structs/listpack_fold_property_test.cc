// Unfolding gives back the bytes that were folded, whatever the elements are.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "engine/base/prng.h"
#include "engine/structs/listpack.h"
#include "engine/structs/listpack_fold.h"

namespace norn {
namespace {

constexpr size_t kFactorMax = 4;  // what folding may cost at most, a byte of text or three

std::string DrawElement(Prng& prng, const std::string& before) {
  std::string text = before;
  switch (prng.Below(6)) {
    case 0:
      return std::to_string(static_cast<int64_t>(prng.Next()) >> prng.Below(64));
    case 1:
      return std::string(prng.Below(600), static_cast<char>('a' + prng.Below(2)));
    case 2:
      return "";
    case 3:
      if (!text.empty()) text[prng.Below(text.size())] = static_cast<char>(prng.Below(256));
      return text;
    case 4:
      return text.insert(prng.Below(text.size() + 1), std::string(prng.Below(40), 'm'));
    default:
      return text.substr(prng.Below(text.size() + 1));
  }
}

std::string Unfolded(const std::string& folded, size_t bytes) {
  std::string listpack(bytes, '\0');
  UnfoldListpack(folded, {listpack.data(), listpack.size()});
  return listpack;
}

RC_GTEST_PROP(ListpackFoldProperty, UnfoldingGivesBackTheBytes, (uint64_t seed)) {
  Prng prng(seed);
  PackedBlock block(Listpack::Empty());
  Listpack listpack(block);
  std::string element;
  for (size_t left = prng.Below(60); left > 0; --left) {
    element = DrawElement(prng, element);
    // What only looks like a number may be kept as text by a file from elsewhere.
    listpack.Append({prng.OneIn(4) ? PackedValue::Text(element) : PackedValue(element)});
  }
  const std::string bytes(block.bytes());
  std::string folded;
  RC_ASSERT(FoldListpack(bytes, kFactorMax * bytes.size(), folded));
  RC_ASSERT(Unfolded(folded, bytes.size()) == bytes);
  const size_t folded_bytes = folded.size();
  RC_ASSERT(FoldListpack(bytes, folded_bytes, folded));
  RC_ASSERT(!FoldListpack(bytes, folded_bytes - 1, folded));
}

TEST(ListpackFold, ElementsThatLookAlikeShrinkToWhatDiffers) {
  PackedBlock block(Listpack::Empty());
  for (int i = 0; i < 300; ++i) {
    Listpack(block).Append(
        {"{\"job\":" + std::to_string(i) + ",\"queue\":\"mail\",\"retry\":true}"});
  }
  std::string folded;
  EXPECT_TRUE(FoldListpack(block.bytes(), block.bytes().size() / 7, folded));
}

TEST(ListpackFold, AHeadThatIsLongerThanItMustBeIsLeftAlone) {
  // The integer 5 in three bytes.
  const std::string listpack("\x0b\0\0\0\1\0\xf1\5\0\3\xff", 11);
  ASSERT_TRUE(ListpackIsValid(listpack));
  std::string folded;
  EXPECT_FALSE(FoldListpack(listpack, 100, folded));
}

}  // namespace
}  // namespace norn
