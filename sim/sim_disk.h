#pragma once
// A node's disk: files and names, each with what is durable and what only the running machine
// knows. It outlives the node's incarnations.
//
//   D1  After a crash a synced byte reads as synced, and a name is as the last SyncDir of its
//       directory made it, unless a later unsynced change survived.
//   D2  A rename survives whole or not at all.
//
// The fault hooks act on every call from then on; each counts its effects.

#include "engine/env/disk.h"
#include "sim/delay.h"
#include "sim/disk_file.h"
#include "sim/executor_set.h"
#include "sim/trace.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace norn::sim {

struct DiskOptions {
  Delay latency{Duration::Micros(2), Duration::Micros(100), 3};
  Delay sync_latency{Duration::Micros(50), Duration::Millis(5), 3};
};

// On which side of an operation the process dies: it had no effect yet, or had it and did not return.
enum class CrashSide : uint8_t { kBefore, kAfter };

struct DiskCounters {
  uint64_t operations = 0;
  uint64_t errors = 0;        // EIO returned
  uint64_t failed_syncs = 0;  // of those, by Sync and SyncDir
  uint64_t lies = 0;          // syncs that did nothing
  uint64_t full = 0;          // writes that found no room
  uint64_t short_reads = 0;
  uint64_t sectors_lost = 0;       // by crashes and failed syncs
  uint64_t names_lost = 0;         // directory changes lost by crashes
  uint64_t writes_torn = 0;        // by crashes: a part survived
  uint64_t writes_reordered = 0;   // by crashes: whole, after one that was lost
  uint64_t sectors_reordered = 0;  // likewise, of one file
  uint64_t slowed = 0;             // operations that took longer, by SlowDown
  uint64_t bits_flipped = 0;
  uint64_t crash_points = 0;  // reached
};

class SimDisk final : public env::Disk {
 public:
  static constexpr uint64_t kUnlimited = UINT64_MAX;

  SimDisk(Trace& trace, NodeIndex node, ExecutorSet& executors, const DiskOptions& options,
          uint64_t seed);

  absl::StatusOr<std::unique_ptr<env::File>> Open(std::string_view path,
                                                  env::OpenMode mode) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Remove(std::string_view path) override;
  absl::Status MakeDir(std::string_view path) override;
  absl::Status SyncDir(std::string_view path) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view path) override;
  // A simulated disk has one process at a time.
  absl::Status Lock(std::string_view) override { return absl::OkStatus(); }

  // ---- hooks ----
  // The node ended; see UnsyncedFate. Names share the fate of bytes.
  void Crash(UnsyncedFate fate);
  void Wipe();
  // The two machines exchange their disks; what hooks did to one stays with its machine. Requires: both are down.
  void Swap(SimDisk& other);
  // That many of the next calls fail with DataLoss; a failing Sync loses part of what it was to
  // write.
  void FailNext(uint64_t calls) { fail_next_ = calls; }
  void FailNextSyncs(uint64_t calls) { fail_next_syncs_ = calls; }
  void LieOnSync(bool on) { lie_on_sync_ = on; }
  void SetCapacity(uint64_t bytes) { capacity_bytes_ = bytes; }
  void SetOptions(const DiskOptions& options) { options_ = options; }
  // Every operation that begins takes that much longer. 0: as before.
  void SlowDown(Duration extra) { extra_latency_ = extra; }
  // The process dies at the operation that will be number `operation` by counters().operations.
  // `reached` is called once, in the step of that operation, and has the node crashed from outside
  // of it (World::After). Until Crash no operation returns or has an effect any more.
  void CrashAtOperation(uint64_t operation, CrashSide side, std::function<void()> reached);
  // That often a Read returns less than is there, against the contract of env::File. 0: never.
  void ShortReads(uint64_t one_in) { short_read_one_in_ = one_in; }
  // Decays one random bit of a random non-empty file; false when there is none.
  bool RotRandomBit();
  // Likewise, but among the last `tail_bytes` of the file.
  bool RotTail(uint64_t tail_bytes);
  // Requires bit < 8. False: no such file or offset.
  bool FlipBit(std::string_view path, uint64_t offset, int bit);
  const DiskCounters& counters() const { return counters_; }
  uint64_t UsedBytes() const;

  // What a process would read, and what a crash now would surely leave. For checkers; no latency.
  bool Exists(std::string_view path) const;
  std::string Contents(std::string_view path) const;

 private:
  friend class SimFile;

  enum class Op : uint8_t {
    kOpen,
    kRename,
    kRemove,
    kMakeDir,
    kSyncDir,
    kList,
    kRead,
    kWrite,
    kSync,
    kTruncate,
    kSize,
  };
  enum class NameOp : uint8_t { kLink, kUnlink, kRename, kMakeDir };
  struct NameChange {
    NameOp op;
    std::string path;
    std::string to;
    std::shared_ptr<DiskFile> file;
  };
  struct Names {
    std::map<std::string, std::shared_ptr<DiskFile>> files;
    std::set<std::string> dirs;
  };

  static std::string Normal(std::string_view path);
  static std::string Parent(const std::string& path);
  static void Apply(const NameChange& change, Names& names);

  // Takes the time of one call; the error that a fault gives it.
  absl::Status Begin(Op op, std::string_view path, uint64_t bytes, uint64_t hash);
  absl::Status IoError(Op op, std::string_view path);
  // After the effect of an operation that changes something.
  void Done();
  void Die();
  void Change(NameChange change);
  std::shared_ptr<DiskFile> FindFile(const std::string& path) const;
  std::shared_ptr<DiskFile> NewFile();

  Trace& trace_;
  const NodeIndex node_;
  ExecutorSet& executors_;
  DiskOptions options_;
  Prng latency_prng_;
  Prng crash_prng_;
  Prng sync_prng_;
  Prng short_prng_;
  Prng rot_prng_;

  Names live_;
  Names durable_;
  std::vector<NameChange> pending_names_;
  std::map<uint64_t, std::weak_ptr<DiskFile>> all_files_;  // by id, also the unlinked but open
  uint64_t next_file_id_ = 1;

  uint64_t fail_next_ = 0;
  uint64_t fail_next_syncs_ = 0;
  bool lie_on_sync_ = false;
  uint64_t capacity_bytes_ = kUnlimited;
  uint64_t short_read_one_in_ = 0;
  Duration extra_latency_{0};
  uint64_t crash_at_ = UINT64_MAX;
  CrashSide crash_side_ = CrashSide::kBefore;
  std::function<void()> crash_reached_;
  bool dying_ = false;      // the crash point was reached
  bool die_after_ = false;  // when the operation in progress has had its effect
  DiskCounters counters_;
};

}  // namespace norn::sim
