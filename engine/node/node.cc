#include "engine/node/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/check.h"
#include "engine/base/status.h"
#include "engine/config/rewrite.h"
#include "engine/fiber/spawn.h"
#include "engine/keyspace/deletion_word.h"
#include "engine/shard/gather.h"
#include "engine/shard/routing.h"
#include "engine/shard/subscriptions.h"
#include "engine/shard/token_set.h"
#include "engine/shard/transaction.h"

namespace norn {
namespace {

std::string RandomHex40(env::Entropy& entropy) {
  std::string text;
  while (text.size() < 40) {
    const uint64_t bits = entropy.Next();
    text += fmt::format("{:016x}", bits);
  }
  text.resize(40);
  return text;
}

void AddKeyspace(const KeyspaceStats& from, KeyspaceStats* to) {
  to->hits += from.hits;
  to->misses += from.misses;
  to->expired_keys += from.expired_keys;
  to->expired_fields += from.expired_fields;
  to->evicted_keys += from.evicted_keys;
  to->changes += from.changes;
  to->expired_stale_percent = std::max(to->expired_stale_percent, from.expired_stale_percent);
}

}  // namespace

Node::Node(env::Env& env, config::Config config, HostFacts host)
    : env_(env),
      host_(std::move(host)),
      start_instant_(env.clock().Now()),
      start_wall_(env.clock().Wall()),
      run_id_(RandomHex40(env.entropy())),
      journal_(env.executor()),
      config_turn_(env.executor()) {
  const auto count = static_cast<uint32_t>(env.executor().Count());
  const KeyMap key_map{.hash_seed = env.entropy().Next(),
                       .shard_count = count,
                       .slots = config.options.cluster_enabled};
  for (uint32_t i = 0; i < count; ++i) {
    auto keyspace = std::make_unique<Keyspace>(
        KeyspaceOptions{.hash_seed = key_map.hash_seed,
                        .prng_seed = env.entropy().Next(),
                        .databases = static_cast<uint32_t>(config.options.databases),
                        .slots = key_map.slots,
                        .shard_index = i,
                        .shard_count = count});
    keyspace_pointers_.push_back(keyspace.get());
    shards_.push_back(std::make_unique<Shard>(ShardId{i}, std::move(keyspace)));
    shard_pointers_.push_back(shards_.back().get());
  }
  pubsub_ = std::make_unique<PubSub>(env.executor(), key_map);
  for (uint32_t i = 0; i < count; ++i) {
    executors_.push_back(std::make_unique<PerExecutor>(
        env, *this, i, config, shard_pointers_.data(), keyspace_pointers_.data(), key_map));
    states_.push_back(&executors_.back()->state);
    ApplyToEngine(*executors_.back());
    executors_.back()->state.condition.loading = true;  // until Start has looked what there is
  }
  snapshots_ = std::make_unique<SnapshotWriter>(states_.data());
  persistence_ = std::make_unique<Persistence>(
      states_.data(), *snapshots_, journal_,
      Persistence::Hooks{
          .set_journaling = [this](bool on) { SetJournaling(Listener::kLog, on); },
          .on_condition = [this] { PublishCondition(); },
          .history_aux = [this] { return node_replication_->HistoryFields(); },
          .on_loaded = [this](const persist::RdbInfo& info) { node_replication_->OnLoaded(info); },
          .on_log_synced = [this] { node_replication_->OnLogSynced(); },
          .on_latency = [this](std::string_view event,
                               Duration took) { NoteLatency(event, took); }});
  node_replication_ = std::make_unique<NodeReplication>(
      states_.data(), *snapshots_, journal_, *persistence_,
      NodeReplication::Hooks{
          .set_journaling = [this](bool on) { SetJournaling(Listener::kStream, on); },
          .publish_condition = [this](bool settle) { SettleCondition(settle); }});
}

Node::~Node() = default;

absl::Status Node::Start() {
  startup_memory_bytes_ = env_.Stats().allocated_bytes;
  if (absl::Status loaded = persistence_->Load(); !loaded.ok()) return loaded;
  OnEveryExecutor(env_.executor(), executor_count(),
                  [this](uint32_t) { SpawnFiber(env_.executor(), [this] { RunCron(); }); });
  return absl::OkStatus();
}

// ---- clients ----

std::optional<ClientId> Node::AdmitClient() {
  std::optional<ClientId> id;
  const auto admit = [&] {
    const auto limit = static_cast<uint64_t>(executors_[0]->state.options().maxclients);
    if (admitted_clients_ >= limit) return;
    ++admitted_clients_;
    id = ClientId{next_client_id_++};
  };
  if (env_.executor().Current() == 0) {
    admit();
  } else {
    OnExecutor(env_.executor(), 0, admit);
  }
  return id;
}

void Node::ReleaseClient() {
  PostCall(env_.executor(), 0, [this] { --admitted_clients_; });
}

ClientInfo Node::DescribeClient(ClientHandle& client) {
  client.RefreshSizes();
  const Session& session = client.session();
  const Instant now = env_.clock().Now();
  ClientInfo info;
  info.queued_commands = session.transaction.queue.size();
  info.queued_bytes = session.transaction.queued_bytes;
  info.watched_keys = session.watched.size();
  info.age_s = (now - session.created).ns / 1000000000;
  info.idle_s = (now - session.last_interaction).ns / 1000000000;
  if (session.subscriptions != nullptr) {
    info.channels = session.subscriptions->channels.size();
    info.patterns = session.subscriptions->patterns.size();
    info.shard_channels = session.subscriptions->shard_channels.size();
  }
  info.session = session;
  info.session.handle = nullptr;
  info.session.subscriptions.reset();
  info.session.transaction.queue.clear();
  info.session.watched.clear();
  return info;
}

std::vector<ClientInfo> Node::Clients() {
  std::vector<std::vector<ClientInfo>> parts(executor_count());
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    for (const auto& [id, client] : executors_[i]->clients)
      parts[i].push_back(DescribeClient(*client));
  });
  std::vector<ClientInfo> all;
  for (auto& part : parts) {
    for (ClientInfo& info : part) all.push_back(std::move(info));
  }
  std::sort(all.begin(), all.end(),
            [](const ClientInfo& a, const ClientInfo& b) { return a.session.id < b.session.id; });
  return all;
}

