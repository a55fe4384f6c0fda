#include "engine/shard/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

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

// A change of role collects every token itself, and would wait for those of EXEC for ever.
bool ChangesRole(const CommandSpec& spec) {
  if (spec.parent != nullptr) return spec.parent->name == "cluster" && spec.Has(kAdmin);
  return spec.name == "replicaof" || spec.name == "slaveof" || spec.name == "failover";
}

// The part of a transaction that runs under its tokens and is repeated elsewhere as one.
class Group {
 public:
  Group(ExecutorState& state, Runner& runner, TokenSet& tokens, std::vector<uint32_t> shards)
      : state_(state), runner_(runner), tokens_(tokens), shards_(std::move(shards)) {}

  // Requires: the tokens are held.
  void Begin() {
    runner_.HoldShards(shards_);
    runner_.CollectEffects(&effects_);
    effects_.BeginGroup();
  }
  void End() {
    effects_.EndGroup();
    runner_.CollectEffects(nullptr);
    runner_.HoldShards({});
    if (!effects_.empty()) state_.effects.TakeFrom(effects_);
    runner_.ServeReady(shards_);
    runner_.Settle();
  }
  // Runs `change` between two parts, without tokens.
  // Valkey: nobody gets in between; here others may, once, where the transaction changes the role of its own server.
  template <typename Change>
  void Interrupt(Change change) {
    End();
    tokens_.Release();
    change();
    tokens_.Collect(shards_);
    runner_.RestartClock();
    Begin();
  }

 private:
  ExecutorState& state_;
  Runner& runner_;
  TokenSet& tokens_;
  std::vector<uint32_t> shards_;
  EffectLog effects_;
};

void RunQueue(std::vector<QueuedWords>& queue, Group& group, Session& session, ExecutorState& state,
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
    const auto run = [&] { runner.Run(command, session, reply); };
    if (ChangesRole(*command.spec)) {
      group.Interrupt(run);
    } else {
      run();
    }
  }
}

// All or nothing: a transaction that ran out of memory half way would not be one.
bool FitsMemory(const std::vector<QueuedWords>& queue, std::span<const uint32_t> shards,
                Runner& runner) {
  return std::all_of(queue.begin(), queue.end(), [&](const QueuedWords& queued) {
    return runner.FitsMemory(*queued.Ref().spec, shards);
  });
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
  if (hold && !FitsMemory(queue, shards, runner)) {
    return runner.Refuse(
        command.spec, fmt::format("EXECABORT Transaction discarded because of: {}", kOutOfMemory),
        reply);
  }
  if (hold) {
    Group group(state, runner, tokens, shards);
    group.Begin();
    session.executing = true;
    RunQueue(queue, group, session, state, runner, reply);
    session.executing = false;
    group.End();
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
                      .deletes_expired = !state.condition.replica && !state.options().import_mode};
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
