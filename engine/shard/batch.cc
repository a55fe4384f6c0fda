#include "engine/shard/batch.h"

#include "engine/structs/prefetch.h"

namespace norn {
namespace {

// A reply buffer that grew beyond this is given back after its wave.
constexpr size_t kKeptReplyBytes = 64 * 1024;

}  // namespace

void ShardBatch::Send(env::Executor& executor, uint32_t shard, Session& session,
                      WaveProgress& progress, ExecutorState* const* states) {
  executor_ = &executor;
  session_ = &session;
  progress_ = &progress;
  state_ = states[shard];
  env::Task::run = AtHome;
  TokenClaim::granted = Granted;
  executor.Post(shard, this);
}

void ShardBatch::AtHome(env::Task* task) {
  ShardBatch* batch = Of(task);
  batch->state_->home().token().Claim(batch);
}

void ShardBatch::Granted(TokenClaim* claim) {
  ShardBatch* batch = static_cast<ShardBatch*>(claim);
  Token& token = batch->state_->home().token();
  batch->RunAll();
  batch->env::Task::run = Back;
  batch->executor_->Post(batch->progress_->executor, batch);
  token.Release();
}

void ShardBatch::RunAll() {
  ++state_->stats.remote_batches;
  state_->stats.remote_commands += commands_.size();
  // The words lie in the caches of the executor that sent them.
  for (const CommandRef& command : commands_) Prefetch(command.words);
  PrefetchKeys(commands_.data(), commands_.size(), *state_, session_->db);
  for (const CommandRef& command : commands_) {
    if (command.word_count > 1) Prefetch(command.words[1].data());
  }
  Runner runner(*state_);
  runner.RestartClock();
  ReplyWriter reply(replies_, session_->resp);
  for (const CommandRef& command : commands_) {
    runner.Run(command, *session_, reply);
    reply_ends_.push_back(replies_.size());
  }
  runner.Settle();
}

void ShardBatch::Back(env::Task* task) {
  ShardBatch* batch = Of(task);
  WaveProgress* progress = batch->progress_;
  if (--progress->outstanding == 0) batch->executor_->Wake(progress->fiber);
}

void ShardBatch::Clear() {
  commands_.clear();
  reply_ends_.clear();
  taken_ = 0;
  replies_.Release(kKeptReplyBytes);
}

void PrefetchKeys(const CommandRef* commands, size_t count, ExecutorState& state, DbIndex db) {
  const KeyspaceView view = state.view();
  for (size_t i = 0; view.map().slots && i < count; ++i) {
    if (!commands[i].has_first_key_hash) continue;
    const Key key = commands[i].FirstKey();
    view.DbFor(key, db).PrefetchTable(key);
  }
  for (size_t i = 0; i < count; ++i) {
    if (!commands[i].has_first_key_hash) continue;
    const Key key = commands[i].FirstKey();
    view.DbFor(key, db).PrefetchBucket(key);
  }
  for (size_t i = 0; i < count; ++i) {
    if (!commands[i].has_first_key_hash) continue;
    const Key key = commands[i].FirstKey();
    view.DbFor(key, db).PrefetchEntry(key);
  }
}

}  // namespace norn