size_t Node::KillClients(const std::function<bool(const ClientInfo&)>& wanted, ClientId self) {
  std::vector<size_t> killed(executor_count(), 0);
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    for (const auto& [id, client] : executors_[i]->clients) {
      if (!wanted(DescribeClient(*client))) continue;
      client->Kill(/*after_reply=*/client->session().id == self);
      ++killed[i];
    }
  });
  size_t total = 0;
  for (const size_t count : killed) total += count;
  return total;
}

bool Node::Unblock(ClientId id, bool with_error) {
  std::vector<char> unblocked(executor_count(), 0);
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    ClientHandle* client = executors_[i]->clients.Find(id);
    if (client == nullptr || client->session().blocked_call == nullptr) return;
    client->session().blocked_call->Unblock(with_error ? BlockedCall::End::kError
                                                       : BlockedCall::End::kTimeout);
    unblocked[i] = 1;
  });
  return std::count(unblocked.begin(), unblocked.end(), 1) > 0;
}

void Node::DiscardTransaction(Session& session) { AbandonTransaction(session, Here().state); }

void Node::EndSubscriptions(Session& session) { AbandonSubscriptions(session, Here().state); }

void Node::CountDeniedAuth() { ++Here().denied_auths; }

void Node::SetPause(Pause pause) {
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    executors_[i]->state.pause = pause;
    executors_[i]->state.paused_fibers.WakeAll();
  });
}

Pause Node::GetPause() { return Here().state.pause; }

uint64_t Node::ClientMemoryBytes(PerExecutor& here) {
  uint64_t bytes = 0;
  for (const auto& [id, client] : here.clients) {
    client->RefreshSizes();
    bytes += client->session().memory_bytes;
  }
  return bytes;
}

