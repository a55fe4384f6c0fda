#include "sim/node.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "sim/seed.h"

namespace norn::sim {
namespace {

constexpr uint32_t kFirstIp = 10u << 24 | 1;

std::string DefaultIp(NodeIndex index) { return FormatIp(kFirstIp + index.value); }

uint32_t RequireIp(const std::string& text) {
  const std::optional<uint32_t> ip = ParseIp(text);
  CHECK_MSG(ip.has_value(), text + " is not an ip");
  return *ip;
}

struct Boot {
  NodeBody body;
  env::Env* env;
};

}  // namespace

Node::SimEntropy::SimEntropy(Trace& trace, NodeIndex node, uint64_t seed)
    : trace_(trace), node_(node), prng_(seed) {}

uint64_t Node::SimEntropy::Next() {
  const uint64_t value = prng_.Next();
  trace_.Add(TraceKind::kEntropy, node_, value, 0);
  return value;
}

Node::Node(Scheduler& scheduler, Trace& trace, Fabric& fabric, const LogSink& log_sink,
           NodeIndex index, const NodeOptions& options, uint64_t seed)
    : trace_(trace),
      fabric_(fabric),
      log_sink_(log_sink),
      index_(index),
      name_(options.name.empty() ? fmt::format("n{}", index.value) : options.name),
      ip_(options.ip.empty() ? DefaultIp(index) : options.ip),
      clock_(scheduler, options.clock),
      entropy_(trace, index, SeedFor(seed, "entropy")),
      executors_(scheduler, trace, clock_, index, options.executors, SeedFor(seed, "executors"),
                 *this),
      network_(fabric, index),
      disk_(trace, index, executors_, options.disk, SeedFor(seed, "disk")) {
  fabric_.AddHost(index_, RequireIp(ip_), executors_, SeedFor(seed, "network"));
  clock_.OnChange([this] {
    trace_.Add(TraceKind::kClock, index_, static_cast<uint64_t>(clock_.Now().ns),
               static_cast<uint64_t>(clock_.Wall().us));
    executors_.RearmAll();
  });
}

Node::~Node() {
  if (executors_.running()) End(Fabric::Down::kExit, UnsyncedFate::kAll);
}

NodeState Node::state() const {
  if (!executors_.running()) return NodeState::kDown;
  return executors_.paused() ? NodeState::kPaused : NodeState::kRunning;
}

void Node::Start(NodeBody body) {
  CHECK(!executors_.running());
  ++starts_;
  fabric_.HostUp(index_);
  executors_.Boot(
      [](void* argument) {
        std::unique_ptr<Boot> boot(static_cast<Boot*>(argument));
        boot->body(*boot->env);
      },
      [](void* argument) { delete static_cast<Boot*>(argument); }, new Boot{std::move(body), this});
}

// The world's side first: what the unwinding fibers do then reaches nobody.
void Node::End(Fabric::Down down, UnsyncedFate unsynced) {
  fabric_.HostDown(index_, down);
  if (executors_.running()) executors_.Kill();
  disk_.Crash(unsynced);
}

void Node::StopNow() { End(Fabric::Down::kExit, UnsyncedFate::kAll); }

void Node::Log(env::LogLevel level, std::string_view line) {
  trace_.AddText(TraceKind::kLog, index_, static_cast<uint64_t>(level), line);
  if (log_sink_) log_sink_(*this, level, line);
}

void Node::Exit(int code) {
  if (!executors_.running()) return;
  exit_code_ = code;
  trace_.Add(TraceKind::kExit, index_, static_cast<uint64_t>(static_cast<int64_t>(code)), 0);
  executors_.RequestStop();
}

env::ProcessStats Node::Stats() {
  env::ProcessStats stats;
  stats.pid = 1000 + static_cast<int64_t>(index_.value) + 10000 * static_cast<int64_t>(starts_);
  return stats;
}

}  // namespace norn::sim
