// A build without the preset `plants` has none of the mistakes; one with it has those that were chosen.

#include "engine/base/plant.h"

#include <gtest/gtest.h>

namespace norn {
namespace {

TEST(Plant, FindsIdsOfTheTable) {
  EXPECT_EQ(kPlants[FindPlant("B63")].id, "B63");
  EXPECT_EQ(FindPlant("B6"), kPlants.size());
  EXPECT_EQ(FindPlant(""), kPlants.size());
}

#ifdef NORN_PLANTS
TEST(Plant, OnlyTheChosenOnesAreThere) {
  ChoosePlant(FindPlant("B64"));
  EXPECT_TRUE(NORN_PLANTED("B64"));
  EXPECT_FALSE(NORN_PLANTED("B63"));
}
#else
TEST(Plant, AnOrdinaryBuildHasNone) {
  static_assert(!NORN_PLANTED("B64"));
  EXPECT_FALSE(kPlantsCompiledIn);
  EXPECT_DEATH(ChoosePlant(0), "kPlantsCompiledIn");
}
#endif

}  // namespace
}  // namespace norn
