#include "scenarios/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "scenarios/exact_model.h"
#include "scenarios/final_reading.h"
#include "scenarios/linearizability.h"
#include "scenarios/names.h"
#include "scenarios/sim_client.h"
#include "sim/world.h"

namespace norn::scenarios {
namespace {

constexpr Duration kStartMax = Duration::Seconds(10);
// For what is still in buffers when the last client has gone.
constexpr Duration kDrain = Duration::Seconds(2);
constexpr Duration kFinalMax = Duration::Seconds(60);
// How much wronger a clock may look than its drift: conversions round.
constexpr int64_t kDriftMarginPpm = 50;

class Run {
 public:
  Run(const Scenario& scenario, const ServerFactory& factory, const RunOptions& options)
      : scenario_(scenario), factory_(factory), options_(options), world_(MakeWorld()) {
    result_.seed = options_.seed;
    if (options_.trace) world_.trace().SetSink(options_.trace);
  }
  ~Run() {
    for (const auto& node : world_.nodes()) {
      if (node->state() != sim::NodeState::kDown) world_.Stop(node.get());
    }
    server_.reset();
  }

  RunResult Play() {
    Draw();
    AddServer();
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
    // The world does not exist yet, so this purpose has a generator of its own making.
    Prng prng(options_.seed ^ 0x6e6574776f726bULL);
    sim::WorldOptions world;
    world.seed = options_.seed;
    const int64_t latency_ns = scenario_.network.latency_ns.Draw(prng);
    const int64_t jitter_ns = scenario_.network.jitter_ns.Draw(prng);
    world.fabric.link.latency = Duration::Nanos(latency_ns);
    world.fabric.link.jitter = Duration::Nanos(jitter_ns);
    if (options_.log) {
      world.log_sink = [this](const sim::Node& node, env::LogLevel, std::string_view line) {
        options_.log(fmt::format("{:.6f} {} {}", static_cast<double>(world_.now().ns) / 1e9,
                                 node.name(), line));
      };
    }
    return world;
  }

  // What the seed decides before anything runs.
  void Draw() {
    Prng prng = world_.PrngOf("scenario");
    threads_ = static_cast<size_t>(scenario_.node.threads.Draw(prng));
    drift_ppm_ = scenario_.node.drift_ppm.Draw(prng);
    pct_ = prng.OneIn(4);
    universe_.groups = static_cast<uint32_t>(scenario_.clients.groups.Draw(prng));
    universe_.keys_per_group = static_cast<uint32_t>(scenario_.clients.keys_per_group.Draw(prng));
    universe_.databases = static_cast<uint32_t>(scenario_.clients.databases.Draw(prng));
    clients_ = static_cast<size_t>(scenario_.clients.count.Draw(prng));
    timeout_ = Duration::Nanos(scenario_.clients.timeout_ns.Draw(prng));
    result_.drawn = fmt::format("threads={} scheduling={} clients={}", threads_,
                                pct_ ? "pct" : "random", clients_);
    for (const OptionChoice& choice : scenario_.node.options) {
      const std::string& value = choice.values[prng.Below(choice.values.size())];
      node_options_.emplace_back(choice.name, value);
      result_.drawn += fmt::format(" {}={}", choice.name, value);
    }
    record_.history.lone_client = clients_ <= 1;
  }

  void AddServer() {
    sim::NodeOptions node;
    node.name = "server";
    node.executors.executors = threads_;
    node.executors.policy = pct_ ? sim::SchedulePolicy::kPct : sim::SchedulePolicy::kRandom;
    node.clock.drift_ppm = drift_ppm_;
    server_node_ = world_.AddNode(node);
    StartServer();
  }

  void StartServer() {
    world_.Start(server_node_, [this](env::Env& env) {
      server_ = factory_(env, node_options_);
      const absl::Status status = server_->Start();
      started_ = status.ok();
      if (!status.ok()) start_error_ = std::string(status.message());
    });
  }

  bool Started() {
    world_.RunUntil([this] { return started_ || !start_error_.empty(); }, world_.now() + kStartMax);
    if (started_) return true;
    Fail("start", start_error_.empty() ? "the node did not come up in time" : start_error_);
    return false;
  }

  void AddClients() {
    stop_at_ = world_.now() + Duration::Nanos(scenario_.duration_ns);
    FaultTargets targets;
    targets.world = &world_;
    targets.server = server_node_;
    for (size_t i = 0; i < clients_; ++i) {
      targets.hosts.push_back(AddClient(i));
      targets.clients.push_back(sim_clients_.back().get());
    }
    targets.crash = [this] { CrashServer(); };
    targets.restart = [this] { StartServer(); };
    faults_ = std::make_unique<Faults>(scenario_, targets, stop_at_);
    for (const FaultRow& row : kFaultRows) {
      if (faults_->counts()[static_cast<size_t>(row.kind)].armed > 0) {
        result_.drawn += fmt::format(" {}", row.name);
      }
    }
  }