// ---- configuration ----

const config::Config& Node::config() { return Here().state.config; }

absl::Status Node::SetConfig(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string_view> words;
  for (const auto& [name, value] : pairs) {
    words.push_back(name);
    words.push_back(value);
  }
  if (env_.executor().Current() == 0) return SetConfigAtZero(words);
  // Changes happen one after another, on a fiber of executor 0.
  absl::Status status;
  bool done = false;
  const env::FiberId asker = env_.executor().Self();
  const size_t home = env_.executor().Current();
  PostCall(env_.executor(), 0, [this, &words, &status, &done, asker, home] {
    SpawnFiber(env_.executor(), [this, &words, &status, &done, asker, home] {
      status = SetConfigAtZero(words);
      PostCall(env_.executor(), home, [this, &done, asker] {
        done = true;
        env_.executor().Wake(asker);
      });
    });
  });
  while (!done) env_.executor().Park(Instant::Never());
  return status;
}

absl::Status Node::SetConfigAtZero(const std::vector<std::string_view>& pairs) {
  while (config_changing_) config_turn_.Wait(Instant::Never());
  config_changing_ = true;
  const config::Config before = executors_[0]->state.config;
  auto change = config::Set(before, pairs, config::SetContext{});
  absl::Status status = change.status();
  if (status.ok() && hooks_.apply_effect) {
    for (const config::PendingEffect& pending : change->effects) {
      const absl::Status applied = hooks_.apply_effect(pending.effect, change->after);
      if (applied.ok()) continue;
      status = absl::InvalidArgumentError(config::SetFailed(pending.option, MessageOf(applied)));
      hooks_.apply_effect(pending.effect, before).IgnoreError();
      break;
    }
  }
  if (status.ok()) AdoptConfig(change->after);
  config_changing_ = false;
  config_turn_.WakeOne();
  return status;
}

void Node::AdoptConfig(const config::Config& config) {
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    executors_[i]->state.config = config;
    ApplyToEngine(*executors_[i]);
  });
  persistence_->OnConfig();
  PublishCondition();
}

void Node::ApplyToEngine(PerExecutor& here) {
  here.state.AdoptLogLevel();
  const config::Options& options = here.state.options();
  Keyspace& keyspace = here.state.home().keyspace();
  if (options.maxmemory_policy != here.adopted_policy) keyspace.eviction_pool().Clear();
  here.adopted_policy = options.maxmemory_policy;
  keyspace.set_access_policy(AccessPolicyOf(options));
  keyspace.set_deletion_words({.expired = DeletionWord(options.lazyfree_lazy_expire),
                               .evicted = DeletionWord(options.lazyfree_lazy_eviction)});
  keyspace.events().set_wanted(options.notify_keyspace_events);
  here.state.key_events.set_wanted(options.notify_keyspace_events);
  const bool counts = options.cluster_enabled && options.cluster_slot_stats_enabled;
  if (counts != (here.state.slot_counters != nullptr)) {
    here.state.slot_counters = counts ? std::make_unique<SlotCounters>() : nullptr;
  }
}

absl::Status Node::RewriteConfig() {
  const config::Config config = Here().state.config;
  if (config.file.empty())
    return absl::FailedPreconditionError("The server is running without a config file");
  env::Disk& disk = env_.disk();
  std::string old_text;
  if (auto file = disk.Open(config.file, env::OpenMode::kRead); file.ok()) {
    auto size = (*file)->Size();
    if (!size.ok()) return size.status();
    old_text.resize(*size);
    auto read = (*file)->Read(0, old_text);
    if (!read.ok()) return read.status();
    old_text.resize(*read);
  } else if (!absl::IsNotFound(file.status())) {
    return file.status();
  }
  const std::string new_text = config::Rewrite(old_text, config);
  const std::string temporary = config.file + ".rewrite-" + run_id_.substr(0, 8);
  auto file = disk.Open(temporary, env::OpenMode::kCreateOrTrim);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Write(0, new_text);
  if (status.ok()) status = (*file)->Sync();
  if (status.ok()) status = disk.Rename(temporary, config.file);
  if (!status.ok()) {
    disk.Remove(temporary).IgnoreError();
    return status;
  }
  const size_t slash = config.file.rfind('/');
  return disk.SyncDir(slash == std::string::npos ? "." : config.file.substr(0, slash + 1));
}

