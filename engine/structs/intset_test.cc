#include "engine/structs/intset.h"

#include <gtest/gtest.h>

#include <string>

namespace norn {
namespace {

class IntsetTest : public testing::Test {
 protected:
  PackedBlock block_{Intset::Empty()};
  Intset set_{block_};
};

TEST_F(IntsetTest, MembersAscend) {
  EXPECT_TRUE(set_.Insert(5));
  EXPECT_TRUE(set_.Insert(-7));
  EXPECT_TRUE(set_.Insert(6));
  EXPECT_FALSE(set_.Insert(5));
  ASSERT_EQ(set_.view().Count(), 3u);
  EXPECT_EQ(set_.view().At(0), -7);
  EXPECT_EQ(set_.view().At(1), 5);
  EXPECT_EQ(set_.view().At(2), 6);
}

TEST_F(IntsetTest, BytesAreThoseOfTheFormat) {
  using namespace std::string_view_literals;
  set_.Insert(2);
  set_.Insert(-1);
  EXPECT_EQ(block_.bytes(), "\2\0\0\0\2\0\0\0\xff\xff\2\0"sv);
  set_.Insert(70000);
  EXPECT_EQ(block_.bytes(), "\4\0\0\0\3\0\0\0\xff\xff\xff\xff\2\0\0\0\x70\x11\1\0"sv);
}

TEST_F(IntsetTest, WidthGrowsAndStays) {
  set_.Insert(1);
  EXPECT_EQ(set_.view().WidthBytes(), 2u);
  EXPECT_FALSE(set_.view().Contains(70000));
  set_.Insert(INT64_MIN);
  EXPECT_EQ(set_.view().WidthBytes(), 8u);
  EXPECT_EQ(set_.view().At(0), INT64_MIN);
  set_.Insert(INT64_MAX);
  EXPECT_TRUE(set_.Erase(INT64_MIN));
  EXPECT_FALSE(set_.Erase(INT64_MIN));
  EXPECT_TRUE(set_.view().Contains(INT64_MAX));
  EXPECT_TRUE(set_.view().Contains(1));
  EXPECT_EQ(set_.view().WidthBytes(), 8u);
}

TEST_F(IntsetTest, BrokenBytesAreRefused) {
  using namespace std::string_view_literals;
  set_.Insert(1);
  set_.Insert(2);
  const std::string good(block_.bytes());
  EXPECT_TRUE(IntsetIsValid(good));
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(IntsetIsValid(good.substr(0, cut)));
  EXPECT_FALSE(IntsetIsValid(good + std::string(2, 0)));
  EXPECT_FALSE(IntsetIsValid("\3\0\0\0\0\0\0\0"sv));
  EXPECT_FALSE(IntsetIsValid("\2\0\0\0\2\0\0\0\2\0\1\0"sv));  // does not ascend
  EXPECT_FALSE(IntsetIsValid("\2\0\0\0\2\0\0\0\1\0\1\0"sv));  // twice
  EXPECT_FALSE(
      IntsetIsValid("\x08\0\0\0\0\0\0\x20"sv));  // a count whose bytes would overflow 32 bits
}

}  // namespace
}  // namespace norn
