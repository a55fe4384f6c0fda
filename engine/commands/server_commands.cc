// TIME, SHUTDOWN, LOLWUT; SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, of which the node does the work.

#include <absl/status/status.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/number.h"
#include "engine/base/prng.h"
#include "engine/base/version.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

std::optional<ShutdownRequest> ParseShutdown(const CommandContext& c) {
  ShutdownRequest request;
  for (std::string_view word : c.words.subspan(1)) {
    if (WordIs(word, "nosave")) {
      request.nosave = true;
    } else if (WordIs(word, "save")) {
      request.save = true;
    } else if (WordIs(word, "now")) {
      request.now = true;
    } else if (WordIs(word, "force")) {
      request.force = true;
    } else if (WordIs(word, "abort")) {
      request.abort = true;
    } else {
      return std::nullopt;
    }
  }
  const bool other = request.nosave || request.save || request.now || request.force;
  if ((request.abort && other) || (request.nosave && request.save)) return std::nullopt;
  return request;
}

// Three threads of fate, spun side by side: at every row a draw decides which two neighbours cross.
std::string Weave(uint64_t seed, int64_t rows) {
  constexpr std::string_view kStraight = "  |   |   |\n";
  constexpr std::string_view kLeftCross[] = {"   \\ /    |\n", "    X     |\n", "   / \\    |\n"};
  constexpr std::string_view kRightCross[] = {"  |    \\ /\n", "  |     X\n", "  |    / \\\n"};
  Prng prng(seed);
  std::string cloth;
  for (int64_t row = 0; row < rows; ++row) {
    cloth += kStraight;
    const bool left = prng.OneIn(2);
    for (std::string_view line : left ? kLeftCross : kRightCross) cloth += line;
  }
  cloth += kStraight;
  return cloth;
}

void ReplyStarted(CommandContext& c, const absl::StatusOr<std::string>& started) {
  if (!started.ok()) return ReplyFailure(c, "ERR ", started.status());
  c.reply.Simple(*started);
}

}  // namespace

void Time(CommandContext& c) {
  c.reply.Array(2);
  c.reply.BulkInteger(c.now.unix_s());
  c.reply.BulkInteger(c.now.us % 1000000);
}

void Shutdown(CommandContext& c) {
  const std::optional<ShutdownRequest> request = ParseShutdown(c);
  if (!request) return c.reply.Error(kSyntaxError);
  const absl::Status done = c.node.Shutdown(*request);
  if (!done.ok()) return ReplyFailure(c, "ERR ", done);
  if (request->abort) c.reply.Ok();
}

// Valkey: it serves nobody until the snapshot is written. Here only the caller waits.
void Save(CommandContext& c) {
  const absl::Status saved = c.node.Save();
  if (saved.ok()) return c.reply.Ok();
  ReplyFailure(c, "ERR ", saved);
}

void BgSave(CommandContext& c) {
  if (c.count() == 2 && WordIs(c.word(1), "cancel")) return ReplyStarted(c, c.node.CancelSave());
  const bool schedule = c.count() == 2 && WordIs(c.word(1), "schedule");
  if (c.count() > 1 && !schedule) return c.reply.Error(kSyntaxError);
  ReplyStarted(c, c.node.SaveInBackground(schedule));
}

void LastSave(CommandContext& c) { c.reply.Integer(c.node.LastSaveUnixS()); }

void BgRewriteAof(CommandContext& c) {
  absl::StatusOr<std::string> started = c.node.RewriteLogInBackground();
  // Within a transaction it begins behind that.
  if (started.ok() && c.session.executing) {
    started = "Background append only file rewriting scheduled";
  }
  ReplyStarted(c, std::move(started));
}

// LOLWUT [VERSION version] [rows [seed]]: the same words draw the same cloth.
void Lolwut(CommandContext& c) {
  constexpr int64_t kRowsMax = 100;
  constexpr int64_t kRowsDefault = 5;
  size_t at = 1;
  uint64_t seed = 3;  // the Norns
  if (c.count() >= 3 && WordIs(c.word(1), "version")) {
    const std::optional<int64_t> version = IntegerAt(c, 2);
    if (!version) return;
    seed = static_cast<uint64_t>(*version);
    at = 3;
  }
  std::vector<int64_t> numbers;
  for (; at < c.count(); ++at) {
    const std::optional<int64_t> number = IntegerAt(c, at);
    if (!number) return;
    numbers.push_back(*number);
  }
  const int64_t rows =
      numbers.empty() ? kRowsDefault : std::clamp<int64_t>(numbers[0], 0, kRowsMax);
  if (numbers.size() > 1) seed ^= static_cast<uint64_t>(numbers[1]);
  c.reply.Verbatim("txt", fmt::format("{}norn ver. {}\n", Weave(seed, rows), kVersion));
}

}  // namespace norn::handlers
