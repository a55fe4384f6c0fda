#include "scenarios/cluster/cluster_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "scenarios/cluster/agreement.h"
#include "scenarios/cluster/bus_tap.h"
#include "scenarios/cluster/closing.h"
#include "scenarios/cluster/cluster_client.h"
#include "scenarios/cluster/cluster_roles.h"
#include "scenarios/cluster/layout.h"
#include "scenarios/cluster/observer.h"
#include "scenarios/cluster/operator.h"
#include "scenarios/cluster/resharder.h"
#include "scenarios/cluster/write_judge.h"
#include "scenarios/drawn.h"
#include "scenarios/page/recorder.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr Duration kStartMax = Duration::Seconds(10);
constexpr Duration kFormMax = Duration::Seconds(60);
constexpr Duration kClosingMax = Duration::Seconds(120);
// A move that faults interrupted is done that long after the last of them.
constexpr Duration kMoveMax = Duration::Seconds(40);
constexpr size_t kRecentKeys = 40;
constexpr Duration kPoll = Duration::Millis(50);
// Promotions that one fault or order may cause, each shard counted.
constexpr uint64_t kPromotionsOfFault = 3;
// Full copies that a node may need once all is healed.
constexpr uint64_t kHealedCopiesMax = 4;

class ClusterRun {
 public:
  ClusterRun(const Scenario& scenario, const ServerFactory& factory, const RunOptions& options)
      : scenario_(scenario),
        factory_(factory),
        options_(options),
        drawn_(Draw(scenario, options.seed)),
        layout_{drawn_.shards, drawn_.shard_replicas},
        world_(MakeWorld()) {
    result_.seed = options_.seed;
    result_.drawn = drawn_.Text() + drawn_.Kinds();
    if (options_.trace) world_.trace().SetSink(options_.trace);
  }
  ~ClusterRun() {
    recorder_ = nullptr;
    world_.fabric().SetTap(nullptr);
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
    closing_ = nullptr;
    resharder_ = nullptr;
    operator_ = nullptr;
    clients_.clear();
    hosts_.clear();
  }

  RunResult Play() {
    AddServers();
    if (Started() && Formed()) {
      Busy();
      if (result_.passed()) Close();
      Judge();
    }
    Summarise();
    return std::move(result_);
  }

 private:
  sim::WorldOptions MakeWorld() {
    sim::WorldOptions world = DrawWorld(scenario_, options_.seed);
    world.log_sink = [this](const sim::Node& node, env::LogLevel level, std::string_view line) {
      if (node.index().value < hosts_.size()) Hear(node.index().value, level, line);
      if (!options_.log) return;
      options_.log(fmt::format("{:.6f} {} {}", static_cast<double>(world_.now().ns) / 1e9,
                               node.name(), line));
    };
    return world;
  }

  void Hear(NodeNumber node, env::LogLevel level, std::string_view line) {
    hosts_[node]->Hear(level, line);
    if (observer_ != nullptr) observer_->Hear(node, line);
    if (recorder_ != nullptr) recorder_->Hear(node, line);
  }

  // ---- the nodes ----

  void AddServers() {
    ServerOptions options = drawn_.options;
    options.emplace_back("cluster-enabled", "yes");
    options.emplace_back("cluster-node-timeout", std::to_string(drawn_.node_timeout.millis()));
    std::vector<ServerHost*> hosts;
    DrawOldNodes();
    for (size_t i = 0; i < layout_.nodes(); ++i) {
      sim::NodeOptions node;
      node.name = fmt::format("node{}", i);
      node.executors.executors = i == 0 ? drawn_.threads : drawn_.replica_threads[i - 1];
      node.executors.policy = drawn_.pct ? sim::SchedulePolicy::kPct : sim::SchedulePolicy::kRandom;
      node.clock.drift_ppm = drawn_.drift_ppm * (i % 2 == 0 ? 1 : -1);
      ServerOptions of_node = options;
      if (old_nodes_.contains(static_cast<NodeNumber>(i))) {
        of_node.emplace_back("cluster-old-bus", "yes");
      }
      hosts_.push_back(
          std::make_unique<ServerHost>(world_, world_.AddNode(node), factory_, of_node));
      hosts.push_back(hosts_.back().get());
    }
    if (scenario_.cluster.seed_config) SeedConfigs();
    ServiceBounds bounds;
    bounds.outage_ns = drawn_.node_timeout.ns * scenario_.cluster.outage_timeouts +
                       scenario_.cluster.outage_extra_ns;
    bounds.old_data_ns = std::max(bounds.old_data_ns, 2 * drawn_.node_timeout.ns);
    std::vector<SlotId> watched;
    for (size_t i = 0; i < layout_.shards; ++i) watched.push_back(layout_.SlotsOf(i).first);
    observer_ = std::make_unique<Observer>(world_, hosts, watched, bounds, record_.checks);
    operator_ = std::make_unique<Operator>(scenario_, layout_, world_, hosts, *observer_);
    if (options_.timeline != nullptr) Record(*options_.timeline, hosts);
    for (const auto& host : hosts_) host->Start();
  }

