#pragma once
// The checks between parsing and a handler that need no key: does the command exist, is it complete, may this client run
// it now. Error texts are Valkey's.

#include <span>
#include <string>
#include <string_view>

#include "engine/commands/node_control.h"
#include "engine/commands/table.h"
#include "engine/session/session.h"
#include "engine/shard/executor_state.h"

namespace norn {

// The text for a command that the table does not know. `container` is set when only the subcommand is unknown.
std::string UnknownCommandText(std::span<const std::string_view> words, bool unknown_subcommand);

// The glance that nearly every command passes: true means that RefusalText would be empty.
inline bool PassesGates(const CommandSpec& spec, uint32_t word_count, const Session& session) {
  const int count = static_cast<int>(word_count);
  const bool complete = spec.arity >= 0 ? count == spec.arity : count >= -spec.arity;
  const bool plain = !spec.Has(kProtected) && session.authenticated && !session.transaction.open &&
                     !session.in_subscriber_mode();
  return complete && plain;
}

// Arity, then protected commands, authentication, commands that transactions do not take. Empty: pass. Only the refused path
// allocates. In cluster mode RedirectBeforeTokens comes next, then ConditionText.
std::string RefusalText(const CommandSpec& spec, std::span<const std::string_view> words,
                        const Session& session, const ExecutorState& state);

// Whether a client that listens to channels in RESP2 may say this. Empty: pass. Asked after the redirections.
std::string SubscriberText(const CommandSpec& spec, const Session& session);

// Whether what the node is in (broken disk, replica, loading) refuses this command to this client; asked again once its tokens are held, because a role may have
// changed while it waited for them. Empty: pass.
std::string ConditionText(const CommandSpec& spec, const Session& session,
                          const NodeCondition& condition);

// The flags of all commands that wait for EXEC.
uint32_t QueuedFlags(const Session& session);

// Whether CLIENT PAUSE holds this command back. `queued` are the flags of an open transaction's commands, for EXEC.
bool HeldByPause(const CommandSpec& spec, uint32_t queued_flags, PauseMode mode);

}  // namespace norn
