#include "scenarios/cluster/write_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace norn::scenarios {
namespace {

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

// A reply that shows a list, or the length of one with a write as its last.
struct Sight {
  int64_t invoke_ns = 0;
  int64_t complete_ns = 0;
  size_t length = 0;
  WriteId write = 0;  // it was this one's own reply
  const ListRead* read = nullptr;
};

// A key in one reign: what its list was in the end, as far as anybody saw. 0: somebody's, unseen.
struct KeyReign {
  ReignNumber reign = 0;
  std::vector<Sight> sights;
  std::vector<WriteId> list;

  size_t CommonPrefix(const std::vector<WriteId>& other) const {
    const size_t both = std::min(list.size(), other.size());
    size_t at = 0;
    while (at < both && (list[at] == other[at] || list[at] == 0 || other[at] == 0)) ++at;
    return at;
  }
};

class KeyJudge {
 public:
  KeyJudge(const ClusterHistory& history, const Reigns& reigns, const JudgeOptions& options,
           KeyNumber key, CheckTallies& tallies)
      : history_(history),
        reigns_(reigns),
        options_(options),
        key_(history.keys[key]),
        tallies_(tallies) {}

  void AddWrite(WriteId id) {
    const ListWrite& write = history_.Write(id);
    if (write.outcome != Outcome::kAcked) return;
    const auto reign = reigns_.Of(write.node, key_.slot, write.invoke_ns, write.complete_ns);
    if (!reign) return;
    SightsOf(*reign).push_back({write.invoke_ns, write.complete_ns, write.length, id, nullptr});
  }
  void AddRead(const ListRead& read) {
    CheckList(read.list);
    if (read.of_replica) return copies_.push_back(&read);
    const auto reign = reigns_.Of(read.node, key_.slot, read.invoke_ns, read.complete_ns);
    if (!reign) return;
    SightsOf(*reign).push_back({read.invoke_ns, read.complete_ns, read.list.size(), 0, &read});
  }

  void Judge(WriteFate& fate) {
    for (const ReignNumber number : reigns_.Succession(key_.slot)) {
      const auto seen = seen_.find(number);
      if (seen == seen_.end()) continue;
      line_.push_back(std::move(seen->second));
      line_.back().reign = number;
      BuildList(line_.back());
      CheckTimes(line_.back());
    }
    for (size_t i = 1; i < line_.size(); ++i) Succeed(i);
    for (const ListRead* copy : copies_) CheckCopy(*copy);
    if (line_.empty()) return;
    for (const WriteId id : line_.back().list) {
      if (id != 0 && history_.Write(id).outcome == Outcome::kAcked) ++fate.survived;
    }
    fate.lost += lost_acked_;
  }

 private:
  std::vector<Sight>& SightsOf(ReignNumber reign) { return seen_[reign].sights; }
  CheckTally& Tally(CheckId check) { return At(tallies_, check); }
  void Fail(CheckId check, const std::string& what) {
    Tally(check).Fail(fmt::format("key {} (slot {}): {}", key_.name, key_.slot.value, what));
  }
  std::string Show(WriteId id) const {
    const ListWrite& write = history_.Write(id);
    return fmt::format("write {} (client {} at node {}, {:.6f} to {:.6f} s)", id, write.client,
                       write.node, Seconds(write.invoke_ns),
                       write.complete_ns == kNeverNs ? -1 : Seconds(write.complete_ns));
  }
  std::string Show(const Reign& reign) const {
    return fmt::format("reign of node {} with epoch {}, {:.6f} to {:.6f} s", reign.node,
                       reign.epoch, Seconds(reign.begin_ns),
                       reign.end_ns == kNeverNs ? -1 : Seconds(reign.end_ns));
  }

  // What no list may show.
  void CheckList(const std::vector<WriteId>& list) {
    std::set<WriteId> once;
    for (const WriteId id : list) {
      if (!once.insert(id).second) Fail(CheckId::kOneOrder, "twice in a list: " + Show(id));
      if (history_.Write(id).outcome == Outcome::kRefused) {
        Fail(CheckId::kOneOrder, "refused, and took effect: " + Show(id));
      }
      if (history_.keys[history_.Write(id).key].name != key_.name) {
        Fail(CheckId::kOneOrder, "of another key: " + Show(id));
      }
    }
  }