  void Record(Timeline& timeline, const std::vector<ServerHost*>& hosts) {
    roles_ = std::make_unique<ClusterRoles>(hosts);
    tap_ = std::make_unique<BusTap>(world_, timeline, hosts.size(),
                                    [this](const auto& id) { return roles_->NameOf(id); });
    world_.fabric().SetTap(tap_.get());
    recorder_ = std::make_unique<Recorder>(scenario_, world_, timeline, hosts, record_.checks,
                                           [this](size_t lane) { return roles_->Of(lane); });
    for (size_t shard = 0; shard < layout_.shards; ++shard) {
      const cluster::SlotRange slots = layout_.SlotsOf(shard);
      timeline.AddService(fmt::format("slots {}-{}", slots.first.value, slots.last.value));
    }
    record_.served = [this, &timeline](SlotId slot, int64_t from_ns, bool answered) {
      size_t shard = 0;
      while (layout_.SlotsOf(shard).last < slot) ++shard;
      timeline.Served(shard, from_ns, world_.now().ns, answered);
    };
  }

  void DrawOldNodes() {
    Prng prng = world_.PrngOf("old nodes");
    const auto wanted = static_cast<uint64_t>(scenario_.cluster.old_nodes.Draw(prng));
    while (old_nodes_.size() < std::min<size_t>(wanted, layout_.nodes())) {
      old_nodes_.insert(static_cast<NodeNumber>(prng.Below(layout_.nodes())));
    }
    if (!old_nodes_.empty()) result_.drawn += fmt::format(" old_nodes={}", old_nodes_.size());
  }

  void SeedConfigs() {
    std::vector<std::string> ips;
    for (const auto& host : hosts_) ips.push_back(host->node()->ip());
    const SeededConfig config(layout_, ips, old_nodes_, world_.PrngOf("cluster names"));
    for (NodeNumber i = 0; i < hosts_.size(); ++i) {
      hosts_[i]->PrepareWith([file = config.FileOf(i)](env::Env& env) {
        const cluster::NodesFileName name{"nodes.conf", "nodes.conf.tmp"};
        CHECK(cluster::SaveNodesFile(env.disk(), name, file).ok());
      });
    }
  }

  bool Started() {
    const auto serving = [](const auto& host) { return host->serving(); };
    const auto all = [&] { return std::all_of(hosts_.begin(), hosts_.end(), serving); };
    if (RunTended(all, world_.now() + kStartMax)) return true;
    if (result_.passed()) Fail("start", "a node did not come up in time");
    return false;
  }

  bool Formed() {
    sim::NodeOptions node;
    node.name = "operator";
    world_.Start(world_.AddNode(node), [this](env::Env& env) { operator_->Run(env); });
    if (scenario_.cluster.form_in_trouble) BeginFaults();
    if (RunTended([this] { return operator_->formed(); }, world_.now() + kFormMax)) return true;
    if (result_.passed()) Fail("form", "no cluster came to be: " + NotConverged());
    return false;
  }

  // ---- the busy time ----

  void AddClients() {
    record_.groups.resize(drawn_.universe.groups);
    for (size_t i = 0; i < record_.groups.size(); ++i) record_.NewKeys(i);
    record_.on_refusal = [this](std::string_view error) {
      if (error.starts_with("OOM")) operator_->OutOfMemory();
    };
    record_.members_of = [this](SlotId slot) { return observer_->MembersOf(slot); };
    for (size_t i = 0; i < hosts_.size(); ++i) numbers_[Address(i)] = static_cast<NodeNumber>(i);
    record_.number_of = [this](std::string_view address) {
      const auto number = numbers_.find(address);
      return number == numbers_.end() ? UINT32_MAX : number->second;
    };
    stop_at_ = world_.now() + Duration::Nanos(scenario_.duration_ns);
    for (size_t i = 0; i < drawn_.clients; ++i) AddClient(i);
  }

