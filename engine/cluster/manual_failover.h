#pragma once
// CLUSTER FAILOVER: a replica takes over from a primary that is well, and nothing is lost.
//
//   replica                                primary
//     | --- ManualStart -------------------> |  holds writes back, gives its lease up (norn)
//     | <-- offset, PAUSED, lease stamp ---- |  at once and in every message
//     |  applies the stream up to it         |
//     |  stands, with the votes of a         |
//     |  quorum that need not see a failure  |
//     | --- its claim ---------------------> |  follows
//
// The primary waits options.manual_timeout for that, and its pause lasts twice as long, as in Valkey; then it goes on. Under
// norn rules it goes on only with a lease of requests sent after the pause: if the replica won meanwhile, it gets none.
// FORCE goes straight to the votes, without the primary's last writes; the primary may be dead or cut off. If it is not, under
// norn rules its lease is in the way, so it is asked all the same to hold writes back and give that up. TAKEOVER skips the votes,
// too.
//
// Pure; one for both sides, since a node is only one of them at a time.

#include <cstdint>
#include <optional>

#include "engine/base/time.h"
#include "engine/cluster/election_types.h"

namespace norn::cluster {

enum class ManualMode : uint8_t { kNormal, kForce, kTakeover };

class ManualFailover {
 public:
  explicit ManualFailover(Duration timeout) : timeout_(timeout) {}

  // ---- the replica's side ----
  void Start(ManualMode mode, Instant now);
  void OnPrimaryPaused(StreamOffset offset, LeaseStamp released);
  // It may stand: the primary paused, and this node has all of its stream; or FORCE.
  bool MayStand(StreamOffset own_offset) const;
  bool running() const { return running_until_.has_value(); }
  LeaseStamp released() const { return released_; }

  // ---- the primary's side ----
  // How long to hold writes back.
  Instant Pause(Instant now);
  bool paused() const { return paused_until_.has_value(); }

  // True: the primary's pause ended just now.
  bool Step(Instant now);
  void Stop();

 private:
  Duration timeout_;
  std::optional<Instant> running_until_;
  bool forced_ = false;
  std::optional<StreamOffset> primary_offset_;
  LeaseStamp released_;
  std::optional<Instant> paused_until_;
};

}  // namespace norn::cluster
