#pragma once
// Commands of one connection for one other shard, sent there in one post and answered in one: what a pipeline costs when
// its keys live elsewhere.
//
// Belongs to a connection and is reused. From Send until done its memory is the other executor's: the connection's fiber
// waits, so the words and the session stay as they are. Round trip: post to the home, claim the token, run, post back.

#include <cstdint>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/env/executor.h"
#include "engine/shard/command_ref.h"
#include "engine/shard/runner.h"
#include "engine/shard/token.h"

namespace norn {

// What one batch of a wave reports to.
struct WaveProgress {
  env::FiberId fiber;
  size_t executor = 0;
  uint32_t outstanding = 0;  // batches still away
};

class ShardBatch : private env::Task, private TokenClaim {
 public:
  bool empty() const { return commands_.empty(); }
  size_t size() const { return commands_.size(); }
  void Add(const CommandRef& command) { commands_.push_back(command); }

  // Posts it to `target`, whose executor runs it with `target_runner()` of its own. progress.outstanding was raised by the
  // caller; it falls, and the fiber is woken, when the replies are here.
  void Send(env::Executor& executor, uint32_t shard, Session& session, WaveProgress& progress,
            ExecutorState* const* states);

  // After it came back: the replies, in the order in which their commands were added.
  std::string_view NextReply() {
    const size_t begin = taken_ == 0 ? 0 : reply_ends_[taken_ - 1];
    return replies_.view().substr(begin, reply_ends_[taken_++] - begin);
  }

  // How many of them are errors.
  uint64_t errors() const { return errors_; }

  // For the next wave; keeps modest memory.
  void Clear();

 private:
  static ShardBatch* Of(env::Task* task) { return static_cast<ShardBatch*>(task); }
  static void AtHome(env::Task* task);
  static void Granted(TokenClaim* claim);
  static void Back(env::Task* task);
  void RunAll();

  std::vector<CommandRef> commands_;
  ByteBuffer replies_;
  std::vector<size_t> reply_ends_;
  size_t taken_ = 0;
  uint64_t errors_ = 0;
  Session* session_ = nullptr;
  WaveProgress* progress_ = nullptr;
  env::Executor* executor_ = nullptr;
  ExecutorState* state_ = nullptr;  // of the shard's home
};

// Prefetches what the commands of one shard will read, in rounds, so that their cache misses overlap: entries, and the
// elements of big collections. Requires the token of that shard.
void PrefetchKeys(const CommandRef* commands, size_t count, ExecutorState& state, DbIndex db);

}  // namespace norn
