#include "net/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/gather.h"
#include "engine/shard/routing.h"
#include "engine/shard/subscriptions.h"
#include "engine/shard/token_set.h"
#include "net/address_text.h"
#include "net/zero.h"

namespace norn::net {

namespace action = cluster::member_action;

namespace {

constexpr Duration kTick = Duration::Millis(100);
// Changes that nobody waits for are saved together.
constexpr Duration kSaveDelay = Duration::Millis(100);
constexpr Duration kSaveRetry = Duration::Millis(100);
constexpr int64_t kBusPortOffset = 10000;
constexpr int64_t kPingIntervalMaxMs = 1'000'000'000;

// Keys for whose deletion clients wait at once.
constexpr size_t kDropKeys = 1000;

// Up to `count_max` of the slot's keys, of all databases, told to replicas and log key by key. Returns how many went.
size_t ClearSomeOf(Keyspace& keyspace, SlotId slot, size_t count_max) {
  size_t cleared = 0;
  for (uint32_t i = 0; i < keyspace.database_count() && cleared < count_max; ++i) {
    Db* db = keyspace.FindDb(DbIndex{i});
    if (db == nullptr) continue;
    const bool whole = db->CountInSlot(slot) <= count_max - cleared;
    std::vector<std::string> some;
    db->VisitSlot(slot, count_max - cleared, [&](const Entry& entry) {
      keyspace.RecordDeletion(DbIndex{i}, "DEL", entry.key());
      if (!whole) some.emplace_back(entry.key());
    });
    if (whole) cleared += db->ClearSlot(slot, Db::Free::kLater);
    for (const std::string& name : some) {
      const Key key = keyspace.MakeKey(name);
      db->Erase(key, db->FindAny(key));
    }
    cleared += some.size();
  }
  return cleared;
}

}  // namespace

Cluster::Cluster(Node& node, Replication& replication)
    : node_(node),
      replication_(replication),
      bus_(node.env(), node.state(0).log, *this),
      migrations_(node, replication, *this),
      clock_(node.env().executor()),
      saver_(node.env().executor()),
      saved_(node.env().executor()) {}

Cluster::~Cluster() = default;

// ---- start ----

uint16_t Cluster::BusPort() {
  const int64_t chosen = options().cluster_port;
  return static_cast<uint16_t>(chosen != 0 ? chosen : options().port + kBusPortOffset);
}

absl::StatusOr<std::optional<cluster::NodesFile>> Cluster::LoadFile() {
  absl::StatusOr<cluster::NodesFile> file = cluster::LoadNodesFile(
      node_.env().disk(), options().cluster_config_file, options().tls_cluster);
  if (file.ok()) return std::optional(*std::move(file));
  if (absl::IsNotFound(file.status())) return std::optional<cluster::NodesFile>();
  return absl::InvalidArgumentError(
      fmt::format("Unrecoverable error: corrupted cluster config file \"{}\": {}",
                  options().cluster_config_file, MessageOf(file.status())));
}

absl::Status Cluster::Listen() {
  bool listening = false;
  for (const std::string& word : options().bind) {
    const BindAddress bind = ParseBind(word, BusPort());
    const absl::Status status = bus_.Listen(bind.address, static_cast<int>(options().tcp_backlog));
    listening |= status.ok();
    if (status.ok() || bind.optional) continue;
    return absl::UnavailableError(fmt::format("Failed listening on port {} (cluster), aborting: {}",
                                              BusPort(), MessageOf(status)));
  }
  if (listening) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("Failed listening on port {} (cluster), aborting.", BusPort()));
}

// A file of its own holds the lock: the config file itself is replaced by each save.
absl::Status Cluster::LockFile() {
  const std::string& path = options().cluster_config_file;
  const absl::Status locked = node_.env().disk().Lock(path + ".lock");
  if (locked.ok()) return locked;
  if (!absl::IsFailedPrecondition(locked)) {
    return absl::InvalidArgumentError(
        fmt::format("Can't lock the cluster config file: {}", MessageOf(locked)));
  }
  return absl::FailedPreconditionError(
      fmt::format("Sorry, the cluster configuration file {} is already used by a different Cluster "
                  "node. Please make sure that different nodes use different cluster configuration "
                  "files.",
                  path));
}

