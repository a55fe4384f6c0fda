#pragma once
// MULTI, EXEC, DISCARD, WATCH, UNWATCH over shards: a transaction collects the tokens of every shard that a queued
// command or a watched key needs, and runs under all of them, so nothing can come between.
//
// All calls run on the connection's fiber; those that need tokens park.

#include <vector>

#include "engine/shard/command_ref.h"
#include "engine/shard/executor_state.h"
#include "engine/shard/routing.h"
#include "engine/shard/runner.h"

namespace norn {

// Keeps a copy of the command for EXEC; the reply is QUEUED. A broken transaction keeps nothing.
void QueueCommand(const CommandRef& command, Session& session, ReplyWriter& reply);

// A command was refused while the transaction was open: EXEC will abort.
void BreakTransaction(Session& session);

// MULTI ... UNWATCH themselves, chosen by the name of `command`. Parks.
void RunTransactionCommand(const CommandRef& command, Session& session, ExecutorState& state,
                           Runner& runner, ReplyWriter& reply);

// Ends transaction and watches, as DISCARD, RESET and a closing connection do. Parks when keys are watched.
void AbandonTransaction(Session& session, ExecutorState& state);

}  // namespace norn
