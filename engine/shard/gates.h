#pragma once
// The checks between parsing and a handler that need no key: does the command exist, is it complete, may this client run
// it now. Error texts are Valkey's.

#include <span>
#include <string>
#include <string_view>

#include "engine/commands/node_control.h"
#include "engine/commands/table.h"
#include "engine/config/options.h"
#include "engine/session/session.h"

namespace norn {

// The text for a command that the table does not know. `container` is set when only the subcommand is unknown.
std::string UnknownCommandText(std::span<const std::string_view> words, bool unknown_subcommand);

// Arity, then protected commands, authentication, commands that transactions do not take. Empty: pass. Only the refused
// path allocates.
std::string RefusalText(const CommandSpec& spec, std::span<const std::string_view> words,
                        const Session& session, const config::Options& options);

// Whether CLIENT PAUSE holds this command back. `queued` are the flags of an open transaction's commands, for EXEC.
bool HeldByPause(const CommandSpec& spec, uint32_t queued_flags, PauseMode mode);

}  // namespace norn
