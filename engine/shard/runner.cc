#include "engine/shard/runner.h"

#include <bit>

#include "engine/keyspace/eviction.h"
#include "engine/shard/blocking.h"
#include "engine/shard/gates.h"
#include "engine/shard/redirect.h"

namespace norn {
namespace {

size_t LatencyBucket(int64_t nanos) {
  const size_t bucket =
      nanos <= 1 ? 0 : static_cast<size_t>(std::bit_width(static_cast<uint64_t>(nanos))) - 1;
  return bucket < kLatencyBuckets ? bucket : kLatencyBuckets - 1;
}

EvictionPolicy PolicyOf(config::MaxmemoryPolicy policy) {
  switch (policy) {
    case config::MaxmemoryPolicy::kVolatileLru:
      return EvictionPolicy::kVolatileLru;
    case config::MaxmemoryPolicy::kVolatileLfu:
      return EvictionPolicy::kVolatileLfu;
    case config::MaxmemoryPolicy::kVolatileRandom:
      return EvictionPolicy::kVolatileRandom;
    case config::MaxmemoryPolicy::kVolatileTtl:
      return EvictionPolicy::kVolatileTtl;
    case config::MaxmemoryPolicy::kAllKeysLru:
      return EvictionPolicy::kAllkeysLru;
    case config::MaxmemoryPolicy::kAllKeysLfu:
      return EvictionPolicy::kAllkeysLfu;
    case config::MaxmemoryPolicy::kAllKeysRandom:
      return EvictionPolicy::kAllkeysRandom;
    case config::MaxmemoryPolicy::kNoEviction:
      break;
  }
  return EvictionPolicy::kNoEviction;
}

}  // namespace

void Runner::Run(const CommandRef& command, Session& session, ReplyWriter& reply, KeyWait* wait) {
  if (__builtin_expect(command.has_slot(), 0)) {
    const std::string redirect =
        RedirectUnderTokens(command, session, state_, MomentOf(command, session), instant());
    if (!redirect.empty()) return Refuse(command.spec, redirect, reply);
  }
  if (__builtin_expect(!state_.condition.usual(), 0) && command.spec->Has(kWrite)) {
    const std::string refusal = ConditionText(*command.spec, session, state_.condition);
    if (!refusal.empty()) return Refuse(command.spec, refusal, reply);
  }
  // EXEC has asked for all that it runs.
  if (!session.executing && !HasMemory(command, reply)) return;
  const WallTime wall = time_.wall();
  const bool listened = state_.effect_sink != nullptr &&
                        command.spec->placement != Placement::kHome &&
                        (!command.spec->Has(kAdmin) || command.spec->Has(kWrite));  // PFDEBUG
  const bool told = state_.options().notify_keyspace_events != 0;
  const DbIndex db = session.db;
  Effect effect = listened ? Effect(&state_.effect_scratch, db) : Effect();
  const uint64_t changes_before = listened ? Changes(command) : 0;
  CommandContext context{
      .words = command.Words(),
      .spec = command.spec,
      .reply = reply,
      .session = session,
      .keys = state_.view(),
      .moment = MomentOf(command, session),
      .now = wall,
      .instant = time_.instant(),
      .options = state_.options(),
      .node = state_.node,
      .effect = effect,
      .events = told ? &state_.key_events : nullptr,
      .wait = wait,
      .first_key_hash = command.first_key_hash,
      .first_key_slot = command.first_key_slot,
      .has_first_key_hash = command.has_first_key_hash,
  };
  const size_t reply_before = reply.out().size();
  reply.ResetErrors();
  command.spec->handler(context);
  if (listened) Record(command, db, effect, changes_before);
  if (__builtin_expect(told, 0)) TellEvents(HeldBy(command));
  const Duration took = time_.Lap();
  if (__builtin_expect(wait != nullptr, 0) && wait->asked) return;  // counted when it ends
  Account(command, session, took, reply.out().size() - reply_before, reply);
  if (!session.executing) ServeReady(HeldBy(command));
}

void Runner::ServeReady(std::span<const uint32_t> shards) {
  bool ready = false;
  for (const uint32_t shard : shards) ready |= state_.keyspaces[shard]->waits().has_ready();
  if (__builtin_expect(!ready, 1)) return;
  ServeWaiters(state_, shards);
  RestartClock();
}

Moment Runner::MomentOf(const CommandRef& command, const Session& session) const {
  const bool importing = state_.options().import_mode;
  return {
      .now_ms = time_.wall().unix_ms(),
      .touch = !session.no_touch,
      .count = true,
      .expires = !session.from_primary && !(importing && session.import_source),
      .deletes_expired = (!state_.condition.replica && !importing) || command.spec->Has(kWrite)};
}

uint64_t Runner::Changes(const CommandRef& command) const {
  if (held_.empty()) return state_.keyspaces[command.shard]->stats().changes;
  uint64_t changes = 0;
  for (const uint32_t shard : held_) changes += state_.keyspaces[shard]->stats().changes;
  return changes;
}

void Runner::RecordDeletions(std::span<const uint32_t> shards) {
  for (const uint32_t shard : shards) {
    EffectLog& deletions = state_.keyspaces[shard]->deletions();
    if (!deletions.empty()) effects_->TakeFrom(deletions);
  }
  if (__builtin_expect(state_.options().notify_keyspace_events != 0, 0)) TellEvents(shards);
}

// What the keyspaces tell (new, expired) comes before what the handler told of its keys.
void Runner::TellEvents(std::span<const uint32_t> shards) {
  const uint32_t wanted = state_.options().notify_keyspace_events;
  PubSub& pubsub = state_.node.pubsub();
  for (const uint32_t shard : shards) {
    KeyEvents& events = state_.keyspaces[shard]->events();
    if (!events.empty()) pubsub.TellEvents(shard, events.Take(), wanted);
  }
  if (!state_.key_events.empty() && !shards.empty()) {
    pubsub.TellEvents(shards[0], state_.key_events.Take(), wanted);
  }
}

std::span<const uint32_t> Runner::HeldBy(const CommandRef& command) const {
  if (!held_.empty() || command.spec->placement == Placement::kHome) return held_;
  return {&command.shard, 1};
}

// What the command found expired or evicted comes first: it was gone before the command did anything.
void Runner::Record(const CommandRef& command, DbIndex db, const Effect& effect,
                    uint64_t changes_before) {
  RecordDeletions(HeldBy(command));
  EffectLog& effects = *effects_;
  if (!state_.effect_scratch.empty()) {
    const bool own_group = !effects.group_open();
    if (own_group) effects.BeginGroup();
    effects.TakeFrom(state_.effect_scratch);
    if (own_group) effects.EndGroup();
    return;
  }
  if (effect.on_replicas()) return effects.AddForReplicas(db, command.Words());
  if (!effect.own_words() || !command.spec->Has(kWrite)) return;
  if (effect.always() || Changes(command) != changes_before) effects.Add(db, command.Words());
}

void Runner::Refuse(const CommandSpec* spec, std::string_view text, ReplyWriter& reply) {
  reply.ResetErrors();
  reply.Error(text);
  if (spec != nullptr) ++state_.stats.commands[spec->id].rejected;
  CountErrors(reply);
}

void Runner::Fail(const CommandSpec& spec, std::string_view text, ReplyWriter& reply) {
  reply.ResetErrors();
  reply.Error(text);
  CommandStats& stats = state_.stats.commands[spec.id];
  ++stats.calls;
  ++stats.failed;
  ++state_.stats.commands_processed;
  CountErrors(reply);
}

bool Runner::HasMemory(const CommandRef& command, ReplyWriter& reply) {
  if (state_.options().maxmemory == 0) return true;
  if (FitsMemory(*command.spec, HeldBy(command))) return true;
  Refuse(command.spec, kOutOfMemory, reply);
  return false;
}

bool Runner::FitsMemory(const CommandSpec& spec, std::span<const uint32_t> shards) {
  const config::Options& options = state_.options();
  if (options.maxmemory == 0 || spec.placement == Placement::kHome) return true;
  // A replica has what its primary has, however much that is.
  if (state_.condition.replica && options.replica_ignore_maxmemory) return true;
  bool fits = true;
  for (const uint32_t shard : shards) fits = MakeRoom(shard) && fits;
  return fits || !spec.Has(kDenyOom);
}

bool Runner::MakeRoom(uint32_t shard) {
  const config::Options& options = state_.options();
  Keyspace& keyspace = *state_.keyspaces[shard];
  // Valkey: one limit for the whole dataset. Shards share nothing, so each keeps to its part of it.
  const uint64_t budget = options.maxmemory / state_.shard_count;
  // An empty shard whose part rounds down to nothing is full, too.
  while (keyspace.UsedBytes() >= budget) {
    const Eviction eviction = EvictOne(keyspace, PolicyOf(options.maxmemory_policy),
                                       static_cast<size_t>(options.maxmemory_samples),
                                       state_.eviction_random, time_.wall().unix_ms());
    if (!eviction.evicted) return false;
    RecordDeletions(std::span<const uint32_t>(&shard, 1));
  }
  return true;
}

void Runner::Account(const CommandRef& command, const Session& session, Duration took,
                     size_t reply_bytes, const ReplyWriter& reply) {
  const config::Options& options = state_.options();
  if (__builtin_expect(state_.slot_counters != nullptr, 0)) {
    CountSlot(command, took, reply_bytes);
  }
  CommandStats& stats = state_.stats.commands[command.spec->id];
  ++stats.calls;
  stats.nanos += static_cast<uint64_t>(took.ns);
  ++stats.latency[LatencyBucket(took.ns)];
  ++state_.stats.commands_processed;
  if (reply.errors() > 0) {
    ++stats.failed;
    CountErrors(reply);
  }
  const int64_t spike_ms = options.latency_monitor_threshold;
  const bool spike = spike_ms > 0 && took.millis() >= spike_ms && !command.spec->Has(kBlocking);
  if (__builtin_expect(spike, 0)) {
    state_.node.NoteLatency(command.spec->Has(kFast) ? "fast-command" : "command", took);
  }
  // -1 switches a log off: as an unsigned number it is out of reach.
  const auto slow_us = static_cast<uint64_t>(options.commandlog_execution_slower_than);
  const auto request_max = static_cast<uint64_t>(options.commandlog_request_larger_than);
  const auto reply_max = static_cast<uint64_t>(options.commandlog_reply_larger_than);
  const auto took_us = static_cast<uint64_t>(took.micros());
  const bool logged =
      took_us >= slow_us || command.request_bytes >= request_max || reply_bytes >= reply_max;
  if (__builtin_expect(!logged, 1) || command.spec->Has(kSkipCommandLog)) return;
  if (took_us >= slow_us) Log(CommandLogKind::kSlow, command, session, took.micros());
  if (command.request_bytes >= request_max) {
    Log(CommandLogKind::kLargeRequest, command, session,
        static_cast<int64_t>(command.request_bytes));
  }
  if (reply_bytes >= reply_max) {
    Log(CommandLogKind::kLargeReply, command, session, static_cast<int64_t>(reply_bytes));
  }
}

void Runner::CountSlot(const CommandRef& command, Duration took, size_t reply_bytes) {
  if (!command.has_slot() && !command.has_first_key_hash) return;
  const size_t slot = command.has_slot() ? command.slot : command.first_key_slot.value;
  SlotCost& cost = state_.slot_counters->slots[slot];
  cost.cpu_nanos += static_cast<uint64_t>(took.ns);
  cost.input_bytes += command.request_bytes;
  cost.output_bytes += reply_bytes;
}

void Runner::CountErrors(const ReplyWriter& reply) {
  ++errors_;
  ++state_.stats.total_errors;
  auto& errors = state_.stats.errors;
  const auto at = errors.find(std::string(reply.last_error()));
  if (at != errors.end()) {
    ++at->second;
  } else if (errors.size() < kErrorCodesMax) {
    errors.emplace(reply.last_error(), 1);
  }
}

void Runner::Log(CommandLogKind kind, const CommandRef& command, const Session& session,
                 int64_t value) {
  state_.node.LogCommand(kind, *command.spec, command.Words(), session, time_.wall(), value);
}

}  // namespace norn
