#pragma once
// `norn-sim lines`: command lines of every type, drawn by engine/commands/drawn, for scripts that play them against servers.

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace norn::scenarios {

class DrawnLines {
 public:
  // Adds the subcommand; what is given fills this, which must outlive the parsing.
  CLI::App* AddTo(CLI::App& app);
  // One line on stdout for each command: "-", or "u" where the order of the reply is free, a tab, the words with blanks
  // between them (no word has any).
  // Returns the exit code.
  int Print() const;

 private:
  uint64_t seed_ = 1;
  uint64_t count_ = 1000;
  bool only_writes_ = false;
  bool long_lives_ = false;
  std::string prefix_;
  std::vector<std::string> without_;
};

}  // namespace norn::scenarios
