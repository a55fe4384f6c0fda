#pragma once
// From a command line and config files (valkey.conf syntax) to a Config.
//
// What is read later wins: the file, then standard input, then the flags. Every error is one
// InvalidArgument Status whose message is meant for stderr as it is (Valkey's shape, several
// lines).

#include "engine/config/config.h"

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace norn::config {

// An include inside an include ... at most this deep, and at most so many files in all.
inline constexpr int kIncludeDepthMax = 16;
inline constexpr int kIncludeFilesMax = 1000;

enum class Action { kServe, kHelp, kVersion, kPrintConfig };

struct CommandLine {
  Action action = Action::kServe;
  std::optional<std::string> file;  // as given
  bool from_stdin = false;          // "-": also read standard input
  std::string options;              // the flags, as lines of a config file
};

// [FILE] [--name value ...] ... [-], and -h --help -v --version --print-config as the first
// argument. Never fails: what is wrong with a flag is found, and reported, by Load.
CommandLine ParseCommandLine(std::span<const std::string> args);

// The caller's files. Paths are absolute if the working directory is.
struct FileAccess {
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
  std::function<std::vector<std::string>(const std::string& pattern)> glob;  // sorted
  // Absolute. Relative paths start here, or at `dir` behind a line that set it.
  std::string working_dir;
};

// The configuration to start with. `stdin_text` is what standard input gave, where from_stdin.
absl::StatusOr<Config> Load(const CommandLine& command_line, std::string_view stdin_text,
                            const FileAccess& files);

// The text of a fatal error about a kept line (see Directive), for stderr.
std::string FatalFileError(const Directive& where, std::string_view reason);

}  // namespace norn::config
