#include "scenarios/server_host.h"

#include <utility>

namespace norn::scenarios {
namespace {

constexpr size_t kLogLinesKept = 12;

}  // namespace

void ServerHost::SetOption(const std::string& name, const std::string& value) {
  std::erase_if(options_, [&](const auto& option) { return option.first == name; });
  if (!value.empty()) options_.emplace_back(name, value);
}

void ServerHost::Start() {
  started_ = false;
  start_error_.clear();
  log_.clear();
  world_.Start(node_, [this](env::Env& env) {
    if (prepare_) std::exchange(prepare_, nullptr)(env);
    server_ = factory_(env, options_);
    const absl::Status status = server_->Start();
    started_ = status.ok();
    if (!status.ok()) start_error_ = std::string(status.message());
  });
}

void ServerHost::Crash(const sim::CrashOptions& options) {
  const sim::DiskCounters before = disk().counters();
  disk().CrashAtOperation(UINT64_MAX, sim::CrashSide::kBefore, {});
  world_.Crash(node_, options);
  NoteDeath(options.unsynced, before);
  server_.reset();
}

void ServerHost::Bury() {
  const sim::DiskCounters before = disk().counters();
  disk().CrashAtOperation(UINT64_MAX, sim::CrashSide::kBefore, {});
  if (node_->state() != sim::NodeState::kDown) world_.Stop(node_);
  NoteDeath(sim::UnsyncedFate::kAll, before);
  server_.reset();
}

void ServerHost::NoteDeath(sim::UnsyncedFate fate, const sim::DiskCounters& before) {
  const bool machine = fate != sim::UnsyncedFate::kAll;
  const sim::DiskCounters& after = disk().counters();
  if (machine && after.lies > 0) lied_to_ = true;
  if (machine && failed_syncs_of_earlier_lives_ > 0) lost_syncs_ = true;
  if (started_) holes_ = false;  // it has read what was there
  const bool odd =
      after.writes_reordered > before.writes_reordered || after.writes_torn > before.writes_torn;
  if (fate == sim::UnsyncedFate::kRandom && odd) holes_ = true;
  failed_syncs_of_earlier_lives_ = after.failed_syncs;
  started_ = false;
  start_error_.clear();
  ++deaths_;
  died_at_ = world_.now();
}

bool ServerHost::serving() const { return started_ && node_->state() != sim::NodeState::kDown; }

bool ServerHost::failed() const {
  if (!start_error_.empty()) return true;
  return server_ != nullptr && node_->state() == sim::NodeState::kDown;
}

bool ServerHost::Unreliable() const {
  return lied_to_ || lost_syncs_ || disk().counters().bits_flipped > 0;
}

std::string ServerHost::LastWords() const {
  std::string words = start_error_;
  for (const std::string& line : log_) words += (words.empty() ? "" : "\n  ") + line;
  return words;
}

void ServerHost::Hear(env::LogLevel level, std::string_view line) {
  if (level < env::LogLevel::kWarning) return;
  log_.emplace_back(line);
  if (log_.size() > kLogLinesKept) log_.pop_front();
}

}  // namespace norn::scenarios
