#include "scenarios/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "scenarios/audit.h"
#include "scenarios/cluster/cluster_run.h"
#include "scenarios/director.h"
#include "scenarios/drawn.h"
#include "scenarios/exact_model.h"
#include "scenarios/final_reading.h"
#include "scenarios/linearizability.h"
#include "scenarios/page/recorder.h"
#include "scenarios/sim_client.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr Duration kStartMax = Duration::Seconds(10);
// For what is still in buffers when the last client has gone.
constexpr Duration kDrain = Duration::Seconds(2);
constexpr Duration kFinalMax = Duration::Seconds(60);
constexpr Duration kMeetMax = Duration::Seconds(300);
// What a supervisor waits before it starts a process again that ended by itself.
constexpr Duration kRestartPause = Duration::Millis(200);
// How much wronger a clock may look than its drift: conversions round.
constexpr int64_t kDriftMarginPpm = 50;

// Last words that help: the file, or what the device said.
bool GivesReason(std::string_view words) {
  constexpr std::string_view kReasons[] = {".aof", ".rdb", "manifest", "Input/output error",
                                           "No space left on device"};
  return std::any_of(std::begin(kReasons), std::end(kReasons), [words](std::string_view reason) {
    return words.find(reason) != std::string_view::npos;
  });
}

class Run {
 public:
  Run(const Scenario& scenario, const ServerFactory& factory, const RunOptions& options)
      : scenario_(scenario),
        factory_(factory),
        options_(options),
        drawn_(Draw(scenario, options.seed)),
        world_(MakeWorld()) {
    result_.seed = options_.seed;
    result_.drawn = drawn_.Text();
    record_.history.lone_client = drawn_.clients <= 1;
    if (options_.trace) world_.trace().SetSink(options_.trace);
  }
  ~Run() {
    recorder_ = nullptr;
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
    // No fiber is left that uses them, and their clients' streams belong to the world.
    director_ = nullptr;
    audit_ = nullptr;
    sim_clients_.clear();
    hosts_.clear();
  }

  RunResult Play() {
    AddServers();
    if (Started()) {
      AddClients();
      Busy();
      if (result_.passed()) Judge();
    }
    Summarise();
    return std::move(result_);
  }

 private:
  sim::WorldOptions MakeWorld() {
    sim::WorldOptions world = DrawWorld(scenario_, options_.seed);
    world.log_sink = [this](const sim::Node& node, env::LogLevel level, std::string_view line) {
      if (node.index().value < hosts_.size()) hosts_[node.index().value]->Hear(level, line);
      if (director_ != nullptr) director_->Hear(line);
      if (recorder_ != nullptr) recorder_->Hear(node.index().value, line);
      if (!options_.log) return;
      options_.log(fmt::format("{:.6f} {} {}", static_cast<double>(world_.now().ns) / 1e9,
                               node.name(), line));
    };
    return world;
  }

  // Servers are the first nodes of the world; the first of them is the one that clients talk to.
  void AddServers() {
    for (size_t i = 0; i <= drawn_.replicas; ++i) {
      sim::NodeOptions node;
      node.name = i == 0 ? "server" : fmt::format("replica{}", i);
      node.executors.executors = i == 0 ? drawn_.threads : drawn_.replica_threads[i - 1];
      node.executors.policy = drawn_.pct ? sim::SchedulePolicy::kPct : sim::SchedulePolicy::kRandom;
      node.clock.drift_ppm = drawn_.drift_ppm;
      hosts_.push_back(std::make_unique<ServerHost>(world_, world_.AddNode(node), factory_,
                                                    i == 0 ? drawn_.options : ReplicaOptions()));
    }
    if (Director::IsWanted(scenario_)) AddDirector();
    if (options_.timeline != nullptr) Record();
    for (const auto& host : hosts_) host->Start();
  }

