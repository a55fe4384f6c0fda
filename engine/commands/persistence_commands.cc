// SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF. The node does the work; these say yes or no.

#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

namespace norn::handlers {
namespace {

void ReplyStarted(CommandContext& c, const absl::StatusOr<std::string>& started) {
  if (!started.ok()) return ReplyFailure(c, "ERR ", started.status());
  c.reply.Simple(*started);
}

}  // namespace

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

void BgRewriteAof(CommandContext& c) { ReplyStarted(c, c.node.RewriteLogInBackground()); }

}  // namespace norn::handlers