absl::Status Cluster::Remember() {
  if (absl::Status locked = LockFile(); !locked.ok()) return locked;
  absl::StatusOr<std::optional<cluster::NodesFile>> file = LoadFile();
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  if (!file_ || file_->Myself().replica_of.empty()) return absl::OkStatus();
  const cluster::NodeId& primary = file_->Myself().replica_of;
  for (const cluster::NodeLine& line : file_->nodes) {
    const bool reachable = (line.flags & cluster::node_flag::kNoAddress) == 0;
    if (line.id != primary || !reachable || line.ip.empty()) continue;
    const bool tls = options().tls_replication;
    node_.replication_host().SetStartsAsReplica();
    replication_.SetFirstPrimary(line.ip.str(), tls ? line.tls_port : line.tcp_port);
  }
  return absl::OkStatus();
}

absl::Status Cluster::Start() {
  constexpr int64_t kPortMax = 65535;
  if (options().cluster_port == 0 && options().port + kBusPortOffset > kPortMax) {
    return absl::InvalidArgumentError(
        "Cluster bus port number is too high: set port to at most 55535 or cluster-port.");
  }
  if (absl::Status listening = Listen(); !listening.ok()) return listening;
  env::Entropy& entropy = node_.env().entropy();
  const cluster::NodeId id = cluster::NodeId::Random(entropy);
  const cluster::ClusterShardId shard = cluster::ClusterShardId::Random(entropy);
  const uint64_t boot = entropy.Next();
  member_ = std::make_unique<cluster::Member>(OptionsFrom(options()), std::exchange(file_, {}), id,
                                              shard, boot, Prng(entropy.Next()), Now(), Wall());
  // A snapshot may be older than the order to follow another shard's primary.
  const std::optional<std::string>& data_shard = node_.replication_host().loaded_shard();
  if (data_shard) member_->OnDataLoaded(*data_shard, Now());
  node_.replication_host().SetDataShard([this] { return member_->DataShard().str(); });
  replication_.SetAdmission([this] { return Leads(); });
  env::Executor& executor = node_.env().executor();
  SpawnFiber(executor, [this] { RunSaver(); });
  SpawnFiber(executor, [this] { RunClock(); });
  Pump();
  // A client that comes before the first view would be told nonsense.
  while (!routes_posted_ || saved_version_ == 0) saved_.Wait(Now() + kTick);
  migrations_.HideKeys();
  return absl::OkStatus();
}

void Cluster::Stop() {
  ended_ = true;
  migrations_.Stop();
  bus_.StopListening();
  bus_.CloseAll();
}

cluster::MemberOptions Cluster::OptionsFrom(const config::Options& o) {
  cluster::MemberOptions result;
  const Duration timeout = Duration::Millis(std::max<int64_t>(o.cluster_node_timeout, 1));
  result.topology.node_timeout = timeout;
  result.topology.allow_replica_migration = o.cluster_allow_replica_migration;
  result.topology.require_full_coverage = o.cluster_require_full_coverage;
  result.topology.ping_interval = std::min(
      Duration::Millis(std::min<int64_t>(o.cluster_ping_interval, kPingIntervalMaxMs)), timeout);
  result.topology.forget_ttl = Duration::Seconds(static_cast<int64_t>(o.cluster_blacklist_ttl));
  result.election.node_timeout = timeout;
  result.election.validity_factor = o.cluster_replica_validity_factor;
  result.election.replica_ping_period = Duration::Seconds(o.repl_ping_replica_period);
  result.no_failover = o.cluster_replica_no_failover;
  result.old_bus = o.cluster_old_bus;
  result.allow_replica_migration = o.cluster_allow_replica_migration;
  result.migration_barrier = static_cast<uint32_t>(o.cluster_migration_barrier);
  const auto port = [](int64_t announced, int64_t real) {
    return static_cast<uint16_t>(announced != 0 ? announced : real);
  };
  result.announced = {.ip = o.cluster_announce_ip,
                      .port = port(o.cluster_announce_port, o.port),
                      .tls_port = port(o.cluster_announce_tls_port, o.tls_port),
                      .bus_port = port(o.cluster_announce_bus_port, BusPort())};
  result.hostname = o.cluster_announce_hostname;
  result.human_name = o.cluster_announce_human_nodename;
  result.client_ipv4 = o.cluster_announce_client_ipv4;
  result.client_ipv6 = o.cluster_announce_client_ipv6;
  result.tls = o.tls_cluster;
  result.preferred_endpoint = o.cluster_preferred_endpoint_type == config::EndpointType::kHostname
                                  ? cluster::MemberOptions::Endpoint::kHostname
                              : o.cluster_preferred_endpoint_type == config::EndpointType::kUnknown
                                  ? cluster::MemberOptions::Endpoint::kUnknown
                                  : cluster::MemberOptions::Endpoint::kIp;
  return result;
}

