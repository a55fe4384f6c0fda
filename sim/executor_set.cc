#include "sim/executor_set.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "sim/seed.h"

namespace norn::sim {
namespace {

// Event::arg: incarnation 32 | what 4 | x 14 | y 14.
constexpr int kFieldBits = 14;
constexpr uint64_t kFieldMask = (uint64_t{1} << kFieldBits) - 1;

}  // namespace

void ExecutorSet::TaskQueue::Push(env::Task* task) {
  task->next = nullptr;
  if (head == nullptr) {
    head = task;
  } else {
    tail->next = task;
  }
  tail = task;
}

env::Task* ExecutorSet::TaskQueue::Pop() {
  env::Task* task = head;
  head = task->next;
  task->next = nullptr;
  return task;
}

ExecutorSet::ExecutorSet(Scheduler& scheduler, Trace& trace, SimClock& clock, NodeIndex node,
                         const ExecutorOptions& options, uint64_t seed, StopHandler& stop_handler)
    : scheduler_(scheduler),
      trace_(trace),
      clock_(clock),
      node_(node),
      options_(options),
      stop_handler_(stop_handler),
      step_prng_(PrngFor(seed, "step")),
      post_prng_(PrngFor(seed, "post")),
      choice_prng_(PrngFor(seed, "choice")) {
  CHECK(options.executors > 0);
  CHECK(options.executors <= kFieldMask);
  size_t cores = options.cores;
  if (cores == 0) cores = options.policy == SchedulePolicy::kPct ? 1 : options.executors;
  lanes_.resize(options.executors);
  cores_.resize(std::min(cores, options.executors));
  for (size_t i = 0; i < lanes_.size(); ++i) {
    cores_[i % cores_.size()].lanes.push_back(i);
  }
}

ExecutorSet::~ExecutorSet() {
  if (running_) Kill();
}

// ---- env::Executor ----

size_t ExecutorSet::Current() const {
  CHECK(current_ != kNone);
  return current_;
}

ExecutorSet::Lane& ExecutorSet::CurrentLane() {
  CHECK(current_ != kNone);
  return lanes_[current_];
}

void ExecutorSet::Post(size_t to, env::Task* task) {
  CHECK(to < lanes_.size());
  if (!running_ || killing_) {  // the harness after the end, or what ends is unwinding
    if (task->drop != nullptr) task->drop(task);
    return;
  }
  Lane& lane = lanes_[to];
  const size_t from = current_;
  Inbound& inbound = lane.inbound;
  if (from == kNone || (from == to && inbound.tasks.empty())) {
    lane.inbox.Push(task);
    ++lane.tasks_in;
    BecameRunnable(to);
    return;
  }
  const Duration latency = from == to ? Duration{0} : options_.post_latency.Draw(post_prng_);
  // O1: never before what was posted earlier, whoever posted it.
  inbound.last_arrival = std::max(inbound.last_arrival, scheduler_.now() + latency);
  inbound.tasks.Push(task);
  trace_.Add(TraceKind::kPost, node_, static_cast<uint16_t>(from), to,
             static_cast<uint64_t>(latency.ns));
  scheduler_.At(inbound.last_arrival, this, Pack(What::kArrive, to, 0));
}

void ExecutorSet::Spawn(void (*body)(void*), void (*drop)(void*), void* argument) {
  CurrentLane().fibers->Spawn(body, drop, argument);
  trace_.Add(TraceKind::kSpawn, node_, static_cast<uint16_t>(current_), 0, 0);
}

env::FiberId ExecutorSet::Self() const {
  CHECK(current_ != kNone);
  return lanes_[current_].fibers->Self();
}

env::ParkResult ExecutorSet::Park(Instant deadline) { return CurrentLane().fibers->Park(deadline); }

void ExecutorSet::Wake(env::FiberId fiber) { CurrentLane().fibers->Wake(fiber); }

void ExecutorSet::Yield() {
  Lane& lane = CurrentLane();
  const uint64_t tasks = lane.tasks_in;
  do {
    lane.fibers->Yield();
  } while (lane.tasks_out < tasks);
}

// ---- an incarnation ----

void ExecutorSet::Boot(void (*body)(void*), void (*drop)(void*), void* argument) {
  CHECK(!running_);
  running_ = true;
  paused_ = false;
  stop_requested_ = false;
  ++incarnation_;
  for (Lane& lane : lanes_) lane.fibers = std::make_unique<FiberSet>(options_.stack_bytes);
  for (Core& core : cores_) {
    core.free_at = scheduler_.now();
    core.scheduled = false;
  }
  if (options_.policy == SchedulePolicy::kPct) DrawPriorities();
  trace_.Add(TraceKind::kBoot, node_, incarnation_, lanes_.size());
  lanes_[0].fibers->Spawn(body, drop, argument);
  BecameRunnable(0);
}

void ExecutorSet::Kill() {
  CHECK(running_);
  CHECK(current_ == kNone);
  trace_.Add(TraceKind::kStop, node_, incarnation_, FiberCount());
  killing_ = true;
  ++incarnation_;  // X4
  DropTasks();     // first: a task may lie on the stack of a fiber that waits for it
  for (size_t i = 0; i < lanes_.size(); ++i) {
    current_ = i;
    lanes_[i].fibers->KillAll();
  }
  current_ = kNone;
  for (Lane& lane : lanes_) {
    lane.fibers.reset();
    lane.alarms_at_ns.clear();
    lane.waiting = false;
  }
  sleeps_.clear();
  killing_ = false;
  running_ = false;
}

// What dropping posts is dropped at once: killing_ is set.
void ExecutorSet::DropTasks() {
  const auto drop_all = [](TaskQueue& queue) {
    while (!queue.empty()) {
      env::Task* task = queue.Pop();
      if (task->drop != nullptr) task->drop(task);
    }
  };
  for (size_t i = 0; i < lanes_.size(); ++i) {
    current_ = i;
    drop_all(lanes_[i].inbox);
    drop_all(lanes_[i].inbound.tasks);
    lanes_[i].inbound.last_arrival = Instant::Past();
    lanes_[i].tasks_out = lanes_[i].tasks_in;  // or a Yield of the next life waits for them
  }
}

void ExecutorSet::Pause() {
  CHECK(running_);
  paused_ = true;
  trace_.Add(TraceKind::kPause, node_, incarnation_, 0);
}

void ExecutorSet::Resume() {
  CHECK(running_);
  paused_ = false;
  trace_.Add(TraceKind::kResume, node_, incarnation_, 0);
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].Runnable()) BecameRunnable(i);
  }
}

