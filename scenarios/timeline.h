#pragma once
// What a person wants to see of one run, as lists of facts with times: what each node was and when, what happened to it, what
// nodes said to each other about elections, which faults struck whom, and whether clients were served.
//
// Filled while a run is played, and only if somebody asked; whoever fills it looks and never touches, so that the run is the
// same with it and without. Times are the world's, in nanoseconds; lanes are nodes by number.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faults/plan.h"

namespace norn::scenarios {

class Timeline {
 public:
  using Lane = size_t;
  static constexpr int64_t kNotYetNs = INT64_MAX;
  static constexpr int64_t kBinNs = 50'000'000;
  // Of events and of arrows; what comes later is counted only.
  static constexpr size_t kEntriesMax = 40'000;

  // What of a lane a span tells.
  enum class Track : uint8_t { kLife, kRole, kService, kReach };
  static constexpr size_t kTracks = 4;

  struct State {
    std::string value = {};  // one word: "primary", "down"
    int64_t shard = -1;      // of roles; -1: none
    uint64_t epoch = 0;      // of roles; of kReach: from how many nodes it is cut off
    std::string words = {};  // more, for people
    bool operator==(const State&) const = default;
  };
  struct Span {
    Lane lane = 0;
    Track track{};
    int64_t from_ns = 0;
    int64_t to_ns = kNotYetNs;
    State state;
  };
  struct Event {
    int64_t at_ns = 0;
    Lane lane = 0;
    std::string_view kind;  // "log", "check": of static text
    std::string words;
  };
  struct Arrow {
    std::string_view kind;  // "request", "grant", "denial", "fail", "manual"
    Lane from = 0;
    Lane to = 0;
    int64_t sent_ns = 0;
    int64_t arrived_ns = kNotYetNs;  // that: never
    std::string words;
  };
  struct Fault {
    enum class Fate : uint8_t { kNotReached, kNothingToHit, kStruck };
    int64_t at_ns = 0;
    faults::PlannedFault planned;
    Fate fate = Fate::kNotReached;
    Duration lasted = {};          // less than planned, if all was healed before
    std::vector<Lane> lanes = {};  // that it concerns, as far as can be seen
  };
  // Operations of one part of the keys, a bin each kBinNs.
  struct Service {
    std::string name;
    std::vector<uint32_t> answered;
    std::vector<uint32_t> waiting;  // begun and not answered, or never to be
  };

  Lane AddLane(std::string name);
  size_t AddService(std::string name);

  // The lane is that from `at_ns` on. Times of one lane and track never decrease.
  void Tell(Lane lane, Track track, int64_t at_ns, State state);
  void Add(Event event);
  // Its index, to be told of its arrival; SIZE_MAX: there were too many.
  size_t Add(Arrow arrow);
  void Arrived(size_t arrow, int64_t at_ns);
  void SetPlan(const faults::FaultPlan& plan, int64_t begun_ns);
  Fault& fault(size_t index) { return faults_[index]; }
  // One operation; `answered`: with success, at `to_ns`.
  void Served(size_t service, int64_t from_ns, int64_t to_ns, bool answered);
  // What lasted was ended.
  void Healed(int64_t at_ns);
  void End(int64_t at_ns);

  const std::vector<std::string>& lanes() const { return lanes_; }
  const std::vector<Span>& spans() const { return spans_; }
  const std::vector<Event>& events() const { return events_; }
  const std::vector<Arrow>& arrows() const { return arrows_; }
  const std::vector<Fault>& faults() const { return faults_; }
  const std::vector<Service>& services() const { return services_; }
  int64_t end_ns() const { return end_ns_; }
  uint64_t dropped() const { return dropped_; }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  std::vector<std::string> lanes_;
  std::vector<std::vector<size_t>> open_;  // by lane and track: its last span
  std::vector<Span> spans_;
  std::vector<Event> events_;
  std::vector<Arrow> arrows_;
  std::vector<Fault> faults_;
  std::vector<Service> services_;
  int64_t end_ns_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace norn::scenarios