void Cluster::OnOptions(const config::Options& options) {
  member_->SetOptions(OptionsFrom(options), Now());
  Pump();
}

// ---- time ----

cluster::DataFacts Cluster::Data() {
  const Replication::DataPosition data = replication_.Position();
  // Until an order to follow is carried out, replication speaks of the primary before: its data is not the new shard's (I7).
  const bool turns = turning_ || std::ranges::any_of(actions_, [](const auto& next) {
                       return std::holds_alternative<action::Follow>(next);
                     });
  return {.has_data = data.has_data,
          .offset = data.offset,
          .data_age = data.age,
          .synced_since = data.synced && !turns};
}

void Cluster::RunClock() {
  Instant next = Now();
  while (!ended_) {
    const Instant now = Now();
    if (now >= next || now >= member_->next_at()) {
      member_->Step(Data(), now, Wall());
      Pump();
      TellOpenSlots();
      migrations_.Tick();
      next = now + kTick;
    }
    // A deadline that has passed already must not make this spin.
    clock_.Wait(std::max(std::min(next, member_->next_at()), now + Duration::Millis(1)));
  }
}

// ---- links ----

void Cluster::OnAccepted(cluster::LinkId link, const cluster::LinkFacts& facts) {
  member_->OnAccepted(link, facts, Now());
  Pump();
}

void Cluster::OnConnected(const cluster::NodeId& node, cluster::LinkId link,
                          const cluster::LinkFacts& facts) {
  member_->OnLinkUp(node, link, facts, Now());
  Pump();
}

void Cluster::OnConnectFailed(const cluster::NodeId& node, bool refused) {
  member_->OnConnectFailed(node, refused, Now());
  Pump();
}

void Cluster::OnLinkDown(cluster::LinkId link) {
  member_->OnLinkDown(link, Now());
  Pump();
}

void Cluster::OnBytes(cluster::LinkId link) { member_->OnBytes(link, Now()); }

void Cluster::OnMessage(cluster::LinkId link, const cluster::BusMessage& message) {
  member_->OnMessage(link, message, Now(), Wall());
  Pump();
}

// ---- actions ----

void Cluster::Pump() {
  for (cluster::MemberAction& next : member_->TakeActions()) actions_.push_back(std::move(next));
  if (member_->next_at() <= Now() + kTick) clock_.WakeAll();
  PublishFence();
  if (acting_) return;
  while (!actions_.empty() && DoNow(actions_.front())) actions_.pop_front();
  PublishRoutes();
  if (actions_.empty()) return;
  acting_ = true;
  SpawnFiber(node_.env().executor(), [this] { RunActions(); });
}

void Cluster::RunActions() {
  while (!actions_.empty() && !ended_) {
    const cluster::MemberAction next = std::move(actions_.front());
    actions_.pop_front();
    if (!DoNow(next)) DoParking(next);
    PublishFence();
    PublishRoutes();
  }
  acting_ = false;
  migrations_.OnRoutes();
}

bool Cluster::DoNow(const cluster::MemberAction& next) {
  if (const auto* send = std::get_if<action::Send>(&next)) {
    bus_.Send(send->link, send->bytes, static_cast<size_t>(options().cluster_link_sendbuf_limit));
  } else if (const auto* close = std::get_if<action::Close>(&next)) {
    bus_.Close(close->link);
  } else if (const auto* connect = std::get_if<action::Connect>(&next)) {
    const Duration patience =
        Duration::Millis(std::max<int64_t>(options().cluster_node_timeout, 1));
    bus_.Connect(connect->node, connect->ip, connect->bus_port, patience);
  } else if (const auto* log = std::get_if<action::Log>(&next)) {
    Write(*log);
  } else if (const auto* save = std::get_if<action::Save>(&next)) {
    wanted_version_ = std::max(wanted_version_, save->version);
    if (save->durable) urgent_version_ = std::max(urgent_version_, save->version);
    saver_.WakeAll();
    return !save->durable || saved_version_ >= save->version;
  } else if (const auto* deliver = std::get_if<action::Deliver>(&next)) {
    node_.pubsub().DeliverFromBus(deliver->sharded, deliver->channel, deliver->message);
  } else {
    return false;
  }
  return true;
}