void ExecutorSet::RequestStop() {
  if (!running_ || killing_) return;
  if (in_step()) {
    stop_requested_ = true;
  } else {
    stop_handler_.StopNow();
  }
}

size_t ExecutorSet::FiberCount() const {
  size_t count = 0;
  for (const Lane& lane : lanes_) count += lane.fibers == nullptr ? 0 : lane.fibers->Count();
  return count;
}

// ---- events ----

uint64_t ExecutorSet::Pack(What what, size_t x, size_t y) const {
  return static_cast<uint64_t>(incarnation_) << 32 |
         static_cast<uint64_t>(what) << (2 * kFieldBits) | x << kFieldBits | y;
}

void ExecutorSet::Fire(uint64_t arg) {
  if (arg >> 32 != incarnation_ || !running_) return;  // X4
  const size_t x = (arg >> kFieldBits) & kFieldMask;
  const size_t y = arg & kFieldMask;
  switch (static_cast<What>((arg >> (2 * kFieldBits)) & 0xf)) {
    case What::kStep:
      return Step(x);
    case What::kArrive:
      return Arrive(x);
    case What::kAlarm:
      return Alarm(x);
    case What::kWakeup:
      return Wakeup(x << kFieldBits | y);
  }
}

void ExecutorSet::Arrive(size_t to) {
  Lane& lane = lanes_[to];
  CHECK(!lane.inbound.tasks.empty());
  lane.inbox.Push(lane.inbound.tasks.Pop());
  ++lane.tasks_in;
  trace_.Add(TraceKind::kArrive, node_, static_cast<uint16_t>(to), 0, 0);
  BecameRunnable(to);
}

