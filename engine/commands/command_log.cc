#include "engine/commands/command_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/config/config.h"

namespace norn {
namespace {

constexpr size_t kWordsMax = 32;
constexpr size_t kWordBytesMax = 128;
constexpr std::string_view kRedacted = "(redacted)";

struct Limits {
  int64_t threshold;  // negative: log nothing
  int64_t length_max;
};

Limits LimitsOf(const config::Options& options, CommandLogKind kind) {
  switch (kind) {
    case CommandLogKind::kSlow:
      return {options.commandlog_execution_slower_than, options.commandlog_slow_execution_max_len};
    case CommandLogKind::kLargeRequest:
      return {options.commandlog_request_larger_than, options.commandlog_large_request_max_len};
    case CommandLogKind::kLargeReply:
      return {options.commandlog_reply_larger_than, options.commandlog_large_reply_max_len};
  }
  return {-1, 0};
}

bool IsSecret(const CommandSpec& spec, std::span<const std::string_view> words, size_t at) {
  if (at == 0) return false;
  if (spec.full_name == "auth") return at <= 2;
  if (spec.full_name == "config|set") {
    return at >= 3 && at % 2 == 1 && config::IsSensitive(words[at - 1]);
  }
  if (spec.full_name != "hello") return false;
  // HELLO 3 AUTH user password, and options behind it.
  return (at >= 3 && WordIs(words[at - 1], "auth")) || (at >= 4 && WordIs(words[at - 2], "auth"));
}

std::string Cut(std::string_view word) {
  if (word.size() <= kWordBytesMax) return std::string(word);
  return fmt::format("{}... ({} more bytes)", word.substr(0, kWordBytesMax),
                     word.size() - kWordBytesMax);
}

}  // namespace

bool CommandLogTakes(const config::Options& options, CommandLogKind kind, int64_t value) {
  const Limits limits = LimitsOf(options, kind);
  return limits.threshold >= 0 && limits.length_max > 0 && value >= limits.threshold;
}

std::vector<std::string> CommandLogWords(const CommandSpec& spec,
                                         std::span<const std::string_view> words) {
  const bool too_many = words.size() > kWordsMax;
  const size_t kept = too_many ? kWordsMax - 1 : words.size();
  std::vector<std::string> logged;
  for (size_t at = 0; at < kept; ++at) {
    logged.push_back(IsSecret(spec, words, at) ? std::string(kRedacted) : Cut(words[at]));
  }
  if (too_many) logged.push_back(fmt::format("... ({} more arguments)", words.size() - kept));
  return logged;
}

void CommandLog::Push(CommandLogKind kind, CommandLogEntry entry, const config::Options& options) {
  Log& log = Of(kind);
  entry.id = log.next_id++;
  log.entries.push_front(std::move(entry));
  const auto length_max =
      static_cast<size_t>(std::max<int64_t>(0, LimitsOf(options, kind).length_max));
  while (log.entries.size() > length_max) log.entries.pop_back();
}

std::vector<CommandLogEntry> CommandLog::Newest(CommandLogKind kind, int64_t count) const {
  const auto& entries = Of(kind).entries;
  const size_t wanted =
      count < 0 ? entries.size() : std::min(entries.size(), static_cast<size_t>(count));
  return {entries.begin(), entries.begin() + static_cast<ptrdiff_t>(wanted)};
}

}  // namespace norn