  void Record() {
    std::vector<ServerHost*> servers;
    for (const auto& host : hosts_) servers.push_back(host.get());
    recorder_ =
        std::make_unique<Recorder>(scenario_, world_, *options_.timeline, std::move(servers),
                                   record_.checks, [this](size_t lane) { return RoleOf(lane); });
  }

  std::optional<Timeline::State> RoleOf(size_t lane) {
    shown_as_primary_.resize(hosts_.size());
    const bool leads = hosts_[lane].get() == &primary();
    if (shown_as_primary_[lane] == leads) return std::nullopt;
    shown_as_primary_[lane] = leads;
    return Timeline::State{.value = leads ? "primary" : "replica", .shard = 0};
  }

  // The first node of the world has its first address.
  ServerOptions ReplicaOptions() const {
    ServerOptions options = drawn_.replica_options;
    options.emplace_back("replicaof", fmt::format("10.0.0.1 {}", kServerPort));
    return options;
  }

  void AddDirector() {
    std::vector<ServerHost*> servers;
    for (const auto& host : hosts_) servers.push_back(host.get());
    director_ = std::make_unique<Director>(scenario_, world_, std::move(servers), record_);
    result_.drawn += director_->drawn();
  }

  bool Started() {
    const auto all = [this](auto what) { return std::all_of(hosts_.begin(), hosts_.end(), what); };
    const auto serving = [](const auto& host) { return host->serving(); };
    const auto call = [&] {
      if (recorder_ != nullptr) recorder_->Look();
      return all(serving) || Failed() != nullptr;
    };
    world_.RunUntil(call, world_.now() + kStartMax);
    if (all(serving)) return true;
    const ServerHost* const failed = Failed();
    Fail("start", failed != nullptr ? failed->LastWords() : "a node did not come up in time");
    return false;
  }

  // A server whose life ended by itself, or null.
  ServerHost* Failed() const {
    for (const auto& host : hosts_) {
      if (host->failed()) return host.get();
    }
    return nullptr;
  }

  void AddClients() {
    stop_at_ = world_.now() + Duration::Nanos(scenario_.duration_ns);
    for (size_t i = 0; i < drawn_.clients; ++i) AddClient(i);
    faults::Targets targets = FaultTargets();
    if (recorder_ != nullptr) recorder_->Watch(targets, drawn_.plan, true);
    faults_ = std::make_unique<faults::Injector>(std::move(targets), drawn_.plan, drawn_.kinds);
    result_.drawn += drawn_.Kinds();
  }

  faults::Targets FaultTargets() {
    faults::Targets targets;
    targets.world = &world_;
    for (const auto& each : hosts_) {
      ServerHost* const host = each.get();
      targets.machines.push_back({host->node(), [host] { return host->serving(); },
                                  [this, host](const sim::CrashOptions& how) { Kill(*host, how); },
                                  [this, host] { Restart(*host); }});
      const auto zones = static_cast<size_t>(scenario_.node.zones);
      targets.machines.back().zone = (targets.machines.size() - 1) % zones;
    }
    for (size_t i = 0; i < drawn_.clients; ++i) {
      const SimClient* const client = sim_clients_[i].get();
      targets.clients.push_back({client_nodes_[i], [client] { return client->pipelines(); },
                                 [client] { return client->connections_lost(); },
                                 [client] { return client->waiting(); }});
    }
    targets.client_patience = Duration::Nanos(scenario_.clients.timeout_ns.high);
    if (director_ != nullptr) {
      targets.command = [this](FaultKind kind, Prng& prng, std::function<void()> effect) {
        return director_->Ask(kind, prng, std::move(effect));
      };
    }
    return targets;
  }

  void Kill(ServerHost& host, const sim::CrashOptions& how) {
    record_.history.crashes.push_back({world_.now().ns});
    host.Crash(how);
    NoteDeath(host);
  }