  std::string Address(size_t node) const {
    return fmt::format("{}:{}", hosts_[node]->node()->ip(), kServerPort);
  }

  void AddClient(size_t index) {
    Prng prng = world_.PrngOf(fmt::format("kind of client {}", index));
    ClusterClientSettings settings;
    settings.index = static_cast<uint32_t>(index);
    settings.think_time_ns = scenario_.clients.think_time_ns;
    settings.stop_at = stop_at_;
    settings.reads_replicas = prng.Between(0, 99) < scenario_.cluster.replica_reads_percent;
    settings.wait_percent = scenario_.cluster.wait_percent;
    settings.replicas = static_cast<int64_t>(layout_.replicas);
    std::copy(std::begin(scenario_.weights), std::end(scenario_.weights), settings.weights);
    RouterSettings router;
    for (size_t i = 0; i < hosts_.size(); ++i) router.nodes.push_back(Address(i));
    router.timeout = drawn_.timeout;
    router.patience = drawn_.timeout * 4;
    router.give_up_at = stop_at_;
    router.refused = [this](const std::string& error) { observer_->Refused(error); };
    clients_.push_back(
        std::make_unique<ClusterClient>(settings, std::move(router), world_, record_));
    sim::NodeOptions node;
    node.name = fmt::format("client{}", index);
    client_nodes_.push_back(world_.AddNode(node));
  }

  faults::Targets FaultTargets() {
    faults::Targets targets;
    targets.world = &world_;
    for (NodeNumber i = 0; i < hosts_.size(); ++i) {
      ServerHost* const host = hosts_[i].get();
      faults::Machine machine;
      machine.node = host->node();
      machine.serving = [host] { return host->serving(); };
      machine.crash = [this, i](const sim::CrashOptions& how) { Kill(i, how); };
      machine.restart = [this, i] { Restart(i); };
      machine.zone = i % static_cast<size_t>(scenario_.node.zones);
      machine.is_primary = [this, i] { return observer_->IsPrimary(i); };
      machine.follows = [this, host] { return Follows(*host); };
      targets.machines.push_back(std::move(machine));
    }
    for (size_t i = 0; i < clients_.size(); ++i) {
      ClusterClient* const client = clients_[i].get();
      targets.clients.push_back({client_nodes_[i], [client] { return client->operations(); },
                                 [client] { return client->router().counts().connections_lost; },
                                 [client] { return client->router().waiting(); }});
    }
    targets.clients_reach_all = true;
    targets.client_patience = Duration::Nanos(scenario_.clients.timeout_ns.high);
    targets.bus_port = kBusPort;
    targets.limit_memory = [this](size_t machine, std::optional<int64_t> bytes,
                                  std::function<void()> effect) {
      operator_->LimitMemory(static_cast<NodeNumber>(machine), bytes, std::move(effect));
      return true;
    };
    return targets;
  }

  std::optional<size_t> Follows(const ServerHost& host) const {
    const cluster::Member* const member = host.member();
    if (member == nullptr || member->view().self().is_primary()) return std::nullopt;
    const std::optional<NodeNumber> primary = observer_->NumberOf(member->view().self().primary);
    return primary ? std::optional<size_t>(*primary) : std::nullopt;
  }

  void Kill(NodeNumber node, const sim::CrashOptions& how) {
    observer_->Died(node);
    deaths_.push_back({node, world_.now().ns});
    hosts_[node]->Crash(how);
  }

  void Restart(NodeNumber node) {
    if (hosts_[node]->node()->state() != sim::NodeState::kDown || IsGone(node)) return;
    hosts_[node]->Start();
  }

  bool IsGone(NodeNumber node) const {
    return std::find(gone_.begin(), gone_.end(), node) != gone_.end();
  }

