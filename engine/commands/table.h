#pragma once
// THE command table: every command that norn has, one row each in table.cc; nothing else lists commands.
//
// Built by the compiler: constant data, so that reading it needs no lock and no first use, and a mistake in a row (an unknown
// key flag, a name twice) does not compile.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/commands/command.h"

namespace norn {

// The rows, in table order; subcommands hang off their container.
std::span<const CommandSpec> AllCommands();

// Commands and subcommands together; CommandSpec::id is below it.
size_t CommandIdCount();
const CommandSpec& CommandById(uint32_t id);

// By the name as a client wrote it, any case; null when norn has no such command. A container is returned itself. The hot
// path: one hash of the name.
const CommandSpec* FindCommand(std::string_view name);

// By the whole name in any case, "get" or "config|get"; null when there is none.
const CommandSpec* FindByFullName(std::string_view name);

// FindCommand, then the subcommand named by words[1] where the command is a container. null in `spec`: unknown command;
// `unknown_subcommand`: the container is known, its subcommand is not (spec is then the container). A container's name alone resolves to the container: its arity
// or its handler decides.
struct Resolved {
  const CommandSpec* spec = nullptr;
  bool unknown_subcommand = false;
};
Resolved ResolveCommand(std::span<const std::string_view> words);

// The positions of the keys among `words` with each one's KeyFlags, for the specs' rules. nullopt: the words do not follow
// the specs (bad numkeys, missing keyword).
struct KeyPosition {
  size_t word;
  uint32_t flags;
};
// `channels`: shard channels, which are no keys and have slots all the same, as well.
std::optional<std::vector<KeyPosition>> FindKeys(const CommandSpec& spec,
                                                 std::span<const std::string_view> words,
                                                 bool channels = false);

}  // namespace norn
