#include "engine/structs/listpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListpackTest : public testing::Test {
 protected:
  std::vector<std::string> Elements() const {
    std::vector<std::string> elements;
    const ListpackView view(block_.bytes());
    for (auto at = view.first(); at != view.end(); at = view.Next(at)) {
      elements.push_back(view.At(at).ToString());
    }
    return elements;
  }
  std::string Hex() const {
    std::string hex;
    for (const char c : block_.bytes()) {
      constexpr char kDigits[] = "0123456789abcdef";
      hex += kDigits[static_cast<uint8_t>(c) >> 4];
      hex += kDigits[c & 15];
    }
    return hex;
  }

  PackedBlock block_{Listpack::Empty()};
  Listpack list_{block_};
};

TEST_F(ListpackTest, EmptyHasNoElements) {
  EXPECT_TRUE(list_.view().empty());
  EXPECT_EQ(list_.view().Count(), 0u);
  EXPECT_TRUE(ListpackIsValid(block_.bytes()));
  EXPECT_EQ(list_.view().Seek(0), list_.view().end());
  EXPECT_EQ(list_.view().Seek(-1), list_.view().end());
}

// The bytes that a redis-server 7.0 puts into DUMP of a hash with these fields.
TEST_F(ListpackTest, BytesAreThoseOfTheFormat) {
  list_.Append({"a", "1", "neg", "-1", "big", "70000"});
  EXPECT_EQ(Hex(),
            "1e0000000600"
            "816102"
            "0101"
            "836e656704"
            "dfff02"
            "8362696704"
            "f270110104"
            "ff");
}

TEST_F(ListpackTest, CanonicalIntegersAreStoredAsIntegers) {
  list_.Append({"12", "012", "-0", "9223372036854775807", "9223372036854775808"});
  const ListpackView view = list_.view();
  EXPECT_TRUE(view.At(view.Seek(0)).is_integer());
  EXPECT_FALSE(view.At(view.Seek(1)).is_integer());
  EXPECT_FALSE(view.At(view.Seek(2)).is_integer());
  EXPECT_EQ(view.At(view.Seek(3)).integer(), INT64_MAX);
  EXPECT_FALSE(view.At(view.Seek(4)).is_integer());
  EXPECT_THAT(Elements(),
              ElementsAre("12", "012", "-0", "9223372036854775807", "9223372036854775808"));
}

TEST_F(ListpackTest, IntegersAtEveryWidthReadBack) {
  std::vector<std::string> expected;
  for (int bit = 0; bit < 64; ++bit) {
    for (const int64_t off : {-1, 0, 1}) {
      const auto value = static_cast<int64_t>((uint64_t{1} << bit) + static_cast<uint64_t>(off));
      expected.push_back(std::to_string(value));
      expected.push_back(std::to_string(static_cast<int64_t>(0 - static_cast<uint64_t>(value))));
    }
  }
  for (const std::string& text : expected) list_.Append({text});
  EXPECT_EQ(Elements(), expected);
  EXPECT_TRUE(ListpackIsValid(block_.bytes()));
}

TEST_F(ListpackTest, TextsAtEveryHeadAndBackLengthReadBackBothWays) {
  std::vector<std::string> expected;
  for (const size_t size : {0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16380, 70000, 2100000}) {
    expected.push_back(std::string(size, 'x'));
    list_.Append({expected.back()});
  }
  EXPECT_EQ(Elements(), expected);
  const ListpackView view = list_.view();
  size_t left = expected.size();
  for (auto at = view.end(); at != view.first();) {
    at = view.Previous(at);
    EXPECT_EQ(view.At(at).text(), expected[--left]);
  }
  EXPECT_EQ(left, 0u);
}

TEST_F(ListpackTest, InsertGoesBeforeAndEraseReturnsWhatFollows) {
  list_.Append({"a", "d"});
  const auto d = list_.view().Seek(1);
  const auto b = list_.Insert(d, {"b", "c"});
  EXPECT_EQ(list_.view().At(b).ToString(), "b");
  EXPECT_THAT(Elements(), ElementsAre("a", "b", "c", "d"));
  const auto behind = list_.Erase(b, 2);
  EXPECT_EQ(list_.view().At(behind).ToString(), "d");
  const auto end = list_.Erase(list_.view().first(), 99);
  EXPECT_EQ(end, list_.view().end());
  EXPECT_THAT(Elements(), IsEmpty());
  EXPECT_EQ(block_.bytes(), Listpack::Empty());
}

TEST_F(ListpackTest, FindPassesOverValues) {
  list_.Append({"f1", "f2", "f2", "v", "7", "f1"});
  const ListpackView view = list_.view();
  EXPECT_EQ(view.Find("f2", view.first(), 1), view.Seek(2));
  EXPECT_EQ(view.Find("f2", view.first(), 0), view.Seek(1));
  EXPECT_EQ(view.Find("7", view.first(), 1), view.Seek(4));
  EXPECT_EQ(view.Find("v", view.first(), 1), view.end());
  EXPECT_EQ(view.Find("07", view.first(), 0), view.end());
}

// What others may have written: an integer as text, or in a head wider than needed (I3 is ours alone).
TEST_F(ListpackTest, FindKnowsIntegersThatOthersStoredOtherwise) {
  using namespace std::string_view_literals;
  block_.Assign(
      "\x0e\0\0\0\2\0\x81"
      "7\2"
      "\xf1\x08\0\3\xff"sv);
  ASSERT_TRUE(ListpackIsValid(block_.bytes()));
  const ListpackView view = list_.view();
  EXPECT_EQ(view.Find("7", view.first(), 0), view.Seek(0));
  EXPECT_EQ(view.Find("8", view.first(), 0), view.Seek(1));
}

TEST_F(ListpackTest, CountIsRightBeyondWhatTheHeaderHolds) {
  for (int i = 0; i < 65534; ++i) list_.Append({"1"});
  EXPECT_EQ(list_.view().Count(), 65534u);
  list_.Append({"1", "last"});
  EXPECT_EQ(list_.view().Count(), 65536u);
  EXPECT_EQ(list_.view().At(list_.view().Seek(-1)).ToString(), "last");
  EXPECT_EQ(list_.view().Seek(65536), list_.view().end());
  list_.Erase(list_.view().first(), 10);
  EXPECT_EQ(list_.view().Count(), 65526u);
  EXPECT_TRUE(ListpackIsValid(block_.bytes()));
}

TEST_F(ListpackTest, BrokenBytesAreRefused) {
  using namespace std::string_view_literals;
  list_.Append({"a", "12345", std::string(100, 'b')});
  const std::string good(block_.bytes());
  EXPECT_FALSE(ListpackIsValid(""));
  EXPECT_FALSE(ListpackIsValid("\6\0\0\0\0\0"sv));
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ListpackIsValid(good.substr(0, cut))) << cut;
  }
  std::string counted = good;
  counted[4] = 9;
  EXPECT_FALSE(ListpackIsValid(counted));
  std::string backwards = good;
  backwards[8] = 5;  // the back of "a"
  EXPECT_FALSE(ListpackIsValid(backwards));
  std::string beyond = good;
  beyond[6] = '\xbf';  // "a" would be 63 bytes
  EXPECT_FALSE(ListpackIsValid(beyond));
}

}  // namespace
}  // namespace norn