  // Runs until `done`; false when the deadline came, or a process ended by itself.
  bool RunTended(const std::function<bool()>& done, Instant deadline) {
    ServerHost* failed = nullptr;
    const auto call = [&] {
      NoteTrouble();
      observer_->Look();
      if (recorder_ != nullptr) recorder_->Look();
      if (result_.passed() && AnyFailed(&failed)) return true;
      return done();
    };
    if (!world_.RunUntil(call, deadline)) return false;
    if (failed == nullptr) return true;
    const std::optional<int> code = failed->node()->exit_code();
    Fail(code ? "exit" : "start",
         fmt::format("{}: {}", failed->node()->name(), failed->LastWords()));
    return false;
  }

  bool AnyFailed(ServerHost** failed) const {
    for (const auto& host : hosts_) {
      if (!host->failed()) continue;
      *failed = host.get();
      return true;
    }
    return false;
  }

  void BeginFaults() {
    faults::Targets targets = FaultTargets();
    if (recorder_ != nullptr) recorder_->Watch(targets, drawn_.plan, false);
    faults_ = std::make_unique<faults::Injector>(std::move(targets), drawn_.plan, drawn_.kinds);
    faults_->Arm();
  }

  void NoteTrouble() {
    if (faults_ == nullptr || (faults_->quiet() && faults_->fired() == faults_fired_)) return;
    faults_fired_ = faults_->fired();
    observer_->Trouble();
  }

