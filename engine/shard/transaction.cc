#include "engine/shard/transaction.h"

#include <algorithm>
#include <iterator>

#include "engine/base/check.h"
#include "engine/shard/redirect.h"
#include "engine/shard/token_set.h"

namespace norn {
namespace {

Key KeyOf(const WatchedKey& watched) { return Key{watched.key, watched.hash, watched.slot}; }

uint32_t ShardOf(const WatchedKey& watched, const ExecutorState& state) {
  return state.key_map.ShardOf(KeyOf(watched));
}

void AddShards(std::vector<uint32_t>* to, const std::vector<uint32_t>& more) {
  std::vector<uint32_t> merged;
  std::set_union(to->begin(), to->end(), more.begin(), more.end(), std::back_inserter(merged));
  *to = std::move(merged);
}

std::vector<uint32_t> ShardsOfWatches(const Session& session, const ExecutorState& state) {
  std::vector<uint32_t> shards;
  for (const WatchedKey& watched : session.watched) shards.push_back(ShardOf(watched, state));
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  return shards;
}

Db& DbOf(const WatchedKey& watched, ExecutorState& state) {
  return state.keyspaces[ShardOf(watched, state)]->db(watched.db);
}

// Requires the tokens of all watched keys.
void Unwatch(Session& session, ExecutorState& state) {
  for (const WatchedKey& watched : session.watched) DbOf(watched, state).Unwatch(KeyOf(watched));
  session.watched.clear();
}

bool WatchesHold(const Session& session, ExecutorState& state, const Moment& moment) {
  for (const WatchedKey& watched : session.watched) {
    if (DbOf(watched, state).ChangedSince(KeyOf(watched), watched.version, moment)) return false;
  }
  return true;
}

void CloseTransaction(Session& session) { session.transaction = Transaction(); }

// The queued words as the views that handlers take.
class QueuedWords {
 public:
  explicit QueuedWords(const QueuedCommand& queued) : spec_(queued.spec) {
    views_.reserve(queued.words.size());
    for (const std::string& word : queued.words) views_.push_back(word);
    bytes_ = queued.bytes;
  }
  CommandRef Ref() const {
    return CommandRef{.spec = spec_,
                      .words = views_.data(),
                      .word_count = static_cast<uint32_t>(views_.size()),
                      .request_bytes = bytes_};
  }

