#include "scenarios/failover_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace norn::scenarios {

CLI::App* FailoverWords::AddTo(CLI::App& app, std::string& seeds, std::string& plant) {
  CLI::App* fail = app.add_subcommand(
      "failover", "how long slots are without a primary after one fault: p50, p99, max over seeds");
  fail->add_option("--shards", command_.setup.shards, "primaries with slots (default 5)");
  fail->add_option("--replicas", command_.setup.replicas, "of each primary (default 1)");
  fail->add_option("--kill", command_.setup.victims, "primaries that fail at once (default 1)");
  fail->add_option("--how", how_, "silent: the hosts are gone; killed: the processes are")
      ->check(CLI::IsMember({"silent", "killed"}));
  fail->add_option("--timeout-ms", timeout_ms_, "cluster-node-timeout (default 2000)")
      ->check(CLI::Range(int64_t{100}, int64_t{600000}));
  fail->add_option("--patience-ms", patience_ms_, "until then it must be over (default 60000)")
      ->check(CLI::Range(int64_t{100}, int64_t{600000}));
  fail->add_option("--sync-ms", sync_ms_, "LEAST MOST: saving a node's file takes (default 0.2 3)")
      ->expected(2)
      ->check(CLI::Range(0.0, 10000.0));
  fail->add_option("--seeds", seeds, "FIRST..LAST (default 1..1)");
  fail->add_option("--plant", plant, "as for run");
  fail->add_flag("--each", command_.each, "a line for each seed too");
  fail->add_flag(
      "--first-failure", command_.first_failure,
      "a line for each seed as `run` has it; stop at the first that is not over in time");
  fail->add_flag("--old-bus", command_.setup.old_bus,
                 "all speak the bus of servers before 7.0, and vote as they do");
  fail->add_flag("--log-lines", log_lines_, "what the nodes log after the fault, on stderr");
  fail->add_option("--healthy-hours", command_.healthy_hours,
                   "no fault, but slow nodes and links for so long; counts elections");
  return fail;
}

FailoverCommand FailoverWords::Command() const {
  FailoverCommand command = command_;
  command.setup.form = how_ == "silent" ? FaultForm::kSilent : FaultForm::kKilled;
  command.setup.node_timeout = Duration::Millis(timeout_ms_);
  command.setup.patience = Duration::Millis(patience_ms_);
  const auto [least_ms, most_ms] = std::minmax(sync_ms_[0], sync_ms_[1]);
  command.setup.sync_min = Duration::Nanos(static_cast<int64_t>(least_ms * 1e6));
  command.setup.sync_max = Duration::Nanos(static_cast<int64_t>(most_ms * 1e6));
  if (log_lines_) {
    command.setup.log = [](Duration since, size_t node, const std::string& line) {
      fmt::print(stderr, "{:.6f} node {}: {}\n", since.seconds(), node, line);
    };
  }
  return command;
}

}  // namespace norn::scenarios
