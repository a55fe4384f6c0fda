#pragma once
// A node's clocks: world time through an offset, a drift, jumps and freezes. Quartz that runs wrong
// moves both clocks; an operator who sets the date moves the wall clock only.
//
//   C1  Now() never goes back, whatever the faults.

#include "engine/env/clock.h"
#include "sim/scheduler.h"

#include <cstdint>
#include <functional>

namespace norn::sim {

struct ClockOptions {
  Instant monotonic_start{1000 * int64_t{1000000000}};  // Now() when the world begins
  WallTime wall_start{1700000000 * int64_t{1000000}};   // Wall() when the world begins
  int64_t drift_ppm = 0;  // +100: gains 100 us a second. Above -1,000,000.
};

class SimClock final : public env::Clock {
 public:
  SimClock(const Scheduler& scheduler, const ClockOptions& options);

  Instant Now() override;
  WallTime Wall() override;

  // ---- faults ----
  void SetDrift(int64_t ppm);
  int64_t drift_ppm() const { return drift_ppm_; }
  void Freeze();  // both clocks stand still
  void Thaw();    // and go on from where they stood
  void StepWall(Duration by);
  void JumpForward(Duration by);  // both clocks, as after a suspend. Requires: by >= 0.

  // How often each clock was read; the monotonic one also by timers.
  uint64_t now_readings() const { return now_readings_; }
  uint64_t wall_readings() const { return wall_readings_; }

  // ---- for the node ----
  // The world time at which Now() reaches `local` if nothing is changed before; Never() when it
  // will not.
  Instant WorldTimeOf(Instant local);
  // Called after every fault; a WorldTimeOf may have moved.
  void OnChange(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  Instant Local() const;
  void Rebase();
  void Changed();

  const Scheduler& scheduler_;
  Instant base_world_;  // Now() was base_local_ at base_world_, and runs at drift_ppm_ since
  Instant base_local_;
  int64_t drift_ppm_;
  bool frozen_ = false;
  int64_t wall_minus_local_us_;
  uint64_t now_readings_ = 0;
  uint64_t wall_readings_ = 0;
  std::function<void()> changed_;
};

}  // namespace norn::sim
