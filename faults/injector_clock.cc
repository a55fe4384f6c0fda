// Clocks that are wrong, and servers whose memory becomes small.
//
// The date (an operator, or a time daemon, sets it) and the clocks themselves (quartz, a suspended machine) are different
// things: see sim/sim_clock.h. Somebody met it if that clock was read while it was wrong.

#include <utility>

#include "faults/injector.h"

namespace norn::faults {
namespace {

// After that whoever looks at clocks has looked.
constexpr Duration kNotice = Duration::Seconds(1);

}  // namespace

bool Injector::FireClock(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  if (patient.ill[static_cast<size_t>(fault.kind)]) return false;
  const bool date = fault.kind == FaultKind::kClockOffset || fault.kind == FaultKind::kClockStep;
  return date ? FireDate(fault, patient) : FireRate(fault, patient);
}

bool Injector::FireDate(const PlannedFault& fault, Patient& patient) {
  if (fault.amount <= 0) return false;
  sim::SimClock& clock = patient.machine->node->sim_clock();
  const Duration by = Duration::Millis(fault.other ? -fault.amount : fault.amount);
  clock.StepWall(by);
  const auto noticed = [&clock, before = clock.wall_readings()] {
    return clock.wall_readings() > before;
  };
  bool& ill = patient.ill[static_cast<size_t>(fault.kind)];
  if (fault.kind == FaultKind::kClockStep) {
    Last(fault.kind, kNotice, noticed, [] {});
    return true;
  }
  ill = true;
  Last(fault.kind, fault.lasts, noticed, [&clock, &ill, by] {
    clock.StepWall(by * -1);
    ill = false;
  });
  return true;
}

bool Injector::FireRate(const PlannedFault& fault, Patient& patient) {
  sim::SimClock& clock = patient.machine->node->sim_clock();
  const bool freeze = fault.kind == FaultKind::kClockFreeze;
  if (fault.amount <= 0 && !freeze) return false;
  const int64_t drift_ppm = clock.drift_ppm();
  if (freeze) clock.Freeze();
  if (fault.kind == FaultKind::kClockJump) clock.JumpForward(Duration::Millis(fault.amount));
  if (fault.kind == FaultKind::kClockDrift) {
    clock.SetDrift(drift_ppm + (fault.other ? -fault.amount : fault.amount));
  }
  const auto noticed = [&clock, now = clock.now_readings(), wall = clock.wall_readings()] {
    return clock.now_readings() > now || clock.wall_readings() > wall;
  };
  if (fault.kind == FaultKind::kClockJump) {
    Last(fault.kind, kNotice, noticed, [] {});
    return true;
  }
  bool& ill = patient.ill[static_cast<size_t>(fault.kind)];
  ill = true;
  Last(fault.kind, fault.lasts, noticed, [&clock, &ill, freeze, drift_ppm] {
    freeze ? clock.Thaw() : clock.SetDrift(drift_ppm);
    ill = false;
  });
  return true;
}

bool Injector::FireMemoryPressure(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  bool& ill = patient.ill[static_cast<size_t>(fault.kind)];
  if (ill || !targets_.limit_memory || fault.amount <= 0) return false;
  const auto machine = static_cast<size_t>(&patient - patients_.data());
  const auto effect = [this] { Effect(FaultKind::kMemoryPressure); };
  if (!targets_.limit_memory(machine, fault.amount, effect)) return false;
  ill = true;
  Last(
      fault.kind, fault.lasts, [] { return false; },
      [this, &ill, machine] {
        targets_.limit_memory(machine, std::nullopt, nullptr);
        ill = false;
      });
  return true;
}

}  // namespace norn::faults