// ---- statistics ----

void Node::DescribeExecutor(PerExecutor& here, NodeStats* part) {
  part->totals = here.state.stats;
  part->connected_clients = here.clients.size();
  for (const auto& [id, client] : here.clients) {
    const Session& session = client->session();
    part->paused_clients += session.paused ? 1 : 0;
    part->blocked_clients += session.blocked || session.paused ? 1 : 0;
    part->watching_clients += session.watched.empty() ? 0 : 1;
    part->pubsub_clients += session.client_class == ClientClass::kPubSub ? 1 : 0;
  }
  part->client_memory_bytes = ClientMemoryBytes(here);
  for (const auto& [id, client] : here.clients) {
    const Session& session = client->session();
    part->largest_input_buffer_bytes =
        std::max<uint64_t>(part->largest_input_buffer_bytes, session.query_buffer_bytes);
    part->largest_output_buffer_bytes =
        std::max<uint64_t>(part->largest_output_buffer_bytes, session.output_pending_bytes);
  }
  part->used_memory_peak_bytes = here.used_memory_peak_bytes;
  part->denied_auths = here.denied_auths;
  part->migrate_cached_sockets = migration_[here.state.index]->cached_connections();
  part->instantaneous_ops_per_s = here.commands_rate.PerSecond();
  part->instantaneous_input_kbps = here.input_rate.PerSecond() / 1024;
  part->instantaneous_output_kbps = here.output_rate.PerSecond() / 1024;
}

void Node::AddExecutor(const NodeStats& part, NodeStats* sum) {
  sum->totals.Add(part.totals);
  sum->connected_clients += part.connected_clients;
  sum->paused_clients += part.paused_clients;
  sum->blocked_clients += part.blocked_clients;
  sum->watching_clients += part.watching_clients;
  sum->pubsub_clients += part.pubsub_clients;
  sum->client_memory_bytes += part.client_memory_bytes;
  sum->used_memory_peak_bytes += part.used_memory_peak_bytes;
  sum->denied_auths += part.denied_auths;
  sum->migrate_cached_sockets += part.migrate_cached_sockets;
  sum->largest_input_buffer_bytes =
      std::max(sum->largest_input_buffer_bytes, part.largest_input_buffer_bytes);
  sum->largest_output_buffer_bytes =
      std::max(sum->largest_output_buffer_bytes, part.largest_output_buffer_bytes);
  sum->instantaneous_ops_per_s += part.instantaneous_ops_per_s;
  sum->instantaneous_input_kbps += part.instantaneous_input_kbps;
  sum->instantaneous_output_kbps += part.instantaneous_output_kbps;
}

NodeStats Node::GatherStats() {
  std::vector<NodeStats> parts(executor_count());
  OnEveryExecutor(env_.executor(), executor_count(),
                  [&](uint32_t i) { DescribeExecutor(*executors_[i], &parts[i]); });
  NodeStats sum;
  for (const NodeStats& part : parts) {
    AddExecutor(part, &sum);
  }
  std::vector<NodeStats> of_shards(executor_count());
  OnEveryShard([&](uint32_t i, Keyspace& keyspace) { DescribeKeyspace(keyspace, &of_shards[i]); });
  for (const NodeStats& part : of_shards) {
    AddKeyspace(part.keyspace, &sum.keyspace);
    sum.used_memory_bytes += part.used_memory_bytes;
    sum.watched_keys += part.watched_keys;
    sum.blocking_keys += part.blocking_keys;
    sum.blocking_keys_nokey += part.blocking_keys_nokey;
    if (sum.dbs.size() < part.dbs.size()) sum.dbs.resize(part.dbs.size());
    for (size_t db = 0; db < part.dbs.size(); ++db) AddDb(part.dbs[db], &sum.dbs[db]);
  }
  sum.pubsub_channels = pubsub_->Count(ChannelKind::kChannel);
  sum.pubsub_patterns = pubsub_->Count(ChannelKind::kPattern);
  sum.pubsub_shard_channels = pubsub_->Count(ChannelKind::kShardChannel);
  OnExecutor(env_.executor(), 0,
             [&] { sum.persistence = persistence_->Stats(sum.keyspace.changes); });
  if (replication_ != nullptr) sum.replication = replication_->Stats();
  sum.process = env_.Stats();
  sum.startup_memory_bytes = startup_memory_bytes_;
  sum.used_memory_bytes += sum.client_memory_bytes + startup_memory_bytes_;
  sum.used_memory_peak_bytes =
      std::max(sum.used_memory_peak_bytes + startup_memory_bytes_, sum.used_memory_bytes);
  return sum;
}

