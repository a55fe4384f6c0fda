#pragma once
// The executors of one simulated node: cooperative tasks that share nothing but posts.
//
// Each executor belongs to a core. A core that is free and has a runnable executor takes a step: one
// fiber until it parks, or one posted task. The step happens at one instant; its cost, drawn from
// the seed, is how long the core is busy afterwards. With one core an executor the costs alone make
// the interleavings; with fewer cores the seed also picks who goes first: at random, or by PCT
// (Burckhardt et al. 2010): random priorities that are obeyed strictly but for a few change points,
// which finds orderings that fair scheduling hardly ever shows.
//
//   X1  A core has at most one step scheduled or running.
//   X2  A running node's core with a runnable executor has a step scheduled, or is in one.
//   X3  An executor whose fibers have a deadline has an alarm at or before it.
//   X4  Events of an earlier incarnation are ignored.

#include "engine/env/executor.h"
#include "engine/fiber/fiber_set.h"
#include "sim/delay.h"
#include "sim/scheduler.h"
#include "sim/sim_clock.h"
#include "sim/trace.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace norn::sim {

enum class SchedulePolicy : uint8_t { kRandom, kPct };

struct ExecutorOptions {
  size_t executors = 1;
  size_t cores = 0;  // 0: one an executor, or one in all under kPct
  size_t stack_bytes = 256 * 1024;
  SchedulePolicy policy = SchedulePolicy::kRandom;
  Delay step_cost{Duration::Nanos(200), Duration::Micros(20), 3};
  Delay post_latency{Duration::Nanos(100), Duration::Micros(10), 3};
  // kPct: in every horizon of that many steps new priorities, and that many points at which the
  // executor about to run falls behind all others.
  uint64_t pct_horizon_steps = 20000;
  int pct_change_points = 3;
  // kPct: who waited that long runs next, so that a busy executor cannot stop the others for ever.
  Duration starvation_max = Duration::Millis(50);
};

// Who is told that a step of the node asked for its end.
class StopHandler {
 public:
  virtual void StopNow() = 0;

 protected:
  ~StopHandler() = default;
};

class ExecutorSet final : public env::Executor, private EventTarget {
 public:
  ExecutorSet(Scheduler& scheduler, Trace& trace, SimClock& clock, NodeIndex node,
              const ExecutorOptions& options, uint64_t seed, StopHandler& stop_handler);
  ~ExecutorSet();

  // ---- env::Executor; what needs "the current executor" is called during a step ----
  size_t Count() const override { return lanes_.size(); }
  size_t Current() const override;
  void Post(size_t to, env::Task* task) override;
  void Spawn(void (*body)(void*), void (*drop)(void*), void* argument) override;
  env::FiberId Self() const override;
  env::ParkResult Park(Instant deadline) override;
  void Wake(env::FiberId fiber) override;
  void Yield() override;

  // ---- for the node and what stands behind its Env ----
  // Starts an incarnation with one fiber on executor 0. Requires: not running.
  void Boot(void (*body)(void*), void (*drop)(void*), void* argument);
  // Ends it: unwinds all fibers, drops all tasks. Requires: not within a step.
  void Kill();
  // Steps stop; posts, wakes and alarms are kept for Resume.
  void Pause();
  void Resume();
  // Ends the incarnation when the step in progress is over; at once outside of a step.
  void RequestStop();

  bool running() const { return running_; }
  bool paused() const { return paused_; }
  bool in_step() const { return current_ != kNone; }
  uint32_t incarnation() const { return incarnation_; }
  size_t FiberCount() const;
  SimClock& clock() { return clock_; }

  // Wakes a fiber of executor `lane`, from anywhere.
  void WakeOn(size_t lane, env::FiberId fiber);
  // Parks the calling fiber for a span of world time, whatever the node's clock does.
  void SleepWorld(Duration span);
  // The node's clock changed course: alarms are set anew.
  void RearmAll();

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  enum class What : uint8_t { kStep, kArrive, kAlarm, kWakeup };

  // First in, first out, through Task::next.
  struct TaskQueue {
    env::Task* head = nullptr;
    env::Task* tail = nullptr;
    bool empty() const { return head == nullptr; }
    void Push(env::Task* task);
    env::Task* Pop();
  };
  // What was posted here and has not arrived.
  struct Inbound {
    TaskQueue tasks;
    Instant last_arrival = Instant::Past();
  };
  struct Lane {
    std::unique_ptr<FiberSet> fibers;
    TaskQueue inbox;
    Inbound inbound;
    std::vector<int64_t> alarms_at_ns;  // pending alarm events, each earlier than the one before
    uint64_t tasks_in = 0;
    uint64_t tasks_out = 0;
    bool waiting = false;  // runnable since waiting_since
    Instant waiting_since;
    int64_t priority = 0;  // kPct: the highest goes first
    bool Runnable() const { return !inbox.empty() || fibers->HasReady(); }
  };
  struct Core {
    std::vector<size_t> lanes;
    Instant free_at{0};
    bool scheduled = false;
  };
  struct WorldSleep {
    size_t lane;
    env::FiberId fiber;
    bool done;
    bool used;
  };
  struct SleepSlot;

  void Fire(uint64_t arg) override;
  uint64_t Pack(What what, size_t x, size_t y) const;
  void Arrive(size_t to);
  void Alarm(size_t lane);
  void Wakeup(size_t slot);

  void Step(size_t core);
  Duration RunOne(size_t lane);
  size_t Choose(const Core& core);
  size_t ChoosePct(const Core& core);
  void DrawPriorities();
  void BecameRunnable(size_t lane);
  void ScheduleStep(size_t core);
  void ArmAlarm(size_t lane);
  void DropTasks();
  Lane& CurrentLane();

  Scheduler& scheduler_;
  Trace& trace_;
  SimClock& clock_;
  const NodeIndex node_;
  const ExecutorOptions options_;
  StopHandler& stop_handler_;
  Prng step_prng_;
  Prng post_prng_;
  Prng choice_prng_;

  std::vector<Lane> lanes_;
  std::vector<Core> cores_;
  std::vector<WorldSleep> sleeps_;
  size_t current_ = kNone;
  uint32_t incarnation_ = 0;
  bool running_ = false;
  bool paused_ = false;
  bool killing_ = false;
  bool stop_requested_ = false;
  uint64_t pct_step_ = 0;
  std::vector<uint64_t> pct_change_at_;  // within the horizon, last first
  int64_t pct_lowest_ = 0;
};

}  // namespace norn::sim