void Cluster::DoParking(const cluster::MemberAction& next) {
  if (const auto* save = std::get_if<action::Save>(&next)) {
    AwaitSaved(save->version);
  } else if (const auto* follow = std::get_if<action::Follow>(&next)) {
    Follow(*follow);
  } else if (std::holds_alternative<action::BecomePrimary>(next)) {
    replication_.BecomePrimaryOfShard();
  } else if (std::holds_alternative<action::PauseWrites>(next)) {
    replication_.HoldWrites(true);
    member_->OnWritesHeld(Data(), Now());
    for (cluster::MemberAction& more : member_->TakeActions()) actions_.push_back(std::move(more));
  } else if (std::holds_alternative<action::ResumeWrites>(next)) {
    PublishRoutes();  // who was held back asks where to go
    replication_.HoldWrites(false);
  } else if (const auto* drop = std::get_if<action::DropSlots>(&next)) {
    DropSlots(cluster::ToSet(drop->slots), Spare::kImports);
  } else if (std::holds_alternative<action::DropAllKeys>(next)) {
    DropAllKeys();
  }
}

bool Cluster::Leads() const {
  const cluster::ClusterNode& self = member_->view().self();
  return self.owns_slots() || !member_->view().ReplicasOf(self.id).empty();
}

void Cluster::Follow(const action::Follow& follow) {
  const bool tls = options().tls_replication;
  turning_ = true;
  replication_.FollowOfShard(follow.ip, tls ? follow.tls_port : follow.port);
  turning_ = false;
}

void Cluster::Write(const action::Log& log) {
  env::Logger& to = state().log;
  switch (log.level) {
    case action::Log::Level::kDebug:
      return to.Debug("{}", log.line);
    case action::Log::Level::kVerbose:
      return to.Verbose("{}", log.line);
    case action::Log::Level::kNotice:
      return to.Notice("{}", log.line);
    case action::Log::Level::kWarning:
      return to.Warning("{}", log.line);
  }
}

// ---- the file ----

void Cluster::AwaitSaved(uint64_t version) {
  while (saved_version_ < version && !ended_) saved_.Wait(Instant::Never());
}

void Cluster::RunSaver() {
  const std::string path = options().cluster_config_file;
  const cluster::NodesFileName name{
      .path = path, .temporary_name = fmt::format("{}.tmp-{}", path, node_.env().Stats().pid)};
  while (!ended_) {
    if (saved_version_ >= wanted_version_) {
      saver_.Wait(Instant::Never());
      continue;
    }
    if (urgent_version_ <= saved_version_) saver_.Wait(Now() + kSaveDelay);
    const uint64_t version = member_->file_version();
    const absl::Status saved = cluster::SaveNodesFile(node_.env().disk(), name, member_->File());
    if (!saved.ok()) {
      // What waits for it stays unsaid. A node that cannot keep its promises makes none.
      state().log.Warning("Could not save the cluster config file: {}", MessageOf(saved));
      node_.env().executor().Park(Now() + kSaveRetry);
      continue;
    }
    saved_version_ = version;
    saved_.WakeAll();
  }
}

// ---- commands ----

void Cluster::Run(std::span<const std::string_view> words, Session& session, ReplyWriter& reply) {
  ByteBuffer answer;
  OnFiberAtZero(node_.env().executor(), [&] {
    // Clients are let in a moment before.
    while (member_ == nullptr) saved_.Wait(Now() + kTick);
    ReplyWriter writer(answer, reply.resp());
    // Two that take one shard over are told apart by their data: what it tells must not be what it had at its last step.
    const bool takes_over =
        words.size() > 2 && WordIs(words[1], "failover") && WordIs(words[2], "takeover");
    if (takes_over) member_->Step(Data(), Now(), Wall());
    RunHere({.member = *member_,
             .entropy = node_.env().entropy(),
             .host = *this,
             .session = session,
             .words = words,
             .now = Now(),
             .wall = Wall(),
             .reply = writer});
    Pump();
    // An order that was answered survives a crash.
    AwaitSaved(std::min(urgent_version_, member_->file_version()));
  });
  reply.Raw(answer.view());
}