 private:
  const CommandSpec* spec_;
  size_t bytes_;
  std::vector<std::string_view> views_;
};

void RunQueue(std::vector<QueuedWords>& queue, Session& session, ExecutorState& state,
              Runner& runner, ReplyWriter& reply) {
  reply.Array(queue.size());
  for (QueuedWords& queued : queue) {
    CommandRef command = queued.Ref();
    if (command.spec->placement ==
        Placement::kDispatcher) {  // a queued UNWATCH: nothing is watched by now
      reply.Ok();
      continue;
    }
    RouteToOneShard(command, state.view());
    reply.set_resp(session.resp);
    runner.Run(command, session, reply);
  }
}

void Exec(const CommandRef& command, Session& session, ExecutorState& state, Runner& runner,
          ReplyWriter& reply) {
  Transaction& transaction = session.transaction;
  if (!transaction.open) return runner.Fail(*command.spec, "ERR EXEC without MULTI", reply);
  std::vector<uint32_t> shards = ShardsOfWatches(session, state);
  std::vector<QueuedWords> queue;
  for (const QueuedCommand& queued : transaction.queue) {
    queue.emplace_back(queued);
    AddShards(&shards, ShardsOf(queue.back().Ref(), state.view()));
  }
  TokenSet tokens(state.env.executor(), state.shards);
  tokens.Collect(shards);
  if (shards.size() > 1) ++state.stats.multi_shard_commands;
  runner.RestartClock();
  const std::string redirect = RedirectUnderTokens(
      command, session, state, runner.MomentOf(command, session), runner.instant());
  const bool hold = WatchesHold(session, state, Moment{.now_ms = runner.wall().unix_ms()});
  const bool broken = transaction.broken;
  const std::vector<QueuedCommand> words_owner = std::move(transaction.queue);
  Unwatch(session, state);
  CloseTransaction(session);
  if (!redirect.empty()) return runner.Refuse(command.spec, redirect, reply);
  if (broken) {
    return runner.Fail(*command.spec, "EXECABORT Transaction discarded because of previous errors.",
                       reply);
  }
  if (hold) {
    runner.HoldShards(shards);
    EffectLog effects;
    runner.CollectEffects(&effects);
    effects.BeginGroup();
    session.executing = true;
    RunQueue(queue, session, state, runner, reply);
    session.executing = false;
    effects.EndGroup();
    runner.CollectEffects(nullptr);
    runner.HoldShards({});
    if (!effects.empty()) state.effects.TakeFrom(effects);
    runner.ServeReady(shards);
    runner.Settle();
  } else {
    reply.NullArray();
  }
  ++state.stats.commands[command.spec->id].calls;
  ++state.stats.commands_processed;
}

// False: the error is written.
bool Watch(const CommandRef& command, Session& session, ExecutorState& state, Runner& runner,
           ReplyWriter& reply) {
  const std::vector<uint32_t> shards = ShardsOf(command, state.view());
  TokenSet tokens(state.env.executor(), state.shards);
  tokens.Collect(shards);
  runner.RestartClock();
  const Moment moment{.now_ms = runner.wall().unix_ms(),
                      .deletes_expired = !state.condition.replica};
  const std::string redirect =
      RedirectUnderTokens(command, session, state, moment, runner.instant());
  if (!redirect.empty()) {
    runner.Refuse(command.spec, redirect, reply);
    return false;
  }
  for (const std::string_view word : command.Words().subspan(1)) {
    const Key key = state.view().MakeKey(word);
    const bool known =
        std::any_of(session.watched.begin(), session.watched.end(),
                    [&](const WatchedKey& w) { return w.db == session.db && w.key == word; });
    if (known) continue;
    const uint64_t version = state.view().DbFor(key, session.db).Watch(key, moment);
    session.watched.push_back({session.db, std::string(word), key.hash, key.slot, version});
  }
  runner.RecordDeletions(shards);
  runner.Settle();
  return true;
}

}  // namespace

void QueueCommand(const CommandRef& command, Session& session, ReplyWriter& reply) {
  Transaction& transaction = session.transaction;
  if (!transaction.broken) {
    QueuedCommand queued;
    queued.spec = command.spec;
    queued.bytes = command.request_bytes;
    for (const std::string_view word : command.Words()) queued.words.emplace_back(word);
    transaction.queued_bytes += queued.bytes;
    transaction.queue.push_back(std::move(queued));
  }
  reply.Simple("QUEUED");
}

void BreakTransaction(Session& session) {
  Transaction& transaction = session.transaction;
  if (!transaction.open) return;
  transaction.broken = true;
  transaction.queue.clear();
  transaction.queued_bytes = 0;
}

void AbandonTransaction(Session& session, ExecutorState& state) {
  if (!session.watched.empty()) {
    TokenSet tokens(state.env.executor(), state.shards);
    tokens.Collect(ShardsOfWatches(session, state));
    Unwatch(session, state);
  }
  CloseTransaction(session);
}

void RunTransactionCommand(const CommandRef& command, Session& session, ExecutorState& state,
                           Runner& runner, ReplyWriter& reply) {
  const std::string_view name = command.spec->name;
  if (name == "exec") return Exec(command, session, state, runner, reply);
  if (name == "discard" && !session.transaction.open) {
    return runner.Fail(*command.spec, "ERR DISCARD without MULTI", reply);
  }
  if (name == "multi") {
    session.transaction.open = true;
  } else if (name == "discard") {
    AbandonTransaction(session, state);
  } else if (name == "watch") {
    if (!Watch(command, session, state, runner, reply)) return;
  } else {
    CHECK(name == "unwatch");
    const Transaction kept = std::move(session.transaction);
    AbandonTransaction(session, state);
    session.transaction = kept;
  }
  ++state.stats.commands[command.spec->id].calls;
  ++state.stats.commands_processed;
  reply.Ok();
}

}  // namespace norn
