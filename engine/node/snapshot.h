#pragma once
// Snapshots without fork: a cut across all shards at one instant, written while the node goes on.
//
// The cut is made under every token: from then on each shard shows each of its entries as it was then exactly once, either to
// the fiber that walks its table or, when a command is about to change it, from inside that command. Each shard encodes its own
// entries into its own buffer; full buffers go to executor 0, which writes them out in the order of their arrival.
//
//     shard 0   walker + commands ──► buffer ──┐
//     shard 1   walker + commands ──► buffer ──┼──► executor 0 ──► RdbStream ──► sink (file, replica)
//     shard 2   walker + commands ──► buffer ──┘
//
//   S1  One snapshot at a time; others wait for their turn.
//   S2  A walker pauses while more than kUnwrittenBytesMax of its bytes wait for the sink, so a slow sink costs memory only for
//       what commands change meanwhile.
//   S3  While commands fill an executor, what a snapshot does there takes a tenth of its time on average, counting the entries that
//       the commands show themselves: the walker waits for that. While they do not, it takes what is free.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/fiber/wait_queue.h"
#include "engine/persist/byte_sink.h"
#include "engine/persist/rdb_encoder.h"
#include "engine/shard/executor_state.h"

namespace norn {

// Aux fields of a snapshot: name and value.
using SnapshotFields = std::vector<std::pair<std::string, std::string>>;

// Those that every snapshot has.
SnapshotFields SnapshotAux(env::Env& env, bool aof_base);

enum class SnapshotFormat : uint8_t {
  kRdb,
  kCommands,  // commands that make the data: a log's base where aof-use-rdb-preamble is off; no fields, no checksum
};

struct SnapshotRequest {
  persist::RdbEncodeOptions encode;
  bool checksum = true;
  SnapshotFormat format = SnapshotFormat::kRdb;
  // Called on executor 0 while every token is held: what is in the journal by then is in the snapshot, and nothing else (J3).
  // Returns aux fields to write. May park.
  std::function<SnapshotFields()> at_cut;
  // Whether it is wanted no more; asked now and then, and after AskCancelled. Nothing: it always is.
  std::function<bool()> cancelled = nullptr;
};

// Whoever changes data in steps that belong together, without holding all their tokens: a replica that applies a piece of its
// primary's stream on several shards and then moves its offset. No cut may fall between.
class CutGate {
 public:
  virtual ~CutGate() = default;
  // Parks until no such steps are under way; none begin until Open.
  virtual void Close() = 0;
  virtual void Open() = 0;
};

struct SnapshotProgress {
  bool running = false;
  uint64_t keys_done = 0;
  uint64_t keys_total = 0;
  uint64_t bytes_written = 0;
};

// Executor 0.
class SnapshotWriter {
 public:
  // `states`: of every executor of the node, which outlive this.
  explicit SnapshotWriter(ExecutorState* const* states);
  ~SnapshotWriter();

  // Writes one to `sink`. Parks until it is complete. Cancelled: the request is. Else the sink's error.
  absl::Status Write(const SnapshotRequest& request, persist::ByteSink& sink);

  void SetGate(CutGate* gate) { gate_ = gate; }

  // Asks those under way, and those that wait for them, whether they are cancelled.
  void AskCancelled();

  SnapshotProgress progress() const;

 private:
  struct Part;
  struct Run;

  absl::Status WriteParts(Run& run, const SnapshotRequest& request, persist::ByteSink& sink);
  void BeginWalkers();
  void StopWalkers();
  void Credit(uint32_t shard, uint64_t bytes);
  void BeginParts(const std::shared_ptr<Run>& run, const SnapshotRequest& request,
                  ByteBuffer* head);
  void Describe(Run& run, ByteBuffer* head);
  static void Walk(const std::shared_ptr<Run>& run, ExecutorState& state);
  static bool WalkSlice(Run& run, Part& part, ExecutorState& state);
  static void Rest(const std::shared_ptr<Run>& run, Part& part, ExecutorState& state,
                   Instant until);
  static Instant RestAfter(Part& part, const ExecutorState& state, Duration walked, uint64_t shown,
                           Instant now);
  static void Hand(const std::shared_ptr<Run>& run, uint32_t shard, ExecutorState& state,
                   bool last);

  ExecutorState* const* states_;
  const uint32_t shards_;
  WaitQueue turn_;
  CutGate* gate_ = nullptr;
  std::shared_ptr<Run> run_;
};

}  // namespace norn
