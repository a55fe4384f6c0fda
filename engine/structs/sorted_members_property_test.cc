// Against a std::map of scores.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/base/prng.h"
#include "engine/structs/sorted_members.h"

namespace norn {
namespace {

using Plain = std::map<std::string, double>;

void Compare(const SortedMembers& members, const Plain& plain) {
  members.CheckInvariants();
  RC_ASSERT(members.size() == plain.size());
  std::set<std::pair<double, std::string>> ordered;
  for (const auto& [name, score] : plain) ordered.emplace(score, name);
  auto at = members.tree().AtRank(0);
  for (const auto& [score, name] : ordered) {
    RC_ASSERT(at->name() == name);
    RC_ASSERT(at->score == score);
    at = members.tree().Next(at);
  }
}

RC_GTEST_PROP(SortedMembersProperty, DoesWhatAMapOfScoresDoes, (uint64_t seed)) {
  Prng prng(seed);
  Plain plain;
  SortedMembers members(seed);
  const uint64_t names = 1 + prng.Below(1000);
  for (int change = 0; change < 2000; ++change) {
    const std::string name = std::to_string(prng.Below(names));
    if (prng.OneIn(4)) {
      RC_ASSERT(members.Erase(name) == (plain.erase(name) == 1));
    } else if (prng.OneIn(100)) {
      const size_t first = prng.Below(plain.size() + 1);
      const size_t count = prng.Below(plain.size() - first + 1);
      for (size_t i = 0; i < count; ++i) {
        plain.erase(std::string(members.tree().AtRank(first + i)->name()));
      }
      members.EraseRanks(first, count);
    } else {
      const auto score = static_cast<double>(prng.Below(50)) / 4;
      RC_ASSERT(members.Set(name, score) == !plain.contains(name));
      plain[name] = score;
    }
    const ScoredMember* found = members.Find(name);
    RC_ASSERT((found != nullptr) == plain.contains(name));
    if (found != nullptr) RC_ASSERT(found->score == plain[name]);
  }
  Compare(members, plain);
  Compare(SortedMembers(members), plain);
}

}  // namespace
}  // namespace norn
