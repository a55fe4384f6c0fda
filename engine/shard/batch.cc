#include "engine/shard/batch.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "engine/commands/acl_category.h"
#include "engine/structs/prefetch.h"
#include "engine/types/element_ahead.h"

namespace norn {
namespace {

// A reply buffer that grew beyond this is given back after its wave.
constexpr size_t kKeptReplyBytes = 64 * 1024;

constexpr uint32_t kSortedSetBit = AclCategoryBit("sortedset");
constexpr uint32_t kElementBits = AclCategoryBit("set") | AclCategoryBit("hash") | kSortedSetBit;

// Whether there is one that ElementName may name.
bool NamesElement(const CommandRef& command) {
  return command.has_first_key_hash && (command.spec->acl_bits & kElementBits) != 0 &&
         command.spec->first_key == 1 && command.word_count > 2;
}

// The element that a command will look up, by the look of it: behind the key, or behind a score. A wrong guess costs a hash.
std::string_view ElementName(const CommandRef& command) {
  const uint32_t usual = (command.spec->acl_bits & kSortedSetBit) != 0 ? 3 : 2;
  return command.words[std::min(usual, command.word_count - 1)];
}

// Where a pipeline stays with a key: others go over many small values, whose entries are all there is to fetch.
bool SharesKey(const CommandRef& a, const CommandRef& b) {
  return a.first_key_hash == b.first_key_hash && NamesElement(a) && NamesElement(b);
}

// After the entries were prefetched.
void PrefetchElements(const CommandRef* commands, size_t count, const KeyspaceView& view,
                      DbIndex db) {
  // Finds whatever is there, and leaves no trace.
  const Moment moment{.touch = false, .count = false, .expires = false};
  absl::InlinedVector<ElementAhead, 32> elements;
  EntryRef entry;
  for (size_t i = 0; i < count; ++i) {
    const CommandRef& command = commands[i];
    const bool goes_on = i > 0 && SharesKey(commands[i - 1], command);
    if (!goes_on && (i + 1 == count || !SharesKey(command, commands[i + 1]))) continue;
    if (!goes_on) {
      const Key key{command.words[1], command.first_key_hash, command.first_key_slot};
      entry = view.DbFor(key, db).Find(key, moment);
    }
    if (entry) elements.emplace_back(*entry, ElementName(command)).PrefetchLine();
  }
  for (const ElementAhead& element : elements) element.PrefetchItem();
}

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
  errors_ = runner.errors();
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
  errors_ = 0;
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
  PrefetchElements(commands, count, view, db);
}

}  // namespace norn
