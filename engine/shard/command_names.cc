#include "engine/shard/command_names.h"

#include "engine/config/file.h"

namespace norn {
namespace {

std::string Lower(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower;
}

using Renames = std::map<std::string, const CommandSpec*>;

// What `name` means after the renames so far; null: nothing.
const CommandSpec* Meaning(const Renames& renamed, const std::string& name) {
  const auto at = renamed.find(name);
  return at == renamed.end() ? FindCommand(name) : at->second;
}

// Empty: done.
std::string Apply(Renames& renamed, const config::Directive& rename) {
  if (rename.words.size() != 3) return "wrong number of arguments";
  const std::string from = Lower(rename.words[1]);
  const std::string to = Lower(rename.words[2]);
  const CommandSpec* spec = Meaning(renamed, from);
  if (spec == nullptr) return "No such command in rename-command";
  renamed[from] = nullptr;
  if (to.empty()) return {};
  if (Meaning(renamed, to) != nullptr) return "Target command name already exists";
  renamed[to] = spec;
  return {};
}

}  // namespace

absl::Status CommandNames::Check(std::span<const config::Directive> renames) {
  Renames renamed;
  for (const config::Directive& rename : renames) {
    const std::string reason = Apply(renamed, rename);
    if (!reason.empty()) return absl::InvalidArgumentError(config::FatalFileError(rename, reason));
  }
  return absl::OkStatus();
}

CommandNames::CommandNames(std::span<const config::Directive> renames) {
  for (const config::Directive& rename : renames) Apply(renamed_, rename);
}

Resolved CommandNames::ResolveRenamed(std::span<const std::string_view> words) const {
  const auto at = renamed_.find(Lower(words[0]));
  if (at == renamed_.end()) return ResolveCommand(words);
  if (at->second == nullptr) return Resolved{};
  if (at->second->subcommands.empty() || words.size() < 2) return Resolved{at->second};
  const std::string_view table_words[] = {at->second->name, words[1]};
  return ResolveCommand(table_words);
}

}  // namespace norn
