// Which planted mistakes this process makes: set once, at its start.

#include "engine/base/plant.h"

#include "engine/base/check.h"

namespace norn {
namespace {

std::array<bool, kPlants.size()> chosen{};

}  // namespace

void ChoosePlant(size_t index) {
  CHECK(kPlantsCompiledIn);
  CHECK(index < kPlants.size());
  chosen[index] = true;
}

#ifdef NORN_PLANTS
bool PlantIsChosen(size_t index) { return chosen[index]; }
#endif

}  // namespace norn
