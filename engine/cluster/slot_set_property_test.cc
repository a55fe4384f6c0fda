// SlotSet against std::set.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "engine/cluster/slot_set.h"

namespace norn::cluster {
namespace {

using Model = std::set<uint16_t>;

SlotSet SetOf(const Model& slots) {
  SlotSet set;
  for (const uint16_t slot : slots) set.Set(SlotId{slot});
  return set;
}

Model ModelOf(const SlotSet& set) {
  Model slots;
  for (const SlotId slot : set) slots.insert(slot.value);
  return slots;
}

// Few words of the set, so that runs and neighbours are common.
Model Slots() {
  const auto near = *rc::gen::container<Model>(rc::gen::inRange<uint16_t>(60, 200));
  auto slots = *rc::gen::container<Model>(rc::gen::inRange<uint16_t>(0, kSlotCount));
  slots.insert(near.begin(), near.end());
  return slots;
}

RC_GTEST_PROP(SlotSetProperty, HoldsWhatWasPutInAndNotTakenOut, ()) {
  Model model = Slots();
  SlotSet set = SetOf(model);
  for (const uint16_t slot : Slots()) {
    RC_ASSERT(set.Contains(SlotId{slot}) == model.contains(slot));
    RC_ASSERT(set.Clear(SlotId{slot}) == (model.erase(slot) == 1));
    RC_ASSERT(!set.Contains(SlotId{slot}));
  }
  for (const uint16_t slot : Slots()) {
    RC_ASSERT(set.Set(SlotId{slot}) == model.insert(slot).second);
  }
  RC_ASSERT(set.count() == model.size());
  RC_ASSERT(set.empty() == model.empty());
  RC_ASSERT(ModelOf(set) == model);
}

RC_GTEST_PROP(SlotSetProperty, RangesAreTheLongestRuns, ()) {
  const SlotSet set = SetOf(Slots());
  SlotSet again;
  int last = -2;
  for (const SlotRange range : set.Ranges()) {
    RC_ASSERT(range.first.value > last + 1);
    RC_ASSERT(range.first <= range.last);
    last = range.last.value;
    again.SetRange(range);
  }
  RC_ASSERT(again == set);
}

RC_GTEST_PROP(SlotSetProperty, TheWireFormIsOneBitASlotLowestFirst, ()) {
  const Model model = Slots();
  std::vector<char> bytes(SlotSet::kWireBytes, 'x');
  SetOf(model).ToWire(std::span<char, SlotSet::kWireBytes>(bytes));
  for (uint32_t slot = 0; slot < kSlotCount; ++slot) {
    const bool bit = ((static_cast<uint8_t>(bytes[slot / 8]) >> (slot % 8)) & 1) != 0;
    RC_ASSERT(bit == model.contains(static_cast<uint16_t>(slot)));
  }
  const SlotSet back = SlotSet::FromWire(std::span<const char, SlotSet::kWireBytes>(bytes));
  RC_ASSERT(back == SetOf(model));
  RC_ASSERT(back.count() == model.size());
}

RC_GTEST_PROP(SlotSetProperty, CombinesAsSetsDo, ()) {
  const Model a = Slots(), b = Slots();
  Model both, either, only_a;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::inserter(either, either.end()));
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only_a, only_a.end()));
  RC_ASSERT((SetOf(a) &= SetOf(b)) == SetOf(both));
  RC_ASSERT((SetOf(a) |= SetOf(b)) == SetOf(either));
  RC_ASSERT((SetOf(a) -= SetOf(b)) == SetOf(only_a));
  RC_ASSERT(SetOf(a).Intersects(SetOf(b)) == !both.empty());
}

}  // namespace
}  // namespace norn::cluster