  void AddAuditor() {
    if (!scenario_.Checks("durable_prefix")) return;
    const bool slow = scenario_.HasFault(FaultKind::kSlowDisk);
    sim::Node* const node = AddClient(drawn_.clients);
    audit_ = std::make_unique<Audit>(DurabilityPromise::Of(drawn_.options, slow), *hosts_[0],
                                     *sim_clients_.back(), drawn_.universe.databases, record_);
    world_.Start(node, [this](env::Env& env) { audit_->Run(env); });
  }

  sim::Node* AddClient(size_t index) {
    SimClientSettings settings;
    settings.index = static_cast<uint32_t>(index);
    settings.server = fmt::format("{}:{}", hosts_[0]->node()->ip(), kServerPort);
    settings.think_time_ns = scenario_.clients.think_time_ns;
    settings.pipeline = scenario_.clients.pipeline;
    settings.timeout = drawn_.timeout;
    settings.resp3_percent = scenario_.clients.resp3_percent;
    settings.stop_at = stop_at_;
    settings.keep_history = KeepsHistory();
    settings.ignores_gate = index == drawn_.clients;
    WorkloadSettings workload;
    workload.client = settings.index;
    workload.universe = drawn_.universe;
    workload.value_bytes = scenario_.clients.value_bytes;
    std::copy(std::begin(scenario_.weights), std::end(scenario_.weights), workload.weights);
    if (index == drawn_.clients)
      workload.weights[0] = 1;  // the final reader: asks nothing of its own
    sim_clients_.push_back(std::make_unique<SimClient>(settings, workload, world_, record_));
    sim::NodeOptions node;
    node.name = fmt::format("client{}", index);
    client_nodes_.push_back(world_.AddNode(node));
    return client_nodes_.back();
  }

  bool KeepsHistory() const {
    return scenario_.Checks("linearizability") || scenario_.Checks("exact_model");
  }

  // May come twice: from who ended the node's life and from who tends it.
  void Restart(ServerHost& host) {
    if (host.node()->state() != sim::NodeState::kDown || refused_ || &host == dead_) return;
    ++At(record_.checks, CheckId::kStartOrReason).examined;
    host.Start();
  }

  // A process that ended by itself, or could not start. Broken disks may do that; the reason must name a file.
  void Tend(ServerHost& host) {
    if (!scenario_.Checks("start_or_reason")) {
      const std::optional<int> code = host.node()->exit_code();
      return code ? Fail("exit", fmt::format("code {}", *code)) : Fail("start", host.LastWords());
    }
    CheckTally& tally = At(record_.checks, CheckId::kStartOrReason);
    const std::string words = host.LastWords();
    const bool passing = !healed_ && DiskFails();
    const bool may = host.MayRefuse() || passing;
    const bool named = GivesReason(words);
    if (!may) tally.Fail("the node ended on a disk without damage: " + words);
    if (!named) tally.Fail("the node ended without a reason that helps: " + words);
    host.Bury();
    record_.history.crashes.push_back({world_.now().ns});
    NoteDeath(host);
    ++result_.refusals;
    refused_ = !passing || tally.failures > 0;
    if (!refused_) world_.After(kRestartPause, [this, &host] { Restart(host); });
  }

  void NoteDeath(const ServerHost& host) {
    if (audit_ != nullptr && &host == hosts_[0].get()) audit_->NoteDeath();
  }

  // Faults that pass, after which the same files can be read again.
  bool DiskFails() const {
    for (const FaultKind kind :
         {FaultKind::kIoError, FaultKind::kFailingSync, FaultKind::kDiskFull}) {
      if (faults_->counts()[static_cast<size_t>(kind)].armed > 0) return true;
    }
    return false;
  }

  // Runs until `done`, tending the node; false when the deadline came, or the node is given up.
  bool RunTended(const std::function<bool()>& done, Instant deadline) {
    while (result_.passed() && !refused_) {
      const auto call = [&] {
        if (recorder_ != nullptr) recorder_->Look();
        return Failed() != nullptr || done();
      };
      if (!world_.RunUntil(call, deadline)) return false;
      ServerHost* const failed = Failed();
      if (failed == nullptr) return true;
      Tend(*failed);
    }
    return false;
  }