void Node::DescribeKeyspace(Keyspace& keyspace, NodeStats* out) {
  out->keyspace = keyspace.stats();
  out->used_memory_bytes = keyspace.UsedBytes();
  out->watched_keys = keyspace.watch().size();
  out->blocking_keys = keyspace.waits().KeyCount();
  out->blocking_keys_nokey = keyspace.waits().OnAnyChangeCount();
  const auto databases = static_cast<uint32_t>(Here().state.options().databases);
  out->dbs.resize(databases);
  for (uint32_t i = 0; i < databases; ++i) {
    const Db* db = keyspace.FindDb(DbIndex{i});
    if (db == nullptr) continue;
    out->dbs[i] = DbStats{.keys = keyspace.CountShown(DbIndex{i}),
                          .expires = keyspace.CountShownDeadlines(DbIndex{i}),
                          .avg_ttl_ms = db->AverageTtlMs(),
                          .timed_objects = db->TimedObjectCount(),
                          .used_bytes = db->UsedBytes(),
                          .overhead_bytes = db->OverheadBytes()};
  }
}

void Node::AddDb(const DbStats& from, DbStats* to) {
  // The mean of shards' means, weighted by their keys with a deadline.
  const uint64_t expires = to->expires + from.expires;
  if (expires > 0) {
    to->avg_ttl_ms = (to->avg_ttl_ms * static_cast<int64_t>(to->expires) +
                      from.avg_ttl_ms * static_cast<int64_t>(from.expires)) /
                     static_cast<int64_t>(expires);
  }
  to->keys += from.keys;
  to->expires = expires;
  to->timed_objects += from.timed_objects;
  to->used_bytes += from.used_bytes;
  to->overhead_bytes += from.overhead_bytes;
}

void Node::ResetStats() {
  OnEveryExecutor(env_.executor(), executor_count(), [this](uint32_t i) {
    PerExecutor& here = *executors_[i];
    const size_t commands = here.state.stats.commands.size();
    here.state.stats = ExecutorStats();
    here.state.stats.commands.resize(commands);
    here.used_memory_peak_bytes = 0;
    here.denied_auths = 0;
  });
  if (replication_ != nullptr) replication_->ResetStats();
  OnEveryShard([](uint32_t, Keyspace& keyspace) {
    // Not a counter of work but a fact about the data.
    const uint64_t changes = keyspace.stats().changes;
    keyspace.stats() = KeyspaceStats();
    keyspace.stats().changes = changes;
  });
}

void Node::ResetLatency(const std::vector<uint32_t>& command_ids) {
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    std::vector<CommandStats>& commands = executors_[i]->state.stats.commands;
    for (const uint32_t id : command_ids) commands[id].latency = {};
    if (!command_ids.empty()) return;
    for (CommandStats& command : commands) command.latency = {};
  });
}

// ---- the command logs, at executor 0 ----

std::vector<CommandLogEntry> Node::CommandLog(CommandLogKind kind, int64_t count) {
  std::vector<CommandLogEntry> entries;
  OnExecutor(env_.executor(), 0, [&] { entries = command_log_.Newest(kind, count); });
  return entries;
}

