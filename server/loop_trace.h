#pragma once
// The last things that an executor's loop did, for the report of a crash. A ring that costs a few
// stores an entry; read only by the crash handler of the same thread.

#include <array>
#include <cstddef>
#include <cstdint>

namespace norn::server {

enum class LoopStep : uint8_t {
  kNone,
  kWoke,       // a: events that epoll gave
  kFd,         // a: file descriptor, b: epoll's event bits
  kTask,       // a: address of the task's function
  kFibers,     // a: fibers that had a turn
  kDeadlines,  // a: fibers whose deadline came
};

struct LoopTraceEntry {
  int64_t at_ns = 0;  // the loop's clock when it last looked
  uint64_t a = 0;
  uint32_t b = 0;
  LoopStep step = LoopStep::kNone;
};

class LoopTrace {
 public:
  static constexpr size_t kEntries = 64;

  void Add(int64_t at_ns, LoopStep step, uint64_t a, uint32_t b = 0) {
    entries_[next_++ % kEntries] = LoopTraceEntry{at_ns, a, b, step};
  }

  // The entry `age` places before the newest (0: the newest). Requires: age < kEntries.
  const LoopTraceEntry& Recent(size_t age) const { return entries_[(next_ - 1 - age) % kEntries]; }

 private:
  std::array<LoopTraceEntry, kEntries> entries_;
  size_t next_ = 0;
};

}  // namespace norn::server
