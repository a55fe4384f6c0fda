#include "engine/commands/replies.h"

#include <fmt/format.h>

#include <string>

#include "engine/base/number.h"

namespace norn {
namespace {

std::string Upper(std::string_view word) {
  std::string upper(UpToNul(word));
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
  return upper;
}

}  // namespace

void ReplyHelp(CommandContext& c, std::initializer_list<std::string_view> lines) {
  c.reply.Array(lines.size() + 3);
  c.reply.Simple(
      fmt::format("{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", Upper(c.word(0))));
  for (std::string_view line : lines) c.reply.Simple(line);
  c.reply.Simple("HELP");
  c.reply.Simple("    Print this help.");
}

void ReplySubcommandError(CommandContext& c) {
  c.reply.Error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                  UpToNul(c.word(1)).substr(0, 128), Upper(c.word(0))));
}

std::optional<int64_t> IntegerAt(CommandContext& c, size_t at, std::string_view error) {
  const std::optional<int64_t> value = ParseInt64(c.word(at));
  if (!value) c.reply.Error(error);
  return value;
}

std::optional<bool> OnOffAt(CommandContext& c, size_t at) {
  if (WordIs(c.word(at), "on")) return true;
  if (WordIs(c.word(at), "off")) return false;
  c.reply.Error(kSyntaxError);
  return std::nullopt;
}

void ReplyFailure(CommandContext& c, std::string_view prefix, const absl::Status& status) {
  c.reply.Error(std::string(prefix).append(status.message().data(), status.message().size()));
}

}  // namespace norn