void Cluster::RunHere(const cluster::ClusterCall& call) {
  if (migrations_.Run(call)) return;
  if (!WordIs(call.words[1], "setslot") || call.words.size() < 4) {
    return cluster::RunClusterCommand(call);
  }
  // Not while it waits for replicas.
  TokenSet tokens(node_.env().executor(), state().shards);
  tokens.Collect(EveryShard(state().shard_count));
  if (!call.session.from_primary) {
    const std::optional<Duration> timeout = cluster::CheckSetSlot(call);
    tokens.Release();
    if (!timeout) return;
    ++slot_orders_;
    const bool late = !NORN_PLANTED("B55") && replication_.TellReplicas(call.words, *timeout) ==
                                                  Replication::Told::kTooLate;
    // With its last slot a shard goes to whoever got it. Then nobody is left to hear, and a node that follows says so below.
    const cluster::Topology& view = member_->view();
    const bool leads = view.self().is_primary() && !view.ReplicasOf(view.self().id).empty();
    const bool refused = late && leads;
    if (!refused) tokens.Collect(EveryShard(state().shard_count));
    --slot_orders_;
    if (refused) return call.reply.Error("NOREPLICAS Not enough good replicas to write.");
  }
  cluster::ClusterCall later{call};
  later.now = Now();
  later.wall = Wall();
  cluster::RunClusterCommand(later);
}

// A replica that came since does not know of the slots that were opened before. Not while an order is on its way that may close one
// of them: this would come behind it, and open the slot at the replicas for good.
void Cluster::TellOpenSlots() {
  if (slot_orders_ > 0) return;
  const std::set<uint64_t> before = std::exchange(told_replicas_, replication_.OnlineReplicas());
  const bool news = !std::ranges::includes(before, told_replicas_);
  if (!news || !member_->view().self().is_primary()) return;
  const auto tell = [this](SlotId slot, std::string_view state, const cluster::NodeId& other) {
    const std::string number = fmt::format("{}", slot.value);
    const std::string_view words[] = {"CLUSTER", "SETSLOT", number, state, other.view()};
    replication_.AppendOrder(words);
  };
  for (const auto& [slot, to] : member_->migrating()) tell(slot, "MIGRATING", to);
  for (const auto& [slot, from] : member_->importing()) tell(slot, "IMPORTING", from);
}

std::string Cluster::Info() {
  std::string info;
  AtZero(node_.env().executor(), [&] {
    if (member_ == nullptr) return;  // clients are let in a moment before
    info = migrations_.Info();
  });
  return info;
}

void Cluster::Publish(bool sharded, std::string_view channel, std::string_view message) {
  PostCall(node_.env().executor(), 0,
           [this, sharded, channel = std::string(channel), message = std::string(message)] {
             if (member_ == nullptr || ended_) return;
             member_->Publish(sharded, channel, message);
             Pump();
           });
}

// ---- keys; whoever asks holds every token ----

uint64_t Cluster::KeysInSlot(SlotId slot, std::optional<DbIndex> db) {
  uint64_t count = 0;
  node_.OnEveryShard([&](uint32_t, Keyspace& keyspace) {
    for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
      const Db* found = keyspace.FindDb(DbIndex{i});
      if (found != nullptr && (!db || db->value == i)) count += found->CountInSlot(slot);
    }
  });
  return count;
}

void Cluster::VisitKeys(SlotId slot, DbIndex db, size_t count_max,
                        absl::FunctionRef<void(std::string_view key)> visit) {
  size_t left = count_max;
  node_.OnEveryShard([&](uint32_t, Keyspace& keyspace) {
    const Db* found = keyspace.FindDb(db);
    if (found == nullptr || left == 0) return;
    found->VisitSlot(slot, left, [&](const Entry& entry) {
      --left;
      visit(entry.key());
    });
  });
}

uint64_t Cluster::KeyCount() {
  uint64_t count = 0;
  node_.OnEveryShard([&](uint32_t, Keyspace& keyspace) { count += keyspace.KeyCount(); });
  return count;
}

uint64_t Cluster::ScanSlot(SlotId slot, DbIndex db, uint64_t position, size_t count,
                           absl::FunctionRef<void(const Entry& entry)> visit) {
  ExecutorState& home = node_.state(state().key_map.ShardOfSlot(slot));
  const Db* found = home.home().keyspace().FindDb(db);
  if (found == nullptr || found->CountInSlot(slot) == 0) return 0;
  constexpr uint64_t kPositions = uint64_t{1} << Db::kScanCursorBits;
  if (position >= kPositions) return 0;
  const uint64_t place = uint64_t{slot.value} * kPositions;
  // Goes on into the next slot of the shard where this one is short.
  const uint64_t next = found->Scan(place + position, count, [&](const Entry& entry) {
    if (KeySlot(entry.key()) == slot) visit(entry);
  });
  return next / kPositions == slot.value ? next % kPositions : 0;
}

uint64_t Cluster::ScanFingerprint() { return HashBytes("clusterscan", state().key_map.hash_seed); }

