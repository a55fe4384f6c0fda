#pragma once
// Is there an order of these operations, each at one instant of its interval, that the specification allows?
//
// The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with Lowe's memoisation of (operations
// done, state) ("Testing for linearizability", 2017): walk the calls that come before the first return of an operation
// not yet done, try one, go on from there, go back when stuck.
//
// Beyond the papers:
//   - An operation of unknown outcome (must = false) has no return; it may stay undone. Such operations are tried only
//     when no known one fits, and at most `unknown_run` of them in a row; the run is widened (1, 3, any) before
//     "violation" is said. Otherwise a wrong turn among known operations would be blamed on every subset of the unknown.
//   - `after` orders operations beyond their intervals (a connection's commands on one key).
//   - Next may give several states: the specification may be nondeterministic (expiry).
//   - The set of operations done is known by a 128-bit sum of per-operation constants, not by its bits; two sets that
//     collide could hide a path (once in 2^64 searches), never invent one.
//
// Spec offers: using State; State Initial(); HashPair Fingerprint(const State&); void Next(const State&, uint32_t op,
// std::vector<State>*), which clears the vector; bool Same(a, b).

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "scenarios/history.h"

namespace norn::scenarios {

struct Interval {
  int64_t invoke_ns = 0;
  int64_t complete_ns = kNeverNs;  // of an unknown outcome: ignored
  bool must = true;
  std::vector<uint32_t> after;  // these are done before this one
};

using HashPair = std::pair<uint64_t, uint64_t>;

enum class Verdict : uint8_t { kLinearizable, kViolation, kUnknown };

struct SearchResult {
  Verdict verdict = Verdict::kLinearizable;
  uint64_t steps = 0;
  std::vector<uint32_t> longest;  // the longest order found, for the report
};

template <typename Spec>
class WglSearch {
 public:
  // `steps_max` bounds the calls of Next; past it the verdict is kUnknown.
  WglSearch(const std::vector<Interval>& intervals, Spec& spec, uint64_t steps_max)
      : intervals_(intervals), spec_(spec), steps_max_(steps_max) {
    for (uint32_t op = 0; op < intervals_.size(); ++op) {
      if (!intervals_[op].must) unknown_.push_back(op);
    }
    std::stable_sort(unknown_.begin(), unknown_.end(), [&](uint32_t a, uint32_t b) {
      return intervals_[a].invoke_ns < intervals_[b].invoke_ns;
    });
    has_successor_.assign(intervals_.size(), false);
    for (const Interval& interval : intervals_) {
      for (const uint32_t op : interval.after) has_successor_[op] = true;
    }
  }

  SearchResult Run() {
    for (const uint32_t run_max : {1u, 3u, UINT32_MAX}) {
      unknown_run_max_ = run_max;
      result_.verdict = RunOnce();
      if (result_.verdict != Verdict::kViolation || unknown_.empty()) break;
    }
    return result_;
  }

 private:
  using State = typename Spec::State;
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Event {
    int64_t at_ns;
    uint32_t op;
    bool is_return;
    uint32_t previous;
    uint32_t next;
  };
  // The pairs are hashes already.
  struct FirstHalf {
    size_t operator()(const HashPair& pair) const { return pair.first; }
  };
  // Where the walk over candidates stands: an event of the known ones, then an index of the unknown ones.
  struct Cursor {
    uint32_t event = 0;
    uint32_t unknown = 0;
    int64_t horizon_ns = kNeverNs;  // the first return; calls after it are no candidates
    bool among_unknown = false;
  };
  struct Choice {
    uint32_t op;
    Cursor cursor;
    uint32_t run_before;
    State before;
    std::vector<State> alternatives;
    size_t chosen;
  };

  void Prepare() {
    events_.clear();
    const auto add = [&](int64_t at_ns, uint32_t op, bool is_return) {
      events_.push_back({at_ns, op, is_return, 0, 0});
    };
    add(INT64_MIN, kNone, false);  // the head
    for (uint32_t op = 0; op < intervals_.size(); ++op) {
      if (!intervals_[op].must) continue;
      add(intervals_[op].invoke_ns, op, false);
      add(intervals_[op].complete_ns, op, true);
    }
    // A call at the very instant of a return still overlaps it.
    std::stable_sort(events_.begin() + 1, events_.end(), [](const Event& a, const Event& b) {
      return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.is_return < b.is_return;
    });
    call_of_.assign(intervals_.size(), kNone);
    return_of_.assign(intervals_.size(), kNone);
    for (uint32_t i = 0; i < events_.size(); ++i) {
      events_[i].previous = i - 1;
      events_[i].next = i + 1 < events_.size() ? i + 1 : kNone;
      if (i > 0) (events_[i].is_return ? return_of_ : call_of_)[events_[i].op] = i;
    }
    done_.assign(intervals_.size(), false);
    done_sum_ = {0, 0};
    seen_.clear();
    stack_.clear();
    known_left_ = static_cast<uint32_t>(intervals_.size() - unknown_.size());
    run_ = 0;
  }

  Verdict RunOnce() {
    Prepare();
    State state = spec_.Initial();
    Cursor cursor = Start();
    while (known_left_ > 0) {
      if (result_.steps > steps_max_) return Verdict::kUnknown;
      const uint32_t op = NextCandidate(cursor);
      if (op == kNone) {
        if (!BackUp(state, cursor)) return Verdict::kViolation;
      } else if (Descend(op, cursor, state)) {
        cursor = Start();
      }
    }
    return Verdict::kLinearizable;
  }