  void Put(KeyReign& at, size_t place, WriteId id) {
    if (at.list.size() <= place) at.list.resize(place + 1);
    WriteId& there = at.list[place];
    if (there == 0 || there == id) {
      there = id;
      return;
    }
    Fail(CheckId::kOneOrder, fmt::format("two writes in place {}: {} and {}\n  {}", place,
                                         Show(there), Show(id), Show(reigns_.all()[at.reign])));
  }

  void BuildList(KeyReign& at) {
    for (const Sight& sight : at.sights) {
      ++Tally(CheckId::kOneOrder).examined;
      if (sight.read == nullptr) {
        if (sight.length == 0) return Fail(CheckId::kOneOrder, "length 0 after a write");
        Put(at, sight.length - 1, sight.write);
        continue;
      }
      for (size_t i = 0; i < sight.read->list.size(); ++i) Put(at, i, sight.read->list[i]);
    }
  }

  // Nothing that was asked after a reply shows less than that reply did.
  void CheckTimes(KeyReign& at) {
    std::vector<const Sight*> by_end;
    for (const Sight& sight : at.sights) by_end.push_back(&sight);
    const auto ends = [](const Sight* a, const Sight* b) {
      return a->complete_ns < b->complete_ns;
    };
    const auto begins = [](const Sight& a, const Sight& b) { return a.invoke_ns < b.invoke_ns; };
    std::vector<Sight> by_begin = at.sights;
    std::stable_sort(by_end.begin(), by_end.end(), ends);
    std::stable_sort(by_begin.begin(), by_begin.end(), begins);
    size_t longest = 0;
    size_t next = 0;
    for (const Sight& sight : by_begin) {
      for (; next < by_end.size() && by_end[next]->complete_ns < sight.invoke_ns; ++next) {
        longest = std::max(longest, by_end[next]->length);
      }
      if (sight.length >= longest + (sight.write != 0 ? 1 : 0)) continue;
      return Fail(
          CheckId::kOneOrder,
          fmt::format("a list of {} was seen before, now it is {}: {} from {:.6f} s\n  {}", longest,
                      sight.length, sight.write != 0 ? Show(sight.write) : std::string("read"),
                      Seconds(sight.invoke_ns), Show(reigns_.all()[at.reign])));
    }
  }

  // From the reign before to this one.
  void Succeed(size_t index) {
    const KeyReign& before = line_[index - 1];
    const KeyReign& after = line_[index];
    ++Tally(CheckId::kLossModel).examined;
    ++Tally(CheckId::kNoResurrection).examined;
    for (const WriteId id : after.list) {
      if (id == 0 || !lost_.contains(id)) continue;
      Fail(CheckId::kNoResurrection, fmt::format("was lost, and came back: {}\n  in the {}",
                                                 Show(id), Show(reigns_.all()[after.reign])));
    }
    const size_t common = before.CommonPrefix(after.list);
    for (size_t i = common; i < before.list.size(); ++i) {
      const WriteId id = before.list[i];
      if (id == 0) continue;
      if (std::find(after.list.begin(), after.list.end(), id) != after.list.end()) {
        Fail(CheckId::kLossModel,
             fmt::format("others were lost before it: {}\n  {}\n  {}", Show(id),
                         Show(reigns_.all()[before.reign]), Show(reigns_.all()[after.reign])));
        continue;
      }
      lost_.insert(id);
      Lose(id, before, after);
    }
    JudgeHeld(before, common, after);
  }

  // Reigns of others that lie between, though nobody saw this key in them.
  bool OthersBetween(const KeyReign& before, const KeyReign& after) const {
    bool between = false;
    for (const ReignNumber number : reigns_.Succession(key_.slot)) {
      if (number == after.reign) break;
      if (between && reigns_.all()[number].node != reigns_.all()[after.reign].node) return true;
      between |= number == before.reign;
    }
    return false;
  }