size_t Node::CommandLogLength(CommandLogKind kind) {
  size_t length = 0;
  OnExecutor(env_.executor(), 0, [&] { length = command_log_.Length(kind); });
  return length;
}

void Node::CommandLogReset(CommandLogKind kind) {
  OnExecutor(env_.executor(), 0, [&] { command_log_.Reset(kind); });
}

void Node::LogCommand(CommandLogKind kind, const CommandSpec& spec,
                      std::span<const std::string_view> words, const Session& session, WallTime now,
                      int64_t value) {
  CommandLogEntry entry;
  entry.unix_s = now.unix_s();
  entry.value = value;
  entry.words = CommandLogWords(spec, words);
  entry.peer = session.peer_address;
  entry.name = session.name;
  PostCall(env_.executor(), 0, [this, kind, entry = std::move(entry)]() mutable {
    command_log_.Push(kind, std::move(entry), executors_[0]->state.options());
  });
}

// ---- slow events, at executor 0 ----

void Node::NoteLatency(std::string_view event, Duration took) {
  const int64_t threshold_ms = Here().state.options().latency_monitor_threshold;
  if (threshold_ms == 0 || took.millis() < threshold_ms) return;
  PostCall(env_.executor(), 0, [this, event = std::string(event), took, now = env_.clock().Wall()] {
    latency_.Add(event, took, now);
  });
}

std::vector<LatencyEvent> Node::LatencyEvents() {
  std::vector<LatencyEvent> events;
  OnExecutor(env_.executor(), 0, [&] { events = latency_.Events(); });
  return events;
}

size_t Node::ResetLatencyEvents(const std::vector<std::string>& names) {
  size_t forgotten = 0;
  OnExecutor(env_.executor(), 0, [&] { forgotten = latency_.Reset(names); });
  return forgotten;
}

// ---- shards ----

void Node::OnEveryShard(const std::function<void(uint32_t shard, Keyspace&)>& work) {
  for (uint32_t i = 0; i < executor_count(); ++i) {
    CHECK(!shards_[i]->token().free());  // the caller's, or this would be a race
    work(i, shards_[i]->keyspace());
  }
}

// ---- end ----

absl::Status Node::Shutdown(const ShutdownRequest& request) {
  if (request.abort) return absl::FailedPreconditionError("No shutdown in progress.");
  ExecutorState& state = Here().state;
  state.log.Warning("User requested shutdown...");
  absl::Status safe;
  OnExecutorFiber(env_.executor(), 0, [&] {
    if (ending_) return;  // somebody else was first
    ending_ = true;
    // What is answered from here on would be in no final snapshot, and no log that is synced.
    const Pause before = GetPause();
    node_replication_->HoldWrites(true);
    safe = persistence_->BeforeExit(request);
    if (!safe.ok() && !request.force) {
      ending_ = false;
      SetPause(before);
      return;
    }
    if (hooks_.stop_listening) hooks_.stop_listening();
    state.log.Warning("norn is now ready to exit, bye bye...");
    env_.Exit(0);
  });
  if (safe.ok() || request.force) return absl::OkStatus();
  state.log.Warning("Errors trying to shut down: {}", MessageOf(safe));
  return absl::InternalError("Errors trying to SHUTDOWN. Check logs.");
}

// ---- persistence ----

// Under every token: what runs before is in nobody's log, what runs after is in the journal.
void Node::SetJournaling(Listener listener, bool on) {
  journal_listeners_[static_cast<size_t>(listener)] = on;
  const auto any = [this] { return std::ranges::any_of(journal_listeners_, std::identity()); };
  if (any() == (states_[0]->effect_sink != nullptr)) return;
  TokenSet tokens(env_.executor(), shard_pointers_.data());
  tokens.Collect(EveryShard(executor_count()));
  const bool wanted = any();  // others may have changed their minds meanwhile
  EffectSink* const sink = wanted ? journal_.sink() : nullptr;
  OnEveryExecutor(env_.executor(), executor_count(), [&](uint32_t i) {
    states_[i]->effect_sink = sink;
    keyspace_pointers_[i]->set_records_deletions(wanted);
  });
}

