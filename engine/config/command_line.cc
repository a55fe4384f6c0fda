#include "engine/config/file.h"
#include "engine/config/words.h"

#include <cstddef>

namespace norn::config {
namespace {

bool IsFlag(const std::string& arg) { return arg.substr(0, 2) == "--"; }

Action FirstAction(const std::string& arg) {
  if (arg == "-h" || arg == "--help") return Action::kHelp;
  if (arg == "-v" || arg == "--version") return Action::kVersion;
  if (arg == "--print-config") return Action::kPrintConfig;
  return Action::kServe;
}

// Valkey: "--save" with nothing behind it means no save points, for the sake of scripts that paste
// an empty variable. Any other flag without a value takes the next argument, whatever it looks
// like.
bool IsBareSave(std::span<const std::string> args, size_t i) {
  if (Lower(args[i]) != "--save") return false;
  return i + 1 == args.size() || IsFlag(args[i + 1]);
}

}  // namespace

CommandLine ParseCommandLine(std::span<const std::string> args) {
  CommandLine result;
  if (args.empty()) return result;
  result.action = FirstAction(args[0]);
  if (result.action != Action::kServe) return result;

  size_t i = 0;
  if (args[0].substr(0, 1) != "-") result.file = args[i++];
  bool may_be_flag = true;  // false: the last flag still lacks a value
  for (; i < args.size(); ++i) {
    if (args[i] == "-" && (i == 0 || i + 1 == args.size())) {
      result.from_stdin = true;
    } else if (may_be_flag && IsFlag(args[i])) {
      if (!result.options.empty()) result.options += '\n';
      result.options += args[i].substr(2) + " ";
      // "--port 6380" as one argument brings its value along.
      const auto words = SplitWords(args[i]);
      may_be_flag = !words || words->size() != 1;
      if (IsBareSave(args, i)) {
        result.options += "\"\"";
        may_be_flag = true;
      }
    } else {
      result.options += QuoteWord(args[i]) + " ";
      may_be_flag = true;
    }
  }
  return result;
}

}  // namespace norn::config
