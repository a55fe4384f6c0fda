#include "engine/shard/dispatcher.h"

#include <fmt/format.h>

#include <utility>

#include "engine/commands/blocking.h"
#include "engine/commands/errors.h"
#include "engine/commands/table.h"
#include "engine/shard/blocking.h"
#include "engine/shard/gates.h"
#include "engine/shard/redirect.h"
#include "engine/shard/routing.h"
#include "engine/shard/transaction.h"

namespace norn {
namespace {

// Enough commands to hide the cache misses of their keys behind each other, few enough to keep the lines in L1.
constexpr size_t kWaveCommandsMax = 64;
constexpr size_t kDrainBytes = 256 * 1024;

// What a transaction takes at once instead of queueing.
bool RunsInsideMulti(const CommandSpec& spec) {
  if (spec.placement == Placement::kDispatcher) return spec.name != "unwatch";
  // By the full name: SLOWLOG RESET is queued like any other.
  return spec.full_name == "quit" || spec.full_name == "reset";
}

// Whether it can have a part in the replication stream, which WAIT then waits for.
bool Reaches(const CommandSpec& spec) { return (spec.flags & (kWrite | kMayReplicate)) != 0; }

// SUBSCRIBE and its kin: what they reply is pushed, as messages are, and so comes whatever CLIENT REPLY said.
bool RepliesByPush(const CommandSpec* spec) {
  return spec != nullptr && spec->Has(kPubSub) && spec->Has(kNoScript);
}

// XREAD and XREADGROUP wait only when they are told to.
bool MayWaitForKeys(const CommandRef& command) {
  if (command.spec->group != "stream") return true;
  for (const std::string_view word : command.Words().subspan(1)) {
    if (WordIs(word, "streams")) return false;
    if (WordIs(word, "block")) return true;
  }
  return false;
}

}  // namespace

Dispatcher::Dispatcher(ExecutorState& state, ExecutorState* const* states)
    : state_(state), states_(states), runner_(state) {}

void Dispatcher::Run(std::span<const RawCommand> commands, Session& session, ReplyWriter& reply,
                     ReplySink& sink) {
  sink_ = &sink;
  size_t at = 0;
  while (at < commands.size() && !session.close_after_reply) {
    at = CollectWave(commands, at, session);
    if (!wave_.empty() && !RunWave(session, reply, sink)) return;
    if (!has_next_) continue;
    has_next_ = false;
    RunSingle(next_, session, reply);
    ++at;
    if (reply.out().size() >= kDrainBytes && !sink.Drain()) return;
  }
}

void Dispatcher::Prepare(const RawCommand& raw, const Session& session, Prepared* out) {
  const std::span<const std::string_view> words(raw.words, raw.word_count);
  const CommandSpec* spec = names_.Find(words[0]);
  out->ref.words = raw.words;
  out->ref.word_count = raw.word_count;
  out->ref.request_bytes = raw.request_bytes;
  out->ref.has_first_key_hash = false;
  out->ref.slot = CommandRef::kNoSlot;
  out->single_shard = false;
  if (spec == nullptr) {
    const Resolved resolved = state_.names.Resolve(words);
    if (resolved.spec == nullptr || resolved.unknown_subcommand) {
      out->ref.spec = nullptr;
      out->refused = true;
      out->refusal = UnknownCommandText(words, resolved.unknown_subcommand);
      return;
    }
    spec = resolved.spec;
    if (spec->parent == nullptr && spec->subcommands.empty()) names_.Remember(words[0], spec);
  }
  out->ref.spec = spec;
  Ask(session, out);
  if (out->refused) return;
  out->single_shard = RouteToOneShard(out->ref, state_.view());
  if (spec->Has(kBlocking) && MayWaitForKeys(out->ref)) out->single_shard = false;
}

void Dispatcher::Ask(const Session& session, Prepared* out) {
  const CommandSpec& spec = *out->ref.spec;
  const bool usual = !state_.cluster_mode && state_.condition.usual();
  out->refused = !PassesGates(spec, out->ref.word_count, session) || !usual;
  out->redirected = false;
  if (!out->refused) return;
  // The gates said no at a glance; the text decides (a protected command may yet be allowed).
  out->refusal = RefusalText(spec, out->ref.Words(), session, state_);
  if (out->refusal.empty() && state_.cluster_mode) {
    out->refusal = RedirectBeforeTokens(out->ref, session, state_);
    out->redirected = !out->refusal.empty();
  }
  if (out->refusal.empty()) out->refusal = SubscriberText(spec, session);
  if (out->refusal.empty()) out->refusal = ConditionText(spec, session, state_.condition);
  out->refused = !out->refusal.empty();
}

bool Dispatcher::MayJoinWave(const Prepared& prepared, const Session& session) const {
  return prepared.single_shard && !IsHeld(prepared.ref, session) && !session.transaction.open &&
         !session.asking && session.reply_mode == ReplyMode::kOn &&
         (!PauseActive() || session.from_primary);
}

size_t Dispatcher::CollectWave(std::span<const RawCommand> commands, size_t begin,
                               Session& session) {
  wave_.clear();
  bool one_shard = true;  // so far
  size_t at = begin;
  for (; at < commands.size() && wave_.size() < kWaveCommandsMax; ++at) {
    Prepare(commands[at], session, &next_);
    if (!MayJoinWave(next_, session)) {
      has_next_ = true;
      return at;
    }
    one_shard = one_shard && (wave_.empty() || next_.ref.shard == wave_[0].shard);
    // Its message must not arrive before what stands before it has happened (W4); the next wave begins with it.
    if (next_.ref.spec->placement == Placement::kChannel && !one_shard) return at;
    wave_.push_back(next_.ref);
  }
  return at;
}

bool Dispatcher::RunWave(Session& session, ReplyWriter& reply, ReplySink& sink) {
  session.commands_processed += wave_.size();
  session.last_command = wave_.back().spec;
  bool here = true;
  for (const CommandRef& command : wave_) {
    here = here && command.shard == state_.index;
    session.wrote |= Reaches(*command.spec);
  }
  if (here && state_.home().token().free()) return RunWaveHere(session, reply, sink);
  RunWaveAcross(session, reply);
  return reply.out().size() < kDrainBytes || sink.Drain();
}

bool Dispatcher::RunWaveHere(Session& session, ReplyWriter& reply, ReplySink& sink) {
  if (wave_.size() > 1) PrefetchKeys(wave_.data(), wave_.size(), state_, session.db);
  runner_.RestartClock();
  for (size_t i = 0; i < wave_.size(); ++i) {
    runner_.Run(wave_[i], session, reply);
    if (reply.out().size() < kDrainBytes) continue;
    runner_.Settle();
    // Drain may park, and then the token may be away: the rest goes as a wave of its own.
    if (!sink.Drain()) return false;
    wave_.erase(wave_.begin(), wave_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    if (wave_.empty()) return true;
    if (!state_.home().token().free()) {
      RunWaveAcross(session, reply);
      return reply.out().size() < kDrainBytes || sink.Drain();
    }
    return RunWaveHere(session, reply, sink);
  }
  runner_.Settle();
  return true;
}

void Dispatcher::RunWaveAcross(Session& session, ReplyWriter& reply) {
  if (batches_.empty()) batches_ = std::vector<ShardBatch>(state_.shard_count);
  for (const CommandRef& command : wave_) {
    if (command.shard == state_.index) {
      local_.push_back(command);
    } else {
      batches_[command.shard].Add(command);
    }
  }
  env::Executor& executor = state_.env.executor();
  WaveProgress progress{executor.Self(), state_.index, 0};
  for (const ShardBatch& batch : batches_) progress.outstanding += batch.empty() ? 0 : 1;
  for (uint32_t shard = 0; shard < batches_.size(); ++shard) {
    if (batches_[shard].empty()) continue;
    batches_[shard].Send(executor, shard, session, progress, states_);
  }
  RunLocalPart(session);
  while (progress.outstanding > 0) executor.Park(Instant::Never());

  size_t local_taken = 0;
  for (const CommandRef& command : wave_) {
    if (command.shard == state_.index) {
      const size_t begin = local_taken == 0 ? 0 : local_ends_[local_taken - 1];
      reply.Raw(local_replies_.view().substr(begin, local_ends_[local_taken] - begin));
      ++local_taken;
    } else {
      reply.Raw(batches_[command.shard].NextReply());
    }
  }
  for (ShardBatch& batch : batches_) {
    errors_elsewhere_ += batch.errors();
    batch.Clear();
  }
  local_.clear();
  local_replies_.Release(kDrainBytes);
  local_ends_.clear();
}

void Dispatcher::RunLocalPart(Session& session) {
  if (local_.empty()) return;
  TokenSet tokens(state_.env.executor(), state_.shards);
  if (!state_.home().token().free()) tokens.Collect({state_.index});  // else I3 of token.h
  PrefetchKeys(local_.data(), local_.size(), state_, session.db);
  runner_.RestartClock();
  ReplyWriter reply(local_replies_, session.resp);
  for (const CommandRef& command : local_) {
    runner_.Run(command, session, reply);
    local_ends_.push_back(local_replies_.size());
  }
  runner_.Settle();
}

void Dispatcher::RunSingle(Prepared& prepared, Session& session, ReplyWriter& reply) {
  if (session.reply_mode == ReplyMode::kSkipNext) session.reply_mode = ReplyMode::kSkipThis;
  reply_begin_ = reply.out().size();
  ++session.commands_processed;
  RunSingleNow(prepared, session, reply);
  const bool dropped =
      session.reply_mode == ReplyMode::kOff || session.reply_mode == ReplyMode::kSkipThis;
  if (dropped && (prepared.refused || !RepliesByPush(prepared.ref.spec))) {
    reply.out().Truncate(reply_begin_);
  }
  if (session.reply_mode == ReplyMode::kSkipThis) session.reply_mode = ReplyMode::kOn;
  const bool asks = prepared.ref.spec != nullptr && prepared.ref.spec->name == "asking";
  if (session.asking && !session.transaction.open && !asks) session.asking = false;
}

void Dispatcher::RefuseSingle(Prepared& prepared, Session& session, ReplyWriter& reply) {
  const CommandSpec* spec = prepared.ref.spec;
  BreakTransaction(session);
  if (spec != nullptr && spec->name == "exec") {
    AbandonTransaction(session, state_);
    if (!prepared.redirected) {
      std::string_view reason = prepared.refusal;
      if (reason.starts_with("ERR ")) reason.remove_prefix(4);
      prepared.refusal = fmt::format("EXECABORT Transaction discarded because of: {}", reason);
    }
  }
  runner_.Refuse(spec, prepared.refusal, reply);
}

bool Dispatcher::MayQueue(const CommandRef& command, Session& session, ReplyWriter& reply) {
  const bool asks_slot = HasOpenSlot(command, state_);
  const bool asks_memory = state_.options().maxmemory != 0 && command.spec->Has(kDenyOom);
  if (!asks_slot && !asks_memory) return true;
  const std::vector<uint32_t> shards = ShardsOf(command, state_.view());
  TokenSet tokens(state_.env.executor(), state_.shards);
  tokens.Collect(shards);
  runner_.RestartClock();
  std::string refusal;
  if (asks_slot) {
    refusal = RedirectUnderTokens(command, session, state_, runner_.MomentOf(command, session),
                                  runner_.instant());
  }
  if (refusal.empty() && !runner_.FitsMemory(*command.spec, shards)) refusal = kOutOfMemory;
  runner_.Settle();
  if (refusal.empty()) return true;
  BreakTransaction(session);
  runner_.Refuse(command.spec, refusal, reply);
  return false;
}

void Dispatcher::RunSingleNow(Prepared& prepared, Session& session, ReplyWriter& reply) {
  const CommandRef& command = prepared.ref;
  runner_.RestartClock();
  if (prepared.refused) return RefuseSingle(prepared, session, reply);
  const CommandSpec& spec = *command.spec;
  session.last_command = &spec;
  session.wrote |= Reaches(spec) || spec.placement == Placement::kDispatcher;
  AwaitPause(spec, session);
  if (session.transaction.open && !RunsInsideMulti(spec)) {
    const bool goes_home =
        spec.place != nullptr && spec.PlacementOf(command.Words()) == Placement::kHome;
    if (goes_home) {  // it would wait for tokens that EXEC holds
      BreakTransaction(session);
      return runner_.Refuse(&spec, "ERR Command not allowed inside a transaction", reply);
    }
    if (MayQueue(command, session, reply)) QueueCommand(command, session, reply);
    return;
  }
  if (IsHeld(command, session)) {
    AwaitSlot(prepared, session);
    if (prepared.refused) return RefuseSingle(prepared, session, reply);
  }
  if (spec.placement == Placement::kDispatcher) {
    return RunTransactionCommand(command, session, state_, runner_, reply);
  }
  if (spec.PlacementOf(command.Words()) == Placement::kHome) {
    runner_.Run(command, session, reply);
    reply.set_resp(session.resp);
    return;
  }
  RunWithTokens(command, session, reply);
}

void Dispatcher::RunWithTokens(const CommandRef& command, Session& session, ReplyWriter& reply) {
  const std::vector<uint32_t> shards = ShardsOf(command, state_.view());
  TokenSet tokens(state_.env.executor(), state_.shards);
  tokens.Collect(shards);
  // A pause that began while the tokens were collected waits for those who hold them, not for us.
  while (PauseActive() && !session.from_primary &&
         HeldByPause(*command.spec, 0, state_.pause.mode)) {
    tokens.Release();
    AwaitPause(*command.spec, session);
    tokens.Collect(shards);
  }
  // Likewise its slot.
  if (IsHeld(command, session)) {
    tokens.Release();
    Prepared again{.ref = command, .refusal = {}};
    AwaitSlot(again, session);
    if (again.refused) return RefuseSingle(again, session, reply);
    return RunWithTokens(again.ref, session, reply);
  }
  if (shards.size() > 1) ++state_.stats.multi_shard_commands;
  KeyWait wait;
  const bool may_wait = command.spec->Has(kBlocking) && !session.from_primary;
  runner_.RestartClock();
  runner_.HoldShards(shards);
  runner_.Run(command, session, reply, may_wait ? &wait : nullptr);
  runner_.HoldShards({});
  runner_.Settle();
  if (wait.asked) AwaitKeys(command, std::move(wait), tokens, session, reply);
}

void Dispatcher::AwaitKeys(const CommandRef& command, KeyWait wait, TokenSet& tokens,
                           Session& session, ReplyWriter& reply) {
  BlockedCommand blocked(state_, command, session, std::move(wait),
                         ShardsOf(command, state_.view()));
  tokens.Release();
  // What stands before it in the pipeline is answered.
  if (!sink_->Drain()) blocked.Unblock(BlockedCall::End::kClosed);
  reply_begin_ = reply.out().size();
  blocked.Await();
  runner_.RestartClock();
  session.wrote |= Reaches(*command.spec);
  if (blocked.served()) return reply.Raw(blocked.reply());
  switch (blocked.end()) {
    case BlockedCall::End::kClosed:
      return;
    case BlockedCall::End::kError:
      return runner_.Fail(*command.spec, blocked.error(), reply);
    case BlockedCall::End::kRoleChange:
      session.close_after_reply = true;
      return runner_.Fail(*command.spec, kUnblockedByRole, reply);
    case BlockedCall::End::kTimeout:
      ++state_.stats.commands[command.spec->id].calls;
      ++state_.stats.commands_processed;
      return reply.NullArray();
  }
}

bool Dispatcher::IsHeld(const CommandRef& command, const Session& session) const {
  if (!command.has_slot() || session.from_primary) return false;
  if (AwaitsLease(command)) return true;
  return !state_.routes.held.empty() && state_.routes.held.Contains(SlotId{command.slot});
}

bool Dispatcher::AwaitsLease(const CommandRef& command) const {
  if (state_.fence.awaited_until == Instant::Past() || command.spec->Has(kReadonly)) return false;
  const cluster::SlotRoutes& routes = state_.routes;
  const bool mine = routes.is_primary && routes.OwnerOf(SlotId{command.slot}) == routes.self;
  return mine && state_.fence.Awaits(state_.env.clock().Now());
}

// Then it is asked anew where the command belongs.
void Dispatcher::AwaitSlot(Prepared& prepared, const Session& session) {
  while (!prepared.refused && IsHeld(prepared.ref, session)) {
    state_.held_fibers.Wait(AwaitsLease(prepared.ref) ? state_.fence.awaited_until
                                                      : Instant::Never());
    Ask(session, &prepared);
  }
  runner_.RestartClock();
}

bool Dispatcher::PauseActive() const {
  return state_.pause.mode != PauseMode::kNone && state_.env.clock().Now() < state_.pause.until;
}

void Dispatcher::AwaitPause(const CommandSpec& spec, Session& session) {
  if (session.from_primary) return;
  while (PauseActive()) {
    const uint32_t queued = spec.name == "exec" ? QueuedFlags(session) : 0;
    if (!HeldByPause(spec, queued, state_.pause.mode)) return;
    session.paused = true;
    state_.paused_fibers.Wait(state_.pause.until);
    session.paused = false;
    runner_.RestartClock();
  }
}

}  // namespace norn
