#pragma once
// Is there an order of these operations, each at one instant of its interval, that the specification allows?
//
// The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with Lowe's memoisation of (operations
// done, state) ("Testing for linearizability", 2017): walk the calls that come before the first return of an operation
// not yet done, try one, go on from there, go back when stuck.
//
// Beyond the papers:
//   - An operation that fits and can never change the state (a read) is taken at once and never taken back: any order that
//     has it later is still one with it moved here. Of the others, the one that must return first is tried first, so
//     that an operation with a long interval waits until it is needed.
//   - An operation of unknown outcome (must = false) has no return; it may stay undone. Such operations are tried only
//     when no known one fits, and at most `unknown_run` of them in a row; the run is widened (1, 3, any) before
//     "violation" is said. Otherwise a wrong turn among known operations would be blamed on every subset of the unknown.
//   - `after` orders operations beyond their intervals (a connection's commands on one key).
//   - Next may give several states: the specification may be nondeterministic (expiry).
//   - The set of operations done is known by a 128-bit sum of per-operation constants, not by its bits; two sets that
//     collide could hide a path (once in 2^64 searches), never invent one.
//
// Spec offers: using State; State Initial(); HashPair Fingerprint(const State&); void Next(const State&, uint32_t op,
// std::vector<State>*), which clears the vector; bool Same(a, b); bool ReadsOnly(uint32_t op).

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
  struct Candidate {
    uint32_t op;
    std::vector<State> outcomes;
  };
  // A place in the order: the state there, and what may come next.
  struct Frame {
    State state;
    uint32_t run = 0;  // unknown operations in a row up to here
    std::vector<Candidate> candidates;
    bool all_expanded = false;  // the unknown operations are among the candidates, or not wanted
    size_t candidate = 0;       // to be tried next
    size_t outcome = 0;
    uint32_t taken = kNone;
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
  }

  Verdict RunOnce() {
    Prepare();
    Push(spec_.Initial(), 0);
    while (!stack_.empty()) {
      if (result_.steps > steps_max_) return Verdict::kUnknown;
      const State* next = Advance(stack_.back());
      if (next == nullptr) {
        RememberLongest();
        stack_.pop_back();
      } else if (known_left_ == 0) {
        return Verdict::kLinearizable;
      } else {
        const Frame& frame = stack_.back();
        Push(*next, intervals_[frame.taken].must ? 0 : frame.run + 1);
      }
    }
    return known_left_ == 0 ? Verdict::kLinearizable : Verdict::kViolation;
  }

  void Push(State state, uint32_t run) {
    Frame frame;
    frame.state = std::move(state);
    frame.run = run;
    ExpandKnown(frame);
    stack_.push_back(std::move(frame));
  }

  // Takes the next candidate that leads to something new; its state, or null when there is none. What was taken before
  // at this place is given back.
  const State* Advance(Frame& frame) {
    if (frame.taken != kNone) Unmark(frame.taken);
    frame.taken = kNone;
    for (;;) {
      if (frame.candidate == frame.candidates.size()) {
        if (frame.all_expanded) return nullptr;
        ExpandUnknown(frame);
        continue;
      }
      const Candidate& candidate = frame.candidates[frame.candidate];
      if (frame.outcome == candidate.outcomes.size()) {
        ++frame.candidate;
        frame.outcome = 0;
        continue;
      }
      const State& next = candidate.outcomes[frame.outcome++];
      Mark(candidate.op);
      if (Remember(next, intervals_[candidate.op].must ? 0 : frame.run + 1)) {
        frame.taken = candidate.op;
        return &next;
      }
      Unmark(candidate.op);
    }
  }

  // Calls before the first return of what is not done.
  void ExpandKnown(Frame& frame) {
    for (uint32_t i = events_[0].next; i != kNone && !events_[i].is_return; i = events_[i].next) {
      Candidate candidate{events_[i].op, {}};
      if (!Ready(candidate.op)) continue;
      ++result_.steps;
      spec_.Next(frame.state, candidate.op, &candidate.outcomes);
      if (candidate.outcomes.empty()) continue;
      const bool free = spec_.ReadsOnly(candidate.op) && candidate.outcomes.size() == 1 &&
                        spec_.Same(candidate.outcomes[0], frame.state);
      if (free) frame.candidates.clear();
      frame.candidates.push_back(std::move(candidate));
      frame.all_expanded = free;
      if (free) return;
    }
    std::stable_sort(frame.candidates.begin(), frame.candidates.end(),
                     [&](const Candidate& a, const Candidate& b) {
                       return intervals_[a.op].complete_ns < intervals_[b.op].complete_ns;
                     });
  }

  void ExpandUnknown(Frame& frame) {
    frame.all_expanded = true;
    if (frame.run >= unknown_run_max_) return;
    const int64_t horizon_ns = Horizon();
    for (const uint32_t op : unknown_) {
      if (intervals_[op].invoke_ns > horizon_ns) return;
      if (done_[op] || !Ready(op)) continue;
      Candidate candidate{op, {}};
      ++result_.steps;
      spec_.Next(frame.state, op, &candidate.outcomes);
      // Without effect it may as well stay undone, unless another one waits for it.
      if (!has_successor_[op]) {
        std::erase_if(candidate.outcomes,
                      [&](const State& next) { return spec_.Same(next, frame.state); });
      }
      if (!candidate.outcomes.empty()) frame.candidates.push_back(std::move(candidate));
    }
  }

  int64_t Horizon() const {
    uint32_t i = events_[0].next;
    while (i != kNone && !events_[i].is_return) i = events_[i].next;
    return i == kNone ? kNeverNs : events_[i].at_ns;
  }

  bool Ready(uint32_t op) const {
    for (const uint32_t earlier : intervals_[op].after) {
      if (!done_[earlier]) return false;
    }
    return true;
  }

  // False: this state, with these operations done, was there before.
  bool Remember(const State& state, uint32_t run) {
    const HashPair of_state = spec_.Fingerprint(state);
    const uint64_t salt = unknown_run_max_ == UINT32_MAX ? 0 : run * 0x9e3779b97f4a7c15ULL;
    return seen_
        .insert({of_state.first ^ done_sum_.first, of_state.second + done_sum_.second + salt})
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

  // The last frame has taken nothing.
  void RememberLongest() {
    if (stack_.size() <= result_.longest.size() + 1) return;
    result_.longest.clear();
    for (size_t i = 0; i + 1 < stack_.size(); ++i) result_.longest.push_back(stack_[i].taken);
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
  std::vector<Frame> stack_;
  uint32_t known_left_ = 0;
  uint32_t unknown_run_max_ = 1;
};

}  // namespace norn::scenarios
