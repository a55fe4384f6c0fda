// Against a std::set of pairs.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/base/prng.h"
#include "engine/structs/score_tree.h"

namespace norn {
namespace {

class Room {
 public:
  explicit Room(uint64_t seed) : prng_(seed) {}
  ~Room() {
    for (auto& [name, member] : members_) ScoredMember::Free(member);
  }

  void Change(uint64_t names, uint64_t scores) {
    const std::string name = "m" + std::to_string(prng_.Below(names));
    const auto score = static_cast<double>(prng_.Below(scores));
    const auto found = members_.find(name);
    if (found == members_.end()) {
      ScoredMember* member = ScoredMember::New(score, name);
      members_[name] = member;
      tree_.Insert(member);
      plain_.emplace(score, name);
    } else if (shrinking_ || prng_.OneIn(3)) {
      plain_.erase({found->second->score, name});
      tree_.Erase(*found->second);
      ScoredMember::Free(found->second);
      members_.erase(found);
    } else {
      plain_.erase({found->second->score, name});
      tree_.SetScore(*found->second, score);
      plain_.emplace(score, name);
    }
  }

  void Compare() {
    tree_.CheckInvariants();
    RC_ASSERT(tree_.size() == plain_.size());
    auto at = tree_.AtRank(0);
    for (const auto& [score, name] : plain_) {
      RC_ASSERT(at->score == score);
      RC_ASSERT(at->name() == name);
      at = tree_.Next(at);
    }
    RC_ASSERT(!at);
    at = plain_.empty() ? at : tree_.AtRank(plain_.size() - 1);
    for (auto plain = plain_.rbegin(); plain != plain_.rend(); ++plain, at = tree_.Previous(at)) {
      RC_ASSERT(at->name() == plain->second);
    }
    RC_ASSERT(!at);
  }

  void CompareRanks() {
    size_t rank = 0;
    for (const auto& [score, name] : plain_) {
      RC_ASSERT(tree_.RankOf(*members_[name]) == rank);
      RC_ASSERT(tree_.AtRank(rank)->name() == name);
      const auto below = std::distance(plain_.begin(), plain_.lower_bound({score, ""}));
      RC_ASSERT(tree_.CountWhile([score = score](double other, const ScoredMember&) {
        return other < score;
      }) == static_cast<size_t>(below));
      ++rank;
    }
  }

  void set_shrinking(bool shrinking) { shrinking_ = shrinking; }

 private:
  Prng prng_;
  bool shrinking_ = false;
  ScoreTree tree_;
  std::map<std::string, ScoredMember*> members_;
  std::set<std::pair<double, std::string>> plain_;
};

RC_GTEST_PROP(ScoreTreeProperty, DoesWhatASetOfPairsDoes, (uint64_t seed)) {
  Room room(seed);
  Prng prng(seed + 1);
  const uint64_t names = 1 + prng.Below(3000);
  const uint64_t scores = 1 + prng.Below(prng.OneIn(2) ? 5 : 100000);
  for (int phase = 0; phase < 4; ++phase) {
    room.set_shrinking(phase % 2 == 1);
    for (int change = 0; change < 1500; ++change) room.Change(names, scores);
    room.Compare();
  }
  room.CompareRanks();
}

}  // namespace
}  // namespace norn
