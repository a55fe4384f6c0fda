#pragma once
// The names under which this node's clients reach commands: those of the table, but for what rename-command changed.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/commands/table.h"
#include "engine/config/config.h"

namespace norn {

class CommandNames {
 public:
  // InvalidArgument: an unknown command, or a new name that is taken; the message is a config file error (file.h).
  static absl::Status Check(std::span<const config::Directive> renames);

  // Requires: Check passed.
  explicit CommandNames(std::span<const config::Directive> renames);

  Resolved Resolve(std::span<const std::string_view> words) const {
    return __builtin_expect(renamed_.empty(), 1) ? ResolveCommand(words) : ResolveRenamed(words);
  }

 private:
  Resolved ResolveRenamed(std::span<const std::string_view> words) const;

  std::map<std::string, const CommandSpec*> renamed_;  // lower case; null: the name is gone
};

}  // namespace norn