  void Lose(WriteId id, const KeyReign& before, const KeyReign& after) {
    if (history_.Write(id).outcome != Outcome::kAcked) return;
    ++lost_acked_;
    const Reign& old_reign = reigns_.all()[before.reign];
    const Reign& new_reign = reigns_.all()[after.reign];
    if (OthersBetween(before, after)) return;
    if (reigns_.MovedUnhurt(key_.slot, old_reign, new_reign)) {
      return Fail(CheckId::kLossModel, fmt::format("lost while its slot was moved: {}\n  {}\n  {}",
                                                   Show(id), Show(old_reign), Show(new_reign)));
    }
    if (options_.restarts_lose || old_reign.node != new_reign.node) return;
    Fail(CheckId::kLossModel, fmt::format("lost without a change of primary: {}\n  {}\n  {}",
                                          Show(id), Show(old_reign), Show(new_reign)));
  }

  // Writes that every replica had, as the next primary has them or not.
  void JudgeHeld(const KeyReign& before, size_t common, const KeyReign& after) {
    const Reign& reign = reigns_.all()[after.reign];
    if (OthersBetween(before, after)) return;
    // Of a slot that is moved key by key, a key may have left all who had it, for a primary that died with its source before
    // its own replicas heard of the key. WAIT speaks of the source's.
    if (reigns_.KeyMovesBetween(key_.slot, reigns_.all()[before.reign], reign)) return;
    for (size_t i = 0; i < before.list.size(); ++i) {
      const WriteId id = before.list[i];
      if (id == 0) continue;
      const ListWrite& write = history_.Write(id);
      const bool had = reign.node < 64 && ((write.holders >> reign.node) & 1) != 0;
      if (!had || write.held_ns > reign.begin_ns) continue;
      if (options_.forgot && options_.forgot(reign.node, write.held_ns, reign.begin_ns)) continue;
      ++Tally(CheckId::kWaitedSurvives).examined;
      if (i < common) continue;
      Fail(CheckId::kWaitedSurvives, fmt::format("all replicas had it at {:.6f} s: {}\n  {}",
                                                 Seconds(write.held_ns), Show(id), Show(reign)));
    }
  }

  // What a replica shows was some primary's list once.
  void CheckCopy(const ListRead& copy) {
    ++Tally(CheckId::kOneOrder).examined;
    if (copy.list.empty()) return;
    for (const KeyReign& at : line_) {
      const size_t common = at.CommonPrefix(copy.list);
      const bool known_differ = common < std::min(at.list.size(), copy.list.size());
      const bool rest_unseen =
          std::all_of(copy.list.begin() + static_cast<std::ptrdiff_t>(common), copy.list.end(),
                      [&](WriteId id) { return history_.Write(id).outcome != Outcome::kRefused; });
      if (!known_differ && rest_unseen) return;
    }
    if (line_.empty()) return;
    std::string list;
    for (const WriteId id : copy.list) list += fmt::format(" {}", id);
    Fail(CheckId::kOneOrder, fmt::format("replica {} at {:.6f} s shows what no primary had:{}",
                                         copy.node, Seconds(copy.complete_ns), list));
  }