  // Clients work while faults happen; then all heals and the clients come to their end.
  void Busy() {
    faults_->Arm();
    for (size_t i = 0; i < drawn_.clients; ++i) {
      SimClient* client = sim_clients_[i].get();
      world_.Start(world_.nodes()[i + hosts_.size()].get(),
                   [client](env::Env& env) { client->Run(env); });
    }
    AddAuditor();
    StartDirector();
    RunTended([] { return false; }, stop_at_);
    if (!EndBusyTime()) return;
    faults_->Heal();
    if (recorder_ != nullptr) recorder_->Healed();
    healed_ = true;
    const Instant patience = world_.now() + drawn_.timeout * 3 + kStartMax;
    RunTended([this] { return AllDone(); }, patience);
    if (!result_.passed() || refused_) return;
    if (!primary().serving()) {
      return Fail("start", "the node did not come back: " + primary().LastWords());
    }
    if (!ComeTogether()) return;
    if (audit_ != nullptr && !ReadBackOnceMore()) return;
    for (size_t i = 0; i < drawn_.clients; ++i) {
      if (!sim_clients_[i]->done()) return Fail("finish", fmt::format("client {} hangs", i));
    }
    if (scenario_.Checks("model_equality")) ReadAll();
  }

  // The node that takes writes.
  ServerHost& primary() { return *hosts_[director_ == nullptr ? 0 : director_->primary()]; }
  const ServerHost& primary() const {
    return *hosts_[director_ == nullptr ? 0 : director_->primary()];
  }

  void StartDirector() {
    if (director_ == nullptr) return;
    sim::NodeOptions node;
    node.name = "director";
    world_.Start(world_.AddNode(node), [this](env::Env& env) { director_->Run(env); });
  }

  // The last thing that happens before all heals may be the end of the primary.
  bool EndBusyTime() {
    if (director_ == nullptr || !result_.passed()) return result_.passed();
    director_->EndBusyTime();
    if (!scenario_.replication.primary_dies) return true;
    dead_ = &primary();
    dead_->Crash({.host_alive = false, .unsynced = sim::UnsyncedFate::kNone});
    faults_->Wake();
    director_->CountHolders();
    if (RunTended([this] { return director_->counted(); }, world_.now() + kFinalMax)) return true;
    if (result_.passed()) Fail("finish", "the replicas cannot be read");
    return false;
  }

  bool ComeTogether() {
    if (director_ == nullptr) return true;
    director_->Meet();
    if (RunTended([this] { return director_->done(); }, world_.now() + kMeetMax)) return true;
    if (result_.passed()) Fail("finish", "the director hangs");
    return false;
  }

  // Every run ends with the death of the process, so that every run has a reading.
  bool ReadBackOnceMore() {
    hosts_[0]->Crash({.host_alive = true, .unsynced = sim::UnsyncedFate::kAll});
    audit_->NoteDeath();
    Restart(*hosts_[0]);
    if (RunTended([this] { return audit_->settled(); }, world_.now() + kFinalMax)) return true;
    if (result_.passed() && !refused_) Fail("start", "not read back: " + hosts_[0]->LastWords());
    return false;
  }

  bool AllDone() const {
    if (!primary().serving() || (audit_ != nullptr && !audit_->settled())) return false;
    const auto end = sim_clients_.begin() + static_cast<ptrdiff_t>(drawn_.clients);
    return std::all_of(sim_clients_.begin(), end,
                       [](const auto& client) { return client->done(); });
  }

  void ReadAll() {
    world_.RunFor(kDrain);
    sim::Node* host = AddClient(drawn_.clients);
    FinalReading reading(*sim_clients_.back(), drawn_.universe, record_.checks);
    world_.Start(host, [&reading](env::Env& env) { reading.Run(env); });
    if (!world_.RunUntil([&reading] { return reading.done(); }, world_.now() + kFinalMax)) {
      Fail("finish", "the final reading hangs");
      world_.Stop(host);
    }
  }

