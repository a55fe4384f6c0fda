// Marks count once somebody asks, and not before.

#include "engine/base/cover.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace norn {
namespace {

void Pass() { NORN_COVER("vote_old_data"); }

TEST(Cover, MarksCountOnceAsked) {
  constexpr size_t kRow = RequireCover("vote_old_data");
  Pass();
  EXPECT_EQ(CoverHits()[kRow], 0u);
  CountCover();
  Pass();
  Pass();
  EXPECT_EQ(CoverHits()[kRow], 2u);
  EXPECT_EQ(CoverHits()[kRow + 1], 0u);
}

TEST(Cover, IdsAreUnique) {
  std::set<std::string_view> ids;
  for (const CoverRow& row : kCovers) EXPECT_TRUE(ids.insert(row.id).second) << row.id;
}

}  // namespace
}  // namespace norn
