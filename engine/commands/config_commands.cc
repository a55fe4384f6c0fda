// CONFIG: the running options.

#include <absl/status/status.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"
#include "engine/config/config.h"

namespace norn::handlers {

void ConfigGet(CommandContext& c) {
  const auto found = config::Get(c.node.config(), c.words.subspan(2));
  c.reply.Map(found.size());
  for (const auto& [name, value] : found) {
    c.reply.Bulk(name);
    c.reply.Bulk(value);
  }
}

void ConfigSet(CommandContext& c) {
  if (c.count() % 2 != 0) return c.reply.Error(kSyntaxError);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t at = 2; at < c.count(); at += 2) pairs.emplace_back(c.word(at), c.word(at + 1));
  const absl::Status done = c.node.SetConfig(pairs);
  if (!done.ok()) return ReplyFailure(c, "ERR ", done);
  c.reply.Ok();
}

void ConfigRewrite(CommandContext& c) {
  if (c.node.config().file.empty()) {
    return c.reply.Error("ERR The server is running without a config file");
  }
  const absl::Status done = c.node.RewriteConfig();
  if (!done.ok()) return ReplyFailure(c, "ERR Rewriting config file: ", done);
  c.reply.Ok();
}

void ConfigResetStat(CommandContext& c) {
  c.node.ResetStats();
  c.reply.Ok();
}

void ConfigHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "GET <pattern>",
                   "    The parameters that match the glob <pattern>, and their values.",
                   "SET <directive> <value>",
                   "    Change a parameter of the running server.",
                   "RESETSTAT",
                   "    Begin the statistics of INFO anew.",
                   "REWRITE",
                   "    Write the running configuration to the file that the server started with.",
               });
}

}  // namespace norn::handlers
