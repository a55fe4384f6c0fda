#pragma once
// Takes a pipeline of one client through its shards, replies in order.
//
// A pipeline is cut into waves: runs of commands whose keys each live in one shard and which leave the session alone. In
// a wave, the commands for another shard go there in one post while those for the own shard run; replies are put back
// in order. Whatever is not such a command ends the wave and runs by itself.
//
//   W1  Replies leave in the order of the commands, one each.
//   W2  Commands of a wave that share a key share a shard, so they run in order. Valkey: commands of one pipeline on keys
//       of different shards may run at the same time; with one thread nothing does.
//   W3  Nothing outside the wave runs for this session until the wave is complete.
//   W4  Before a message of a channel leaves, all that stands before its PUBLISH in the pipeline has happened.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/shard/batch.h"
#include "engine/shard/command_ref.h"
#include "engine/shard/executor_state.h"
#include "engine/shard/name_cache.h"
#include "engine/shard/runner.h"
#include "engine/shard/token_set.h"

namespace norn {

// What the dispatcher asks of the connection while it runs.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // Called when much is written. Sends what it can; false: the client must be closed (over its limit or gone). May park.
  virtual bool Drain() = 0;
};

// A command as parsed.
struct RawCommand {
  const std::string_view* words;
  uint32_t word_count;
  size_t request_bytes;
};

// Belongs to a connection (or is lent to it from a pool); keeps its vectors between pipelines.
class Dispatcher {
 public:
  // `states` and `state` outlive it; `state` is the current executor's.
  Dispatcher(ExecutorState& state, ExecutorState* const* states);

  // Runs `commands` in order. Stops early when the session is to be closed or the sink says so. Parks.
  void Run(std::span<const RawCommand> commands, Session& session, ReplyWriter& reply,
           ReplySink& sink);

  // Commands so far that ended in an error, at whichever shard they ran; those who waited for keys and were served are not counted.
  uint64_t errors() const { return runner_.errors() + errors_elsewhere_; }

 private:
  struct Prepared {
    CommandRef ref;
    std::string refusal;  // with `refused`
    bool refused = false;
    bool redirected = false;  // `refusal` sends the client elsewhere
    bool single_shard = false;
  };

  // Resolves and checks one command against the session as it is now.
  void Prepare(const RawCommand& raw, const Session& session, Prepared* out);
  // The gates, into out->refusal.
  void Ask(const Session& session, Prepared* out);
  bool MayJoinWave(const Prepared& prepared, const Session& session) const;
  // Prepares commands from `begin` on into the wave; returns the index behind it. `next_` then holds the command that ended
  // it, prepared, unless all were taken.
  size_t CollectWave(std::span<const RawCommand> commands, size_t begin, Session& session);
  bool RunWave(Session& session, ReplyWriter& reply, ReplySink& sink);
  bool RunWaveHere(Session& session, ReplyWriter& reply, ReplySink& sink);
  void RunWaveAcross(Session& session, ReplyWriter& reply);
  void RunLocalPart(Session& session);
  void RunSingle(Prepared& prepared, Session& session, ReplyWriter& reply);
  void RefuseSingle(Prepared& prepared, Session& session, ReplyWriter& reply);
  // False, with the error written and the transaction broken, when the keys of an open slot are elsewhere, or memory is full.
  bool MayQueue(const CommandRef& command, Session& session, ReplyWriter& reply);
  void RunSingleNow(Prepared& prepared, Session& session, ReplyWriter& reply);
  void RunWithTokens(const CommandRef& command, Session& session, ReplyWriter& reply);
  // Parks until the wait that it asked for has ended, and replies. Requires the tokens, and gives them back.
  void AwaitKeys(const CommandRef& command, KeyWait wait, TokenSet& tokens, Session& session,
                 ReplyWriter& reply);
  // Waits while CLIENT PAUSE holds the command back.
  void AwaitPause(const CommandSpec& spec, Session& session);
  bool PauseActive() const;
  // Its slot is being handed over to another node.
  bool IsHeld(const CommandRef& command, const Session& session) const;
  bool AwaitsLease(const CommandRef& command) const;
  void AwaitSlot(Prepared& prepared, const Session& session);

  ExecutorState& state_;
  ExecutorState* const* states_;
  Runner runner_;
  NameCache names_;
  std::vector<CommandRef> wave_;
  ReplySink* sink_ = nullptr;  // of the pipeline that runs
  size_t reply_begin_ = 0;     // of the single command that runs
  Prepared next_;
  bool has_next_ = false;
  std::vector<ShardBatch> batches_;  // by shard; made on first use
  std::vector<CommandRef> local_;    // of a wave that goes across shards: what stays here
  ByteBuffer local_replies_;
  std::vector<size_t> local_ends_;
  uint64_t errors_elsewhere_ = 0;
};

}  // namespace norn