  const ClusterHistory& history_;
  const Reigns& reigns_;
  const JudgeOptions& options_;
  const ListKey& key_;
  CheckTallies& tallies_;
  std::map<ReignNumber, KeyReign> seen_;
  std::vector<KeyReign> line_;  // those of seen_, by succession
  std::vector<const ListRead*> copies_;
  std::set<WriteId> lost_;
  uint64_t lost_acked_ = 0;
};

void JudgePairs(const ClusterHistory& history, CheckTallies& tallies) {
  std::map<WriteId, WriteId> partners;
  for (const WritePair& pair : history.write_pairs) {
    partners[pair.first] = pair.second;
    partners[pair.second] = pair.first;
  }
  CheckTally& tally = At(tallies, CheckId::kOneOrder);
  const auto half = [&](const ListRead& here, const ListRead& there) {
    for (const WriteId id : here.list) {
      const auto partner = partners.find(id);
      if (partner == partners.end()) continue;
      if (std::find(there.list.begin(), there.list.end(), partner->second) != there.list.end()) {
        continue;
      }
      tally.Fail(fmt::format("half a transaction is seen at node {}, {:.6f} s: write {} without {}",
                             here.node, Seconds(here.complete_ns), id, partner->second));
    }
  };
  for (const ReadPair& pair : history.read_pairs) {
    ++tally.examined;
    half(history.reads[pair.first], history.reads[pair.second]);
    half(history.reads[pair.second], history.reads[pair.first]);
  }
}

// Within a reign counts only grow, and no two replies are one.
void JudgeCounts(const ClusterHistory& history, const Reigns& reigns, CheckTallies& tallies) {
  std::map<std::pair<KeyNumber, ReignNumber>, std::vector<const Count*>> groups;
  for (const Count& count : history.counts) {
    const auto reign =
        reigns.Of(count.node, history.keys[count.key].slot, count.invoke_ns, count.complete_ns);
    if (reign) groups[{count.key, *reign}].push_back(&count);
  }
  CheckTally& tally = At(tallies, CheckId::kOneOrder);
  for (auto& [at, counts] : groups) {
    std::sort(counts.begin(), counts.end(),
              [](const Count* a, const Count* b) { return a->value < b->value; });
    // Of those with smaller values none began after this one had its reply.
    int64_t latest_invoke_ns = INT64_MIN;
    const Count* last = nullptr;
    for (const Count* count : counts) {
      ++tally.examined;
      const bool twice = last != nullptr && last->value == count->value;
      if (twice || count->complete_ns < latest_invoke_ns) {
        tally.Fail(fmt::format("key {}: INCR answered {} at node {}, {:.6f} s, {}",
                               history.keys[at.first].name, count->value, count->node,
                               Seconds(count->complete_ns),
                               twice ? "and once more" : "before it answered less"));
      }
      latest_invoke_ns = std::max(latest_invoke_ns, count->invoke_ns);
      last = count;
    }
  }
}

// The time in which a reign surely took writes of a slot.
struct Span {
  int64_t from_ns = kNeverNs;  // the end of the first
  int64_t to_ns = -1;          // the beginning of the last
};

void JudgeTurns(const ClusterHistory& history, const Reigns& reigns, CheckTallies& tallies) {
  std::map<uint16_t, std::map<ReignNumber, Span>> slots;
  for (const ListWrite& write : history.writes) {
    if (write.outcome != Outcome::kAcked) continue;
    const SlotId slot = history.keys[write.key].slot;
    const auto reign = reigns.Of(write.node, slot, write.invoke_ns, write.complete_ns);
    if (!reign) continue;
    Span& span = slots[slot.value][*reign];
    span.from_ns = std::min(span.from_ns, write.complete_ns);
    span.to_ns = std::max(span.to_ns, write.invoke_ns);
  }
  CheckTally& tally = At(tallies, CheckId::kOneWriter);
  for (const auto& [slot, spans] : slots) {
    for (auto a = spans.begin(); a != spans.end(); ++a) {
      for (auto b = std::next(a); b != spans.end(); ++b) {
        ++tally.examined;
        const int64_t from_ns = std::max(a->second.from_ns, b->second.from_ns);
        const int64_t to_ns = std::min(a->second.to_ns, b->second.to_ns);
        const Reign& one = reigns.all()[a->first];
        const Reign& two = reigns.all()[b->first];
        if (from_ns >= to_ns || one.node == two.node) continue;
        tally.Fail(fmt::format(
            "slot {}: nodes {} (epoch {}) and {} (epoch {}) both took writes from {:.6f} to {:.6f} "
            "s",
            slot, one.node, one.epoch, two.node, two.epoch, Seconds(from_ns), Seconds(to_ns)));
      }
    }
  }
}

}  // namespace

WriteFate JudgeWrites(const ClusterHistory& history, const Reigns& reigns,
                      const JudgeOptions& options, CheckTallies& tallies) {
  std::vector<std::vector<WriteId>> writes(history.keys.size());
  std::vector<std::vector<const ListRead*>> reads(history.keys.size());
  for (WriteId id = 1; id <= history.writes.size(); ++id) {
    writes[history.Write(id).key].push_back(id);
  }
  for (const ListRead& read : history.reads) reads[read.key].push_back(&read);
  WriteFate fate;
  for (KeyNumber key = 0; key < history.keys.size(); ++key) {
    KeyJudge judge(history, reigns, options, key, tallies);
    for (const WriteId id : writes[key]) judge.AddWrite(id);
    for (const ListRead* read : reads[key]) judge.AddRead(*read);
    judge.Judge(fate);
  }
  JudgePairs(history, tallies);
  JudgeCounts(history, reigns, tallies);
  JudgeTurns(history, reigns, tallies);
  return fate;
}

}  // namespace norn::scenarios
