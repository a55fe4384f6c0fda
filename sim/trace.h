#pragma once
// What happened, folded into one number. Two runs are the same when their hashes are; the text form
// of two runs shows the first difference.
//
// Every record counts towards the hash. The last kRecent are kept for crash notes; all of them are
// written as text lines when a sink is set, which changes nothing else.

#include "sim/scheduler.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace norn::sim {

// A node of a world, in the order added.
struct NodeIndex {
  uint32_t value = UINT32_MAX;
  constexpr auto operator<=>(const NodeIndex&) const = default;
  static constexpr NodeIndex None() { return {}; }
};

// One row a kind in trace.cc says what `a` and `b` mean. Append only: the number is hashed.
enum class TraceKind : uint8_t {
  kBoot,
  kStop,
  kCrash,
  kPause,
  kResume,
  kExit,
  kFiberStep,
  kTaskStep,
  kTimer,
  kSpawn,
  kPost,
  kArrive,
  kEntropy,
  kLog,
  kClock,
  kListen,
  kConnect,
  kRefuse,
  kAccept,
  kWrite,
  kDeliver,
  kRead,
  kShutdown,
  kClose,
  kReset,
  kHold,
  kRelease,
  kLink,
  kVanish,
  kSwallow,
  kDiskOp,
  kDiskError,
  kDiskCrash,
  kNote,
  kCorrupt,
};

struct TraceRecord {
  int64_t at_ns = 0;
  uint64_t a = 0;
  uint64_t b = 0;
  NodeIndex node;
  uint16_t executor = 0;
  TraceKind kind = TraceKind::kNote;
};

class Trace {
 public:
  static constexpr size_t kRecent = 64;
  static constexpr uint16_t kNoExecutor = UINT16_MAX;

  explicit Trace(const Scheduler& scheduler) : scheduler_(scheduler) {}

  uint64_t hash() const { return hash_; }
  uint64_t count() const { return count_; }

  void Add(TraceKind kind, NodeIndex node, uint16_t executor, uint64_t a, uint64_t b) {
    TraceRecord& record = recent_[count_ % kRecent];
    record = TraceRecord{scheduler_.now().ns, a, b, node, executor, kind};
    ++count_;
    Fold(record);
    if (sink_) WriteLine(record, {});
  }
  void Add(TraceKind kind, NodeIndex node, uint64_t a, uint64_t b) {
    Add(kind, node, kNoExecutor, a, b);
  }

  // A record whose `a` is `a` and whose `b` is the hash of `text`; the sink's line carries the
  // text itself.
  void AddText(TraceKind kind, NodeIndex node, uint64_t a, std::string_view text);

  // One line a record, without its newline.
  using Sink = std::function<void(std::string_view line)>;
  void SetSink(Sink sink) { sink_ = std::move(sink); }

  static std::string Format(const TraceRecord& record);
  // The last records, oldest first.
  void PrintRecent(std::FILE* out) const;

 private:
  static uint64_t Mix(uint64_t a, uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }

  // Two multiplications a record, in the manner of wyhash (Wang Yi, public domain).
  void Fold(const TraceRecord& record) {
    const uint64_t who = static_cast<uint64_t>(record.kind) << 56 |
                         static_cast<uint64_t>(record.executor) << 32 | record.node.value;
    hash_ = Mix(hash_ ^ static_cast<uint64_t>(record.at_ns), who ^ 0xa0761d6478bd642fULL);
    hash_ = Mix(hash_ ^ record.a ^ 0xe7037ed1a0b428dbULL, record.b ^ 0x8ebc6af09c88c6e3ULL);
  }

  void WriteLine(const TraceRecord& record, std::string_view text);

  const Scheduler& scheduler_;
  uint64_t hash_ = 0x589965cc75374cc3ULL;
  uint64_t count_ = 0;
  std::array<TraceRecord, kRecent> recent_{};
  Sink sink_;
};

}  // namespace norn::sim
