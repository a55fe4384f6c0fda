#pragma once
// How long slots are without a primary that takes writes, and what clients are told meanwhile. Three things are asked: that an
// outage ends while the cluster is able to end it (bounded_outage, I13); that a failover by hand, which nobody disturbs, holds
// writes back for a moment only (short_pause, G12); and that clients wait for it and are not refused (none_refused).
//
// Pure: told what an observer sees at some instants, a few milliseconds apart; complains into the tallies.

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/checks.h"

namespace norn::scenarios {

// One slot at one instant.
struct SlotService {
  bool served = false;  // some node that runs may take writes of it
  bool able =
      false;  // a quorum of voters runs, and its primary, or a replica with data that hears it
  // What the node that can end it has to wait for, but votes.
  enum class Wait : uint8_t {
    kNothing,
    kLaterData,  // a replica: its data is of an earlier reign than the last (election.h, "Old data")
    kComeback,   // the primary itself
  };
  Wait wait = Wait::kNothing;
  size_t node = 0;       // that one
  bool by_hand = false;  // its primary holds writes back for a failover
};

struct ServiceBounds {
  int64_t outage_ns = 0;
  // A primary that came back waits before it takes writes (G6).
  int64_t comeback_ns = 3'000'000'000;
  // Old data waits for a later reign's (E3 of election.h).
  int64_t old_data_ns = 10'000'000'000;
  int64_t pause_ns = 100'000'000;
  // A pause is not judged when a fault was felt so short a time before it.
  int64_t aftermath_ns = 5'000'000'000;
};

class ServiceWatch {
 public:
  ServiceWatch(ServiceBounds bounds, CheckTallies& tallies) : bounds_(bounds), tallies_(tallies) {}

  // Some fault is at work.
  void Trouble(int64_t now_ns) { trouble_ns_ = now_ns; }
  // Of the slots that are watched, always the same ones.
  void Look(const std::vector<SlotService>& slots, int64_t now_ns);
  // What a client was told instead of an answer.
  void Refused(const std::string& error, int64_t now_ns);
  // When to look again: soon while a slot is not served.
  int64_t next_ns() const { return next_ns_; }
  int64_t longest_pause_ns() const { return longest_pause_ns_; }

 private:
  struct Slot {
    int64_t able_since_ns = -1;  // not served though it could be; -1: it is, or could not
    SlotService::Wait wait = SlotService::Wait::kNothing;  // when it was last looked at
    int64_t pause_since_ns = -1;                           // held back by hand; -1: not
  };
  int64_t BoundOf(SlotService::Wait wait) const;
  void LookAt(size_t index, const SlotService& service, int64_t now_ns);
  void EndPause(size_t index, int64_t now_ns);

  const ServiceBounds bounds_;
  CheckTallies& tallies_;
  std::vector<Slot> slots_;
  int64_t trouble_ns_ = INT64_MIN / 2;
  int64_t next_ns_ = 0;
  int64_t longest_pause_ns_ = 0;
};

}  // namespace norn::scenarios
