// READONLY, READWRITE, ASKING: how a client tells a node of a cluster which redirections it wants or has followed. The gate that
// asks is engine/shard/redirect.h.

#include "engine/commands/errors.h"
#include "engine/commands/handlers.h"

namespace norn::handlers {
namespace {

constexpr ErrorText kNoCluster = "ERR This instance has cluster support disabled";

}  // namespace

void Asking(CommandContext& c) {
  if (!c.options.cluster_enabled) return c.reply.Error(kNoCluster);
  c.session.asking = true;
  c.reply.Ok();
}

void ReadOnly(CommandContext& c) {
  c.session.readonly = true;
  c.reply.Ok();
}

void ReadWrite(CommandContext& c) {
  c.session.readonly = false;
  c.reply.Ok();
}

}  // namespace norn::handlers
