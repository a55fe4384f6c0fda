#pragma once
// The command line of `norn-sim failover`, as a person writes it.

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "scenarios/failover_command.h"

namespace norn::scenarios {

class FailoverWords {
 public:
  // Adds the subcommand; what is given fills this, `seeds` and `plant`. All must outlive the parsing.
  CLI::App* AddTo(CLI::App& app, std::string& seeds, std::string& plant);
  // What was asked for, but for the seeds.
  FailoverCommand Command() const;

 private:
  FailoverCommand command_;
  std::string how_ = "silent";
  int64_t patience_ms_ = 60000;
  int64_t timeout_ms_ = 2000;
  bool log_lines_ = false;
  std::vector<double> sync_ms_ = {0.2, 3};
};

}  // namespace norn::scenarios