  void Busy() {
    observer_->BeginService();
    AddClients();
    if (faults_ == nullptr) BeginFaults();
    for (size_t i = 0; i < clients_.size(); ++i) {
      ClusterClient* const client = clients_[i].get();
      world_.Start(client_nodes_[i], [client](env::Env& env) { client->Run(env); });
    }
    if (scenario_.cluster.moves_slots()) StartResharding();
    RunTended([] { return false; }, stop_at_);
    operator_->EndBusyTime();
    if (resharder_ != nullptr) resharder_->EndBusyTime();
    if (!result_.passed()) return;
    if (scenario_.ending.heal_quorum) KillMinority();
    faults_->Heal();
    if (recorder_ != nullptr) recorder_->Healed();
    healed_at_ = world_.now();
    copies_before_ = observer_->full_copies();
    const auto all_done = [this] {
      return std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->done(); });
    };
    RunTended(all_done, healed_at_ + drawn_.timeout * 6 + kStartMax);
    if (!result_.passed()) return;
    if (!all_done()) return Fail("finish", "a client hangs");
    if (resharder_ == nullptr) return;
    RunTended([this] { return resharder_->resting(); }, healed_at_ + kMoveMax);
    if (result_.passed() && !resharder_->resting()) Fail("finish", "a slot cannot be moved");
  }

  void StartResharding() {
    std::vector<ServerHost*> hosts;
    for (const auto& host : hosts_) hosts.push_back(host.get());
    // Where clients were a moment ago.
    const auto draw_slot = [this](Prng& prng) {
      const auto& keys = record_.history.keys;
      const size_t back = prng.Below(std::min<size_t>(keys.size(), kRecentKeys));
      return keys[keys.size() - 1 - back].slot;
    };
    resharder_ =
        std::make_unique<Resharder>(scenario_, world_, std::move(hosts), *observer_, draw_slot);
    sim::NodeOptions node;
    node.name = "resharder";
    world_.Start(world_.AddNode(node), [this](env::Env& env) { resharder_->Run(env); });
  }

  // For good: as many as leave a quorum, and a node of each shard that has its data.
  void KillMinority() {
    Prng prng = world_.PrngOf("ending");
    const size_t most = (layout_.nodes() - 1) / 2;
    const size_t count =
        static_cast<size_t>(prng.Between(1, static_cast<int64_t>(std::max<size_t>(most, 1))));
    std::vector<bool> shard_hit(layout_.shards, false);
    for (size_t attempt = 0; attempt < layout_.nodes() * 4 && gone_.size() < count; ++attempt) {
      const NodeNumber node = static_cast<NodeNumber>(prng.Below(layout_.nodes()));
      const size_t shard = layout_.ShardOf(node);
      if (shard_hit[shard] || IsGone(node) || !MayGo(node)) continue;
      shard_hit[shard] = true;
      gone_.push_back(node);
      operator_->GiveUp(node);
      observer_->GiveUp(node);
      if (resharder_ != nullptr) resharder_->GiveUp(node);
      if (hosts_[node]->node()->state() != sim::NodeState::kDown) {
        Kill(node, {.host_alive = prng.OneIn(2), .unsynced = sim::UnsyncedFate::kAll});
      }
    }
  }

  // Another node of its shard lives and has the data.
  bool MayGo(NodeNumber node) const {
    for (NodeNumber other = 0; other < hosts_.size(); ++other) {
      const cluster::Member* const member = hosts_[other]->member();
      if (other == node || member == nullptr || layout_.ShardOf(other) != layout_.ShardOf(node))
        continue;
      const std::optional<size_t> follows = Follows(*hosts_[other]);
      if (observer_->IsPrimary(other) ||
          (follows && *follows == node && member->view().self().history.has_data)) {
        return true;
      }
    }
    return false;
  }

  // ---- the end ----

  void Close() {
    ClosingSettings settings;
    for (NodeNumber i = 0; i < hosts_.size(); ++i) {
      if (!IsGone(i)) settings.nodes.push_back(Address(i));
    }
    for (size_t shard = 0; shard < layout_.shards; ++shard) {
      const cluster::SlotRange slots = layout_.SlotsOf(shard);
      const auto middle = static_cast<uint16_t>((slots.first.value + slots.last.value) / 2);
      settings.slots.insert(settings.slots.end(), {slots.first, SlotId{middle}, slots.last});
    }
    if (resharder_ != nullptr) settings.moved = resharder_->moved();
    settings.healed_at = healed_at_;
    settings.serve_within = Duration::Nanos(scenario_.ending.serve_within_ns);
    closing_ = std::make_unique<Closing>(std::move(settings), world_, record_);
    sim::NodeOptions node;
    node.name = "closing";
    world_.Start(world_.AddNode(node), [this](env::Env& env) { closing_->Run(env); });
    if (!ClosingDone(&Closing::tried)) return;
    AwaitAgreement();
    if (!result_.passed()) return;
    closing_->MayRead();
    ClosingDone(&Closing::read);
  }

  bool ClosingDone(bool (Closing::*part)() const) {
    if (RunTended([&] { return (closing_.get()->*part)(); }, world_.now() + kClosingMax))
      return true;
    if (result_.passed()) Fail("finish", "the last reading hangs");
    return false;
  }

  void AwaitAgreement() {
    const Instant deadline = healed_at_ + Duration::Nanos(scenario_.ending.converge_within_ns);
    std::string why;
    while (!(why = NotConverged()).empty() && world_.now() < deadline && result_.passed()) {
      RunTended([] { return false; }, world_.now() + kPoll);
    }
    CheckTally& tally = At(record_.checks, CheckId::kViewsConverge);
    ++tally.examined;
    if (why.empty()) return;
    tally.Fail(fmt::format("{:.1f} s after the last fault: {}",
                           (world_.now() - healed_at_).seconds(), why));
  }

  std::string NotConverged() const {
    std::vector<AgreementNode> nodes;
    for (NodeNumber i = 0; i < hosts_.size(); ++i) {
      if (!IsGone(i) && hosts_[i]->member() == nullptr) return fmt::format("node {} is not up", i);
      nodes.push_back({IsGone(i) ? nullptr : hosts_[i]->member(), observer_->IdOf(i)});
    }
    return Disagreement(nodes);
  }

  void Judge() {
    JudgeElections();
    JudgeCopies();
    JudgeOptions judge;
    judge.forgot = [this](NodeNumber node, int64_t from_ns, int64_t to_ns) {
      const auto within = [&](const Operator::Emptied& death) {
        return death.node == node && death.at_ns >= from_ns && death.at_ns <= to_ns;
      };
      return std::any_of(deaths_.begin(), deaths_.end(), within) ||
             std::any_of(operator_->emptied().begin(), operator_->emptied().end(), within);
    };
    judge.restarts_lose = !LogsAlways();
    if (result_.passed() || result_.failed_check == "finish") {
      const WriteFate fate =
          JudgeWrites(record_.history, observer_->reigns(), judge, record_.checks);
      result_.writes_survived = fate.survived;
      result_.writes_lost = fate.lost;
    }
    // Nodes that disagree are the cause of what their data shows.
    for (const bool of_cluster : {true, false}) {
      for (const CheckRow& row : kChecks) {
        if (row.doc.starts_with("cluster: ") == of_cluster) JudgeCheck(row);
      }
    }
  }

  void JudgeCheck(const CheckRow& row) {
    const CheckTally& tally = At(record_.checks, row.id);
    if (!scenario_.Checks(std::string(row.name)) || tally.failures == 0) return;
    // A hang is less telling than what a check says.
    if (result_.failed_check == "finish") result_.failed_check.clear();
    Fail(std::string(row.name), tally.message);
  }

  // Whether a node has what it acknowledged on disk.
  bool LogsAlways() const {
    const auto has = [this](std::string_view name, std::string_view value) {
      return std::any_of(drawn_.options.begin(), drawn_.options.end(), [&](const auto& option) {
        return option.first == name && option.second == value;
      });
    };
    return has("appendonly", "yes") && has("appendfsync", "always");
  }

  void JudgeElections() {
    uint64_t causes = operator_->orders() + gone_.size();
    if (resharder_ != nullptr) causes += resharder_->orders();
    if (faults_ != nullptr) {
      for (const FaultCount& count : faults_->counts()) causes += count.fired;
    }
    CheckTally& tally = At(record_.checks, CheckId::kFewElections);
    ++tally.examined;
    const uint64_t most = kPromotionsOfFault * layout_.shards * causes;
    if (observer_->promotions() <= most) return;
    tally.Fail(
        fmt::format("{} promotions after {} faults and orders", observer_->promotions(), causes));
  }

  void JudgeCopies() {
    CheckTally& tally = At(record_.checks, CheckId::kBoundedFullSyncs);
    ++tally.examined;
    const uint64_t healed = observer_->full_copies() - copies_before_;
    if (healed <= kHealedCopiesMax * layout_.nodes()) return;
    tally.Fail(
        fmt::format("{} full copies of {} nodes after all was healed", healed, layout_.nodes()));
  }

  void Fail(std::string check, std::string message) {
    if (!result_.passed()) return;
    result_.failed_check = std::move(check);
    result_.message = std::move(message);
  }

  void Summarise() {
    result_.hash = world_.trace().hash();
    result_.events = world_.events();
    result_.virtual_s = static_cast<double>(world_.now().ns) / 1e9;
    result_.operations = record_.operations;
    result_.operations_unknown = record_.operations_unknown;
    result_.exec_done = record_.transactions;
    for (const auto& client : clients_) {
      result_.commands += client->router().counts().commands;
      result_.connections += client->router().counts().connections;
      result_.connections_lost += client->router().counts().connections_lost;
    }
    for (const auto& host : hosts_) result_.restarts += host->deaths();
    result_.checks = record_.checks;
    if (faults_ != nullptr) result_.faults = faults_->counts();
    if (recorder_ != nullptr) recorder_->End(result_.failed_check, result_.message);
  }

  const Scenario& scenario_;
  const ServerFactory& factory_;
  const RunOptions& options_;
  RunResult result_;
  ClusterRecord record_;
  std::map<std::string, NodeNumber, std::less<>> numbers_;  // by address
  Instant stop_at_;
  Instant healed_at_;
  std::vector<NodeNumber> gone_;  // for good
  std::set<NodeNumber> old_nodes_;
  uint64_t faults_fired_ = 0;   // when they were last looked at
  uint64_t copies_before_ = 0;  // the end of the faults
  std::vector<Operator::Emptied> deaths_;
  std::vector<std::unique_ptr<ServerHost>> hosts_;
  std::vector<std::unique_ptr<ClusterClient>> clients_;
  std::vector<sim::Node*> client_nodes_;  // of clients_
  std::unique_ptr<faults::Injector> faults_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Operator> operator_;
  std::unique_ptr<Resharder> resharder_;
  std::unique_ptr<Closing> closing_;
  std::unique_ptr<ClusterRoles> roles_;  // these three only if a timeline is wanted
  std::unique_ptr<BusTap> tap_;
  std::unique_ptr<Recorder> recorder_;
  const Drawn drawn_;
  const ClusterLayout layout_;
  // Last, so that it goes first: its fibers use all of the above.
  sim::World world_;
};

}  // namespace

RunResult RunCluster(const Scenario& scenario, const ServerFactory& server,
                     const RunOptions& options) {
  return ClusterRun(scenario, server, options).Play();
}

}  // namespace norn::scenarios
