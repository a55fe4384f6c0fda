#include "sim/sim_clock.h"

#include <utility>

#include "engine/base/check.h"

namespace norn::sim {
namespace {

constexpr int64_t kMillion = 1000000;

}  // namespace

SimClock::SimClock(const Scheduler& scheduler, const ClockOptions& options)
    : scheduler_(scheduler),
      base_world_{0},
      base_local_(options.monotonic_start),
      drift_ppm_(options.drift_ppm),
      wall_minus_local_us_(options.wall_start.us - options.monotonic_start.ns / 1000) {
  CHECK(drift_ppm_ > -kMillion);
}

Instant SimClock::Now() {
  ++now_readings_;
  return Local();
}

Instant SimClock::Local() const {
  if (frozen_) return base_local_;
  const int64_t passed = (scheduler_.now() - base_world_).ns;
  if (drift_ppm_ == 0) return Instant{base_local_.ns + passed};
  const __int128 scaled = static_cast<__int128>(passed) * (kMillion + drift_ppm_) / kMillion;
  return Instant{base_local_.ns + static_cast<int64_t>(scaled)};
}

WallTime SimClock::Wall() {
  ++wall_readings_;
  return WallTime{Local().ns / 1000 + wall_minus_local_us_};
}

void SimClock::SetDrift(int64_t ppm) {
  CHECK(ppm > -kMillion);
  Rebase();
  drift_ppm_ = ppm;
  Changed();
}

void SimClock::Freeze() {
  Rebase();
  frozen_ = true;
  Changed();
}

void SimClock::Thaw() {
  Rebase();
  frozen_ = false;
  Changed();
}

void SimClock::StepWall(Duration by) {
  wall_minus_local_us_ += by.micros();
  Changed();
}

void SimClock::JumpForward(Duration by) {
  CHECK(by.ns >= 0);  // C1
  Rebase();
  base_local_ = base_local_ + by;
  Changed();
}

Instant SimClock::WorldTimeOf(Instant local) {
  if (local <= Local()) return scheduler_.now();
  if (frozen_ || local == Instant::Never()) return Instant::Never();
  const __int128 wait = static_cast<__int128>(local.ns) - base_local_.ns;
  const __int128 rate = kMillion + drift_ppm_;
  // Rounded up, so that Now() has arrived when that time has.
  const __int128 world = base_world_.ns + (wait * kMillion + rate - 1) / rate;
  return world >= INT64_MAX ? Instant::Never() : Instant{static_cast<int64_t>(world)};
}

void SimClock::Rebase() {
  base_local_ = Local();
  base_world_ = scheduler_.now();
}

void SimClock::Changed() {
  if (changed_) changed_();
}

}  // namespace norn::sim