void ExecutorSet::Alarm(size_t index) {
  Lane& lane = lanes_[index];
  CHECK(!lane.alarms_at_ns.empty());
  CHECK(lane.alarms_at_ns.back() == scheduler_.now().ns);
  lane.alarms_at_ns.pop_back();
  const Instant local = clock_.Now();
  if (lane.fibers->NextDeadline() <= local) {
    trace_.Add(TraceKind::kTimer, node_, static_cast<uint16_t>(index),
               static_cast<uint64_t>(local.ns), 0);
    lane.fibers->FireDeadlines(local);
    BecameRunnable(index);
  }
  ArmAlarm(index);
}

// Only ever adds an alarm that is earlier than all that are pending: alarms_at_ns stays sorted and
// short, and a deadline that was moved back costs one alarm that finds nothing due.
void ExecutorSet::ArmAlarm(size_t index) {
  Lane& lane = lanes_[index];
  const Instant deadline = lane.fibers->NextDeadline();
  if (deadline == Instant::Never()) return;
  const Instant at = clock_.WorldTimeOf(deadline);
  if (at == Instant::Never()) return;
  if (!lane.alarms_at_ns.empty() && lane.alarms_at_ns.back() <= at.ns) return;
  lane.alarms_at_ns.push_back(at.ns);
  scheduler_.At(at, this, Pack(What::kAlarm, index, 0));
}

void ExecutorSet::RearmAll() {
  if (!running_) return;
  for (size_t i = 0; i < lanes_.size(); ++i) ArmAlarm(i);
}

// ---- steps ----

void ExecutorSet::BecameRunnable(size_t index) {
  Lane& lane = lanes_[index];
  if (!lane.waiting) {
    lane.waiting = true;
    lane.waiting_since = scheduler_.now();
  }
  ScheduleStep(index % cores_.size());
}

void ExecutorSet::ScheduleStep(size_t index) {
  Core& core = cores_[index];
  if (core.scheduled || paused_) return;  // X1
  core.scheduled = true;
  scheduler_.AtShuffled(std::max(core.free_at, scheduler_.now()), this,
                        Pack(What::kStep, index, 0));
}

void ExecutorSet::Step(size_t index) {
  Core& core = cores_[index];
  if (paused_) {
    core.scheduled = false;
    return;
  }
  const size_t chosen = Choose(core);
  lanes_[chosen].waiting = false;
  // Still marked as scheduled: what the step makes runnable is looked at below.
  core.free_at = scheduler_.now() + RunOne(chosen);
  core.scheduled = false;
  if (stop_requested_) {
    stop_requested_ = false;
    stop_handler_.StopNow();
    return;
  }
  ArmAlarm(chosen);
  for (const size_t lane : core.lanes) {
    if (lanes_[lane].Runnable()) BecameRunnable(lane);  // X2
  }
}

Duration ExecutorSet::RunOne(size_t index) {
  Lane& lane = lanes_[index];
  const Duration cost = options_.step_cost.Draw(step_prng_);
  bool run_task = !lane.inbox.empty();
  if (run_task && lane.fibers->HasReady()) run_task = (choice_prng_.Next() & 1) != 0;
  current_ = index;
  if (run_task) {
    trace_.Add(TraceKind::kTaskStep, node_, static_cast<uint16_t>(index),
               static_cast<uint64_t>(cost.ns), lane.tasks_in - lane.tasks_out);
    env::Task* task = lane.inbox.Pop();
    ++lane.tasks_out;
    task->run(task);
  } else {
    trace_.Add(TraceKind::kFiberStep, node_, static_cast<uint16_t>(index),
               static_cast<uint64_t>(cost.ns), lane.fibers->ReadyCount());
    lane.fibers->RunOne();
  }
  current_ = kNone;
  return cost;
}

