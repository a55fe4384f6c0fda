// Failover by hand.

#include "engine/cluster/manual_failover.h"

#include "engine/base/cover.h"

namespace norn::cluster {

void ManualFailover::Start(ManualMode mode, Instant now) {
  Stop();
  running_until_ = now + timeout_;
  forced_ = mode != ManualMode::kNormal;
}

void ManualFailover::OnPrimaryPaused(StreamOffset offset, LeaseStamp released) {
  if (!running_until_ || primary_offset_) return;
  primary_offset_ = offset;
  released_ = released;
}

bool ManualFailover::MayStand(StreamOffset own_offset) const {
  if (!running_until_) return false;
  return forced_ || (primary_offset_ && *primary_offset_ == own_offset);
}

Instant ManualFailover::Pause(Instant now) {
  Stop();
  // Valkey: the pause outlasts the replica's attempt by as much again.
  paused_until_ = now + timeout_ * 2;
  return *paused_until_;
}

bool ManualFailover::Step(Instant now) {
  if (running_until_ && now > *running_until_) {
    NORN_COVER("manual_timed_out");
    Stop();
  }
  if (!paused_until_ || now <= *paused_until_) return false;
  NORN_COVER("manual_pause_over");
  Stop();
  return true;
}

void ManualFailover::Stop() {
  running_until_.reset();
  forced_ = false;
  primary_offset_.reset();
  released_ = LeaseStamp{};
  paused_until_.reset();
}

}  // namespace norn::cluster