  Cursor Start() const {
    Cursor cursor;
    cursor.event = events_[0].next;
    return cursor;
  }

  // The next operation to try, moving the cursor behind it.
  uint32_t NextCandidate(Cursor& cursor) {
    while (!cursor.among_unknown) {
      if (cursor.event == kNone || events_[cursor.event].is_return) {
        if (cursor.event != kNone) cursor.horizon_ns = events_[cursor.event].at_ns;
        cursor.among_unknown = true;
        break;
      }
      const uint32_t op = events_[cursor.event].op;
      cursor.event = events_[cursor.event].next;
      if (Ready(op)) return op;
    }
    if (run_ >= unknown_run_max_) return kNone;
    while (cursor.unknown < unknown_.size()) {
      const uint32_t op = unknown_[cursor.unknown];
      if (intervals_[op].invoke_ns > cursor.horizon_ns) return kNone;
      ++cursor.unknown;
      if (!done_[op] && Ready(op)) return op;
    }
    return kNone;
  }

  bool Ready(uint32_t op) const {
    for (const uint32_t earlier : intervals_[op].after) {
      if (!done_[earlier]) return false;
    }
    return true;
  }

  // Takes the first outcome of `op` that leads to something new; false when there is none.
  bool Descend(uint32_t op, const Cursor& cursor, State& state) {
    Choice choice{op, cursor, run_, state, {}, 0};
    ++result_.steps;
    spec_.Next(state, op, &choice.alternatives);
    Mark(op);
    if (!TakeAlternative(choice, state)) {
      Unmark(op);
      return false;
    }
    stack_.push_back(std::move(choice));
    return true;
  }

  // With `op` marked done: moves to the next alternative not seen before.
  bool TakeAlternative(Choice& choice, State& state) {
    run_ = intervals_[choice.op].must ? 0 : choice.run_before + 1;
    for (; choice.chosen < choice.alternatives.size(); ++choice.chosen) {
      const State& next = choice.alternatives[choice.chosen];
      const bool changes = !spec_.Same(next, choice.before);
      if (!intervals_[choice.op].must && !changes && !has_successor_[choice.op]) continue;
      if (!Remember(next)) continue;
      state = next;
      ++choice.chosen;
      return true;
    }
    run_ = choice.run_before;
    return false;
  }

  bool BackUp(State& state, Cursor& cursor) {
    RememberLongest();
    if (stack_.empty()) return false;
    Choice& choice = stack_.back();
    if (TakeAlternative(choice, state)) {
      cursor = Start();
      return true;
    }
    Unmark(choice.op);
    state = std::move(choice.before);
    cursor = choice.cursor;
    stack_.pop_back();
    return true;
  }

  bool Remember(const State& state) {
    const HashPair of_state = spec_.Fingerprint(state);
    const uint64_t run = unknown_run_max_ == UINT32_MAX ? 0 : run_;
    return seen_
        .insert({of_state.first ^ done_sum_.first,
                 of_state.second + done_sum_.second + run * 0x9e3779b97f4a7c15ULL})
        .second;
  }

  void Mark(uint32_t op) {
    done_[op] = true;
    AddToSum(op);
    if (!intervals_[op].must) return;
    --known_left_;
    Unlink(call_of_[op]);
    Unlink(return_of_[op]);
  }
  void Unmark(uint32_t op) {
    done_[op] = false;
    AddToSum(op);
    if (!intervals_[op].must) return;
    ++known_left_;
    Relink(return_of_[op]);
    Relink(call_of_[op]);
  }
  void AddToSum(uint32_t op) {
    uint64_t seed = 0x6e6f726eull + op;
    const uint64_t first = SplitMix64(seed);
    const uint64_t second = SplitMix64(seed);
    done_sum_.first ^= first;
    done_sum_.second ^= second;
  }
  void Unlink(uint32_t event) {
    events_[events_[event].previous].next = events_[event].next;
    if (events_[event].next != kNone)
      events_[events_[event].next].previous = events_[event].previous;
  }
  void Relink(uint32_t event) {
    events_[events_[event].previous].next = event;
    if (events_[event].next != kNone) events_[events_[event].next].previous = event;
  }

  void RememberLongest() {
    if (stack_.size() <= result_.longest.size()) return;
    result_.longest.clear();
    for (const Choice& choice : stack_) result_.longest.push_back(choice.op);
  }

  const std::vector<Interval>& intervals_;
  Spec& spec_;
  const uint64_t steps_max_;
  SearchResult result_;
  std::vector<uint32_t> unknown_;
  std::vector<bool> has_successor_;
  std::vector<Event> events_;
  std::vector<uint32_t> call_of_;
  std::vector<uint32_t> return_of_;
  std::vector<bool> done_;
  HashPair done_sum_{0, 0};
  std::unordered_set<HashPair, FirstHalf>
      seen_;  // asked for membership only: its order is not ours
  std::vector<Choice> stack_;
  uint32_t known_left_ = 0;
  uint32_t run_ = 0;
  uint32_t unknown_run_max_ = 1;
};

}  // namespace norn::scenarios
