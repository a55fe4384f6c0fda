#include "engine/config/file.h"

#include "engine/base/version.h"
#include "engine/config/path.h"
#include "engine/config/words.h"

#include <fmt/format.h>

#include <cstddef>
#include <set>
#include <utility>

namespace norn::config {
namespace {

constexpr char kUnbalanced[] = "Unbalanced quotes in configuration line";
constexpr char kCommandLine[] = "the command line";
constexpr char kStdin[] = "standard input";

// Directives that were once something and are passed over, with one word behind them.
constexpr std::string_view kRetired[] = {"list-max-ziplist-entries", "list-max-ziplist-value",
                                         "lua-replicate-commands", "io-threads-do-reads"};

bool IsRetired(const std::vector<std::string>& words) {
  if (words.size() != 2) return false;
  for (const std::string_view name : kRetired) {
    if (words[0] == name) return true;
  }
  return false;
}

std::string FatalHeader() {
  return fmt::format("\n*** FATAL CONFIG FILE ERROR (norn {}) ***\n", kVersion);
}

bool HasWildcard(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

// Reads lines into a Config. Every level of include is one call deeper, up to kIncludeDepthMax.
class Loader {
 public:
  Loader(const FileAccess& files, Config& config) : files_(files), config_(config) {}

  // `shown` is the path as errors name it.
  absl::Status File(const std::string& path, const std::string& shown, int depth) {
    if (!HasWildcard(path)) return OneFile(path, shown, depth);
    for (const std::string& match : files_.glob(path)) {
      if (absl::Status status = OneFile(match, match, depth); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Text(std::string_view text, const std::string& source, int depth) {
    int line = 0;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      const std::string_view raw = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      Directive where{{}, source, ++line, std::string(Trim(raw))};
      if (absl::Status status = Line(where, depth); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status OneFile(const std::string& path, const std::string& shown, int depth) {
    if (++files_read_ > kIncludeFilesMax) {
      return absl::InvalidArgumentError(
          fmt::format("Fatal error, can't open config file '{}': too many included files", shown));
    }
    const absl::StatusOr<std::string> text = files_.read_file(path);
    if (!text.ok()) {
      return absl::InvalidArgumentError(fmt::format("Fatal error, can't open config file '{}': {}",
                                                    shown, std::string(text.status().message())));
    }
    return Text(*text, path, depth);
  }

  absl::Status Line(Directive& where, int depth) {
    if (where.text.empty() || where.text[0] == '#') return absl::OkStatus();
    std::optional<std::vector<std::string>> words = SplitWords(where.text);
    if (!words) return Fail(where, kUnbalanced);
    if (words->empty()) return absl::OkStatus();
    where.words = std::move(*words);
    where.words[0] = Lower(where.words[0]);
    if (const Row* row = FindOption(where.words[0])) return Option(*row, where);
    if (IsRetired(where.words)) return absl::OkStatus();
    if (where.words[0] == "include" && where.words.size() == 2) return Include(where, depth);
    return Keep(where);
  }

  absl::Status Option(const Row& row, const Directive& where) {
    const bool append = !set_before_.insert(row.name).second;
    std::vector<std::string> values(where.words.begin() + 1, where.words.end());
    // "bind '127.0.0.1 ::1'": one word that holds several.
    if (row.Has(kMulti) && values.size() == 1 && !values[0].empty()) {
      std::optional<std::vector<std::string>> split = SplitWords(values[0]);
      if (!split) return Fail(where, kUnbalanced);
      values = std::move(*split);
    }
    const Reason reason = Assign(row, values, config_.options, append);
    return reason.empty() ? absl::OkStatus() : Fail(where, reason);
  }

  absl::Status Include(const Directive& where, int depth) {
    if (depth == kIncludeDepthMax) return Fail(where, "includes are nested too deeply");
    const std::string& path = where.words[1];
    return File(PathFrom(config_.options.dir, path), path, depth + 1);
  }

  // What other rungs must judge.
  absl::Status Keep(Directive& where) {
    const std::string& name = where.words[0];
    const size_t count = where.words.size();
    if (name == "rename-command" && count == 3) {
      config_.renames.push_back(std::move(where));
    } else if (name == "user" && count >= 2) {
      config_.users.push_back(std::move(where));
    } else if (name == "loadmodule" && count >= 2) {
      config_.modules.push_back(std::move(where));
    } else if (name == "sentinel" && count >= 2) {
      return Fail(where, "sentinel directive while not in sentinel mode");
    } else {
      return Fail(where, UnknownReason(where));
    }
    return absl::OkStatus();
  }

  static Reason UnknownReason(const Directive& where) {
    const std::string& name = where.words[0];
    Reason reason = fmt::format("Bad directive or wrong number of arguments: '{}'", name);
    const size_t equals = name.find('=');
    if (equals == std::string::npos) return reason;
    const std::string_view flag = std::string_view(name).substr(0, equals);
    const std::string_view value = std::string_view(name).substr(equals + 1);
    if (FindOption(flag) == nullptr) return reason;
    const std::string_view dashes = where.file == kCommandLine ? "--" : "";
    return fmt::format("{} (write '{}{} {}', without '=')", reason, dashes, flag, value);
  }

  static absl::Status Fail(const Directive& where, std::string_view reason) {
    return absl::InvalidArgumentError(FatalFileError(where, reason));
  }

  const FileAccess& files_;
  Config& config_;
  std::set<std::string_view> set_before_;  // names of rows that a line has set
  int files_read_ = 0;
};

}  // namespace

std::string FatalFileError(const Directive& where, std::string_view reason) {
  const std::string place = where.file.empty() ? "" : " of " + where.file;
  return fmt::format("{}Reading the configuration file, at line {}{}\n>>> '{}'\n{}", FatalHeader(),
                     where.line, place, where.text, reason);
}

absl::StatusOr<Config> Load(const CommandLine& command_line, std::string_view stdin_text,
                            const FileAccess& files) {
  Config config;
  config.options.dir = files.working_dir;
  Loader loader(files, config);
  if (command_line.file) {
    config.file = PathFrom(files.working_dir, *command_line.file);
    if (absl::Status status = loader.File(config.file, config.file, 0); !status.ok()) return status;
  }
  if (command_line.from_stdin) {
    if (absl::Status status = loader.Text(stdin_text, kStdin, 0); !status.ok()) return status;
  }
  if (absl::Status status = loader.Text(command_line.options, kCommandLine, 0); !status.ok()) {
    return status;
  }
  if (config.options.cluster_enabled && !config.options.replicaof.host.empty()) {
    return absl::InvalidArgumentError(FatalHeader() +
                                      "replicaof directive not allowed in cluster mode");
  }
  Settle(config.options);
  return config;
}

}  // namespace norn::config