size_t ExecutorSet::Choose(const Core& core) {
  if (core.lanes.size() == 1) return core.lanes[0];
  if (options_.policy == SchedulePolicy::kPct) return ChoosePct(core);
  size_t runnable = 0;
  for (const size_t lane : core.lanes) runnable += lanes_[lane].Runnable() ? 1 : 0;
  CHECK(runnable > 0);  // X2
  size_t skip = static_cast<size_t>(choice_prng_.Below(runnable));
  for (const size_t lane : core.lanes) {
    if (!lanes_[lane].Runnable()) continue;
    if (skip == 0) return lane;
    --skip;
  }
  CHECK(false);
  return 0;
}

size_t ExecutorSet::ChoosePct(const Core& core) {
  if (++pct_step_ > options_.pct_horizon_steps) DrawPriorities();
  const Instant starved_since = scheduler_.now() - options_.starvation_max;
  auto highest = [&]() -> size_t {
    size_t best = kNone;
    for (const size_t lane : core.lanes) {
      if (!lanes_[lane].Runnable()) continue;
      if (lanes_[lane].waiting_since <= starved_since) return lane;
      if (best == kNone || lanes_[lane].priority > lanes_[best].priority) best = lane;
    }
    CHECK(best != kNone);  // X2
    return best;
  };
  size_t chosen = highest();
  while (!pct_change_at_.empty() && pct_change_at_.back() <= pct_step_) {
    pct_change_at_.pop_back();
    lanes_[chosen].priority = --pct_lowest_;
    chosen = highest();
  }
  return chosen;
}

void ExecutorSet::DrawPriorities() {
  pct_step_ = 0;
  pct_lowest_ = 0;
  // A random permutation of 1..n.
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const size_t other = static_cast<size_t>(choice_prng_.Below(i + 1));
    lanes_[i].priority = lanes_[other].priority;
    lanes_[other].priority = static_cast<int64_t>(i) + 1;
  }
  pct_change_at_.clear();
  for (int i = 0; i < options_.pct_change_points; ++i) {
    pct_change_at_.push_back(choice_prng_.Below(options_.pct_horizon_steps) + 1);
  }
  std::sort(pct_change_at_.rbegin(), pct_change_at_.rend());
}

// ---- from outside ----

void ExecutorSet::WakeOn(size_t lane, env::FiberId fiber) {
  if (!running_) return;
  lanes_[lane].fibers->Wake(fiber);
  if (!killing_ && lanes_[lane].fibers->HasReady()) BecameRunnable(lane);
}

// Takes a slot for the time of one sleep, also when the fiber is killed in it.
struct ExecutorSet::SleepSlot {
  explicit SleepSlot(ExecutorSet& set) : set(set) {
    std::vector<WorldSleep>& sleeps = set.sleeps_;
    while (index < sleeps.size() && sleeps[index].used) ++index;
    if (index == sleeps.size()) sleeps.emplace_back();
    sleeps[index] = WorldSleep{set.Current(), set.Self(), false, true};
  }
  ~SleepSlot() {
    if (index < set.sleeps_.size()) set.sleeps_[index].used = false;
  }
  ExecutorSet& set;
  size_t index = 0;
};

void ExecutorSet::SleepWorld(Duration span) {
  SleepSlot slot(*this);
  scheduler_.At(scheduler_.now() + span, this,
                Pack(What::kWakeup, slot.index >> kFieldBits, slot.index & kFieldMask));
  while (!sleeps_[slot.index].done) Park(Instant::Never());
}

void ExecutorSet::Wakeup(size_t slot) {
  WorldSleep& sleep = sleeps_[slot];
  CHECK(sleep.used);
  sleep.done = true;
  WakeOn(sleep.lane, sleep.fiber);
}

}  // namespace norn::sim