  sim::Node* AddClient(size_t index) {
    SimClientSettings settings;
    settings.index = static_cast<uint32_t>(index);
    settings.server = fmt::format("{}:{}", server_node_->ip(), kServerPort);
    settings.think_time_ns = scenario_.clients.think_time_ns;
    settings.pipeline = scenario_.clients.pipeline;
    settings.timeout = timeout_;
    settings.resp3_percent = scenario_.clients.resp3_percent;
    settings.stop_at = stop_at_;
    settings.keep_history = KeepsHistory();
    WorkloadSettings workload;
    workload.client = settings.index;
    workload.universe = universe_;
    workload.value_bytes = scenario_.clients.value_bytes;
    std::copy(std::begin(scenario_.weights), std::end(scenario_.weights), workload.weights);
    if (index == clients_) workload.weights[0] = 1;  // the final reader: asks nothing of its own
    sim_clients_.push_back(std::make_unique<SimClient>(settings, workload, world_, record_));
    sim::NodeOptions node;
    node.name = fmt::format("client{}", index);
    return world_.AddNode(node);
  }

  bool KeepsHistory() const {
    return scenario_.Checks("linearizability") || scenario_.Checks("exact_model");
  }

  void CrashServer() {
    record_.history.crashes.push_back({world_.now().ns});
    started_ = false;
    world_.Crash(server_node_);
    server_.reset();
  }

  // Clients work while faults happen; then all heals and the clients come to their end.
  void Busy() {
    faults_->Arm();
    for (size_t i = 0; i < clients_; ++i) {
      SimClient* client = sim_clients_[i].get();
      world_.Start(world_.nodes()[i + 1].get(), [client](env::Env& env) { client->Run(env); });
    }
    const auto exited = [this] { return server_node_->exit_code().has_value(); };
    world_.RunUntil(exited, stop_at_);
    faults_->Heal();
    const Instant patience = world_.now() + timeout_ * 3 + kStartMax;
    world_.RunUntil([this] { return AllDone(); }, patience);
    if (exited()) return Fail("exit", fmt::format("code {}", *server_node_->exit_code()));
    if (!started_) return Fail("start", "the node did not come back: " + start_error_);
    for (size_t i = 0; i < clients_; ++i) {
      if (!sim_clients_[i]->done()) return Fail("finish", fmt::format("client {} hangs", i));
    }
    if (scenario_.Checks("model_equality")) ReadAll();
  }

  bool AllDone() const {
    if (!started_) return false;
    return std::all_of(sim_clients_.begin(), sim_clients_.end(),
                       [](const auto& client) { return client->done(); });
  }

  void ReadAll() {
    world_.RunFor(kDrain);
    sim::Node* host = AddClient(clients_);
    FinalReading reading(*sim_clients_.back(), universe_, record_.checks);
    world_.Start(host, [&reading](env::Env& env) { reading.Run(env); });
    if (!world_.RunUntil([&reading] { return reading.done(); }, world_.now() + kFinalMax)) {
      Fail("finish", "the final reading hangs");
      world_.Stop(host);
    }
  }

  void Judge() {
    ClockError clock;
    clock.drift_ppm = std::abs(drift_ppm_) + kDriftMarginPpm;
    if (scenario_.Checks("exact_model")) JudgeExactly(clock);
    bool bound_reached = false;
    if (scenario_.Checks("linearizability")) bound_reached = JudgeOrder(clock);
    for (const CheckRow& row : kChecks) {
      const CheckTally& tally = At(record_.checks, row.id);
      if (!scenario_.Checks(std::string(row.name)) || tally.failures == 0) continue;
      return Fail(std::string(row.name), tally.message);
    }
    if (bound_reached) {
      Fail("linearizability_bound", "the search was given up before it found an order");
    }
  }

  void JudgeExactly(const ClockError& clock) {
    const ExactModelReport report = CheckExactModel(record_.history, universe_, clock);
    CheckTally& tally = At(record_.checks, CheckId::kExactModel);
    tally.examined += report.examined;
    if (!report.message.empty()) tally.Fail(report.message);
  }

  // True when the search ended without a verdict.
  bool JudgeOrder(const ClockError& clock) {
    LinearizabilityOptions options;
    options.universe = universe_;
    options.clock = clock;
    options.steps_max = options_.search_steps_max;
    const LinearizabilityReport report = CheckLinearizability(record_.history, options);
    CheckTally& tally = At(record_.checks, CheckId::kLinearizability);
    tally.examined += report.examined;
    result_.search_steps = report.steps;
    if (report.verdict == Verdict::kViolation) tally.Fail(report.message);
    return report.verdict == Verdict::kUnknown;
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
    result_.checks = record_.checks;
    if (faults_ != nullptr) result_.faults = faults_->counts();
  }

  const Scenario& scenario_;
  const ServerFactory& factory_;
  const RunOptions& options_;
  RunResult result_;
  RunRecord record_;
  KeyUniverse universe_;
  size_t threads_ = 1;
  size_t clients_ = 0;
  int64_t drift_ppm_ = 0;
  bool pct_ = false;
  Duration timeout_;
  ServerOptions node_options_;
  bool started_ = false;
  std::string start_error_;
  Instant stop_at_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<SimClient>> sim_clients_;
  std::unique_ptr<Faults> faults_;
  // Last, so that it goes first: its fibers use all of the above.
  sim::World world_;
  sim::Node* server_node_ = nullptr;
};

}  // namespace

RunResult RunScenario(const Scenario& scenario, const ServerFactory& server,
                      const RunOptions& options) {
  return Run(scenario, server, options).Play();
}

}  // namespace norn::scenarios