std::optional<std::vector<Cluster::SlotUsage>> Cluster::SlotUsages() {
  if (state().slot_counters == nullptr) return std::nullopt;
  // Each executor has its own counters. The caller holds every token, so none of them counts while they are asked in turn.
  std::vector<std::vector<SlotCost>> parts(node_.executor_count());
  OnEveryExecutor(node_.env().executor(), node_.executor_count(),
                  [&](uint32_t i) { parts[i] = node_.state(i).slot_counters->slots; });
  std::vector<SlotUsage> usages(kSlotCount);
  for (size_t slot = 0; slot < usages.size(); ++slot) {
    uint64_t cpu_nanos = 0;
    for (const std::vector<SlotCost>& part : parts) {
      cpu_nanos += part[slot].cpu_nanos;
      usages[slot].input_bytes += part[slot].input_bytes;
      usages[slot].output_bytes += part[slot].output_bytes;
    }
    usages[slot].cpu_us = cpu_nanos / 1000;
  }
  return usages;
}

// Clients are let in again and again: meanwhile a slot may have become this node's, or be on its way here.
bool Cluster::MayDrop(SlotId slot) const {
  const cluster::ClusterNode* owner = member_->view().OwnerOf(slot);
  return owner != &member_->view().self() && !member_->importing().contains(slot) &&
         !member_->migrating().contains(slot);
}

void Cluster::DropSlots(const cluster::SlotSet& slots, Spare spare) {
  uint64_t dropped = 0;
  std::optional<SlotId> next = slots.NextFrom(0);
  while (next) {
    TokenSet tokens(node_.env().executor(), state().shards);
    tokens.Collect(EveryShard(state().shard_count));
    const cluster::SlotSet imports =
        spare == Spare::kImports ? migrations_.importing() : cluster::SlotSet();
    for (size_t left = kDropKeys; next && left > 0;) {
      const SlotId slot = *next;
      Keyspace& keyspace = *state().keyspaces[state().key_map.ShardOfSlot(slot)];
      const bool may = MayDrop(slot) && !imports.Contains(slot);
      const size_t cleared = may ? ClearSomeOf(keyspace, slot, left) : 0;
      if (!keyspace.deletions().empty()) state().effects.TakeFrom(keyspace.deletions());
      dropped += cleared;
      left -= cleared;
      if (left > 0) next = slots.NextFrom(slot.value + 1u);
    }
    if (!state().effects.empty() && state().effect_sink != nullptr) {
      state().effect_sink->Accept(state().effects);
    }
  }
  if (dropped > 0) {
    state().log.Notice("Deleted {} keys of {} slots that belong to another node now.", dropped,
                       slots.count());
  }
}

void Cluster::DropAllKeys() {
  const std::string_view words[] = {"FLUSHALL"};
  const StreamCommand flush{.words = words};
  replication_.RunAsOrder({&flush, 1});
}

// ---- what executors know ----

void Cluster::PublishRoutes() {
  if (routes_posted_ && routes_version_ == member_->routes_version()) return;
  routes_posted_ = true;
  routes_version_ = member_->routes_version();
  migrations_.OnRoutes();
  const cluster::SlotRoutes routes = member_->Routes();
  for (uint32_t i = 0; i < node_.executor_count(); ++i) {
    if (i == 0) {
      state().AdoptRoutes(routes);
      EndLostShardChannels(state());
    } else {
      PostCall(node_.env().executor(), i, [this, i, routes] {
        node_.state(i).AdoptRoutes(routes);
        EndLostShardChannels(node_.state(i));
      });
    }
  }
}

void Cluster::CarryOut() {
  Pump();
  while (acting_ && !ended_) saved_.Wait(Now() + Duration::Millis(1));
  AwaitSaved(std::min(urgent_version_, member_->file_version()));
  PublishRoutes();
}

// A lease that was given up for a failover by hand is taken back only once all writes are held: they wait, and are not refused.
// What a replica thinks of leases is no matter: its routes refuse.
void Cluster::PublishFence() {
  const cluster::WriteFence fence = member_->Fence();
  if (fence == fence_ || !member_->view().self().is_primary()) return;
  if (fence.until < fence_.until && member_->about_to_hold_writes()) return;
  fence_ = fence;
  state().AdoptFence(fence);
  for (uint32_t i = 1; i < node_.executor_count(); ++i) {
    PostCall(node_.env().executor(), i, [this, i, fence] { node_.state(i).AdoptFence(fence); });
  }
}

}  // namespace norn::net