NodeCondition Node::ConditionNow() {
  NodeCondition condition;
  const config::Options& options = executors_[0]->state.options();
  const ReplicationGates& gates = node_replication_->gates();
  condition.replica = gates.following;
  condition.replica_read_only = options.replica_read_only;
  condition.stale = gates.following && !gates.link_up && !options.replica_serve_stale_data;
  const auto replicas_min = static_cast<size_t>(options.min_replicas_to_write);
  condition.few_replicas =
      !gates.following && gates.good_replicas < replicas_min && options.min_replicas_max_lag > 0;
  condition.loading = persistence_->loading();
  condition.disk_broken =
      options.stop_writes_on_bgsave_error && !options.save.empty() && persistence_->disk_broken();
  condition.log_broken = persistence_->log_broken();
  return condition;
}

// Never parks: executors learn it by post.
void Node::PublishCondition() {
  const NodeCondition condition = ConditionNow();
  const Instant answerable_until = persistence_->answerable_until();
  for (uint32_t i = 0; i < executor_count(); ++i) {
    PostCall(env_.executor(), i, [this, i, condition, answerable_until] {
      executors_[i]->state.AdoptCondition(condition);
      executors_[i]->answerable_until = answerable_until;
    });
  }
}

// Parks until every executor knows. `settle`: changes what runs now, so nothing may run while it changes.
void Node::SettleCondition(bool settle) {
  TokenSet tokens(env_.executor(), shard_pointers_.data());
  if (settle) {
    tokens.Collect(EveryShard(executor_count()));
    journal_.Settle();
  }
  PublishCondition();
  OnEveryExecutor(env_.executor(), executor_count(), [](uint32_t) {});
}

void Node::AwaitAnswerable() {
  OnExecutorFiber(env_.executor(), 0, [this] {
    journal_.Settle();
    // An error ends the process, or the client hears of it from the next write.
    persistence_->AwaitAnswerable().IgnoreError();
  });
}

absl::Status Node::Save() {
  absl::Status status;
  OnExecutorFiber(env_.executor(), 0, [&] { status = persistence_->Save(); });
  return status;
}

absl::StatusOr<std::string> Node::SaveInBackground(bool schedule) {
  absl::StatusOr<std::string> reply;
  OnExecutorFiber(env_.executor(), 0, [&] { reply = persistence_->SaveInBackground(schedule); });
  return reply;
}

absl::StatusOr<std::string> Node::CancelSave() {
  absl::StatusOr<std::string> reply;
  OnExecutorFiber(env_.executor(), 0, [&] { reply = persistence_->CancelSave(); });
  return reply;
}

void Node::NoteFlushed() {
  PostCall(env_.executor(), 0, [this] { persistence_->OnFlushed(); });
}

absl::StatusOr<std::string> Node::RewriteLogInBackground() {
  absl::StatusOr<std::string> reply;
  OnExecutorFiber(env_.executor(), 0, [&] { reply = persistence_->RewriteInBackground(); });
  return reply;
}

int64_t Node::LastSaveUnixS() {
  int64_t unix_s = 0;
  OnExecutor(env_.executor(), 0, [&] { unix_s = persistence_->last_save_unix_s(); });
  return unix_s;
}

absl::Status Node::Reload(bool save) {
  absl::Status status;
  OnExecutorFiber(env_.executor(), 0, [&] { status = persistence_->Reload(save); });
  return status;
}

absl::Status Node::ReloadLog() {
  absl::Status status;
  OnExecutorFiber(env_.executor(), 0, [&] { status = persistence_->ReloadLog(); });
  return status;
}

void Node::SetActiveExpire(bool on) {
  OnEveryExecutor(env_.executor(), executor_count(),
                  [&](uint32_t i) { executors_[i]->active_expire = on; });
}

}  // namespace norn