  void Judge() {
    ClockError clock;
    clock.drift_ppm = std::abs(drawn_.drift_ppm) + kDriftMarginPpm;
    if (scenario_.Checks("exact_model")) JudgeExactly(clock);
    if (scenario_.Checks("linearizability")) JudgeOrder(clock);
    for (const CheckRow& row : kChecks) {
      const CheckTally& tally = At(record_.checks, row.id);
      if (!scenario_.Checks(std::string(row.name)) || tally.failures == 0) continue;
      return Fail(std::string(row.name), tally.message);
    }
    if (!gave_up_.empty()) Fail("linearizability_bound", gave_up_);
  }

  void JudgeExactly(const ClockError& clock) {
    const ExactModelReport report = CheckExactModel(record_.history, drawn_.universe, clock);
    CheckTally& tally = At(record_.checks, CheckId::kExactModel);
    tally.examined += report.examined;
    if (!report.message.empty()) tally.Fail(report.message);
  }

  void JudgeOrder(const ClockError& clock) {
    LinearizabilityOptions options;
    options.universe = drawn_.universe;
    options.clock = clock;
    options.steps_max = options_.search_steps_max;
    const LinearizabilityReport report = CheckLinearizability(record_.history, options);
    CheckTally& tally = At(record_.checks, CheckId::kLinearizability);
    tally.examined += report.examined;
    result_.search_steps = report.steps;
    if (report.verdict == Verdict::kViolation) tally.Fail(report.message);
    if (report.verdict == Verdict::kUnknown) gave_up_ = report.message;
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
    result_.commands = record_.commands;
    result_.operations = record_.operations;
    result_.operations_unknown = record_.operations_unknown;
    result_.connections = record_.connections;
    result_.connections_lost = record_.connections_lost;
    result_.exec_done = record_.exec_done;
    result_.exec_refused = record_.exec_refused;
    for (const auto& host : hosts_) result_.restarts += host->deaths();
    result_.writes_survived = record_.ledger.survived();
    result_.writes_lost = record_.ledger.lost();
    result_.disk = hosts_[0]->disk().counters();
    result_.checks = record_.checks;
    if (faults_ != nullptr) result_.faults = faults_->counts();
    if (recorder_ != nullptr) recorder_->End(result_.failed_check, result_.message);
  }

  const Scenario& scenario_;
  const ServerFactory& factory_;
  const RunOptions& options_;
  RunResult result_;
  RunRecord record_;
  bool healed_ = false;   // no fault acts any more
  bool refused_ = false;  // the node does not come back, and need not
  std::string gave_up_;   // the search ended without a verdict: where
  Instant stop_at_;
  std::vector<std::unique_ptr<ServerHost>> hosts_;
  std::vector<std::unique_ptr<SimClient>> sim_clients_;
  std::vector<sim::Node*> client_nodes_;  // of sim_clients_
  std::unique_ptr<faults::Injector> faults_;
  std::unique_ptr<Audit> audit_;
  std::unique_ptr<Director> director_;
  std::unique_ptr<Recorder> recorder_;                 // only if a timeline is wanted
  std::vector<std::optional<bool>> shown_as_primary_;  // there, by host
  ServerHost* dead_ = nullptr;                         // for good
  const Drawn drawn_;
  // Last, so that it goes first: its fibers use all of the above.
  sim::World world_;
};

}  // namespace

RunResult RunScenario(const Scenario& scenario, const ServerFactory& server,
                      const RunOptions& options) {
  const CoverCounts before = CoverHits();
  RunResult result = scenario.cluster.enabled() ? RunCluster(scenario, server, options)
                                                : Run(scenario, server, options).Play();
  for (size_t i = 0; i < kCovers.size(); ++i) result.covers[i] = CoverHits()[i] - before[i];
  return result;
}

}  // namespace norn::scenarios
