// COMMAND: the command table as clients and tools read it.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/glob.h"
#include "engine/commands/acl_category.h"
#include "engine/commands/docs.h"
#include "engine/commands/handlers.h"
#include "engine/commands/replies.h"
#include "engine/commands/table.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

using FlagName = std::pair<uint32_t, std::string_view>;

constexpr uint32_t kMovableKeys =
    1u << 31;  // shown among the flags, but follows from the key specifications

// Those that clients see, in their order; the others are the server's own business.
constexpr std::array<FlagName, 19> kFlagNames = {{
    {kWrite, "write"},
    {kReadonly, "readonly"},
    {kDenyOom, "denyoom"},
    {kAdmin, "admin"},
    {kPubSub, "pubsub"},
    {kNoScript, "noscript"},
    {kBlocking, "blocking"},
    {kLoading, "loading"},
    {kStale, "stale"},
    {kSkipMonitor, "skip_monitor"},
    {kSkipCommandLog, "skip_commandlog"},
    {kAsking, "asking"},
    {kFast, "fast"},
    {kNoAuth, "no_auth"},
    {kNoMandatoryKeys, "no_mandatory_keys"},
    {kNoAsyncLoading, "no_async_loading"},
    {kNoMulti, "no_multi"},
    {kMovableKeys, "movablekeys"},
    {kAllowBusy, "allow_busy"},
}};

constexpr std::array<FlagName, 11> kKeyFlagNames = {{
    {kKeyRo, "RO"},
    {kKeyRw, "RW"},
    {kKeyOw, "OW"},
    {kKeyRm, "RM"},
    {kKeyAccess, "access"},
    {kKeyUpdate, "update"},
    {kKeyInsert, "insert"},
    {kKeyDelete, "delete"},
    {kKeyNotKey, "not_key"},
    {kKeyIncomplete, "incomplete"},
    {kKeyVariableFlags, "variable_flags"},
}};

void ReplyNames(ReplyWriter& reply, const std::vector<std::string_view>& names) {
  reply.Set(names.size());
  for (std::string_view name : names) reply.Simple(name);
}

void ReplyFlags(ReplyWriter& reply, uint32_t flags, std::span<const FlagName> all) {
  std::vector<std::string_view> names;
  for (const auto& [flag, name] : all) {
    if ((flags & flag) != 0) names.push_back(name);
  }
  ReplyNames(reply, names);
}

void ReplyCategories(ReplyWriter& reply, const CommandSpec& spec) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kAclCategoryNames.size(); ++i) {
    if ((spec.acl_bits >> i & 1) != 0) names.push_back(fmt::format("@{}", kAclCategoryNames[i]));
  }
  reply.Set(names.size());
  for (const std::string& name : names) reply.Simple(name);
}

void ReplyTips(ReplyWriter& reply, std::string_view tips) {
  const size_t count =
      tips.empty() ? 0 : 1 + static_cast<size_t>(std::count(tips.begin(), tips.end(), ','));
  reply.Set(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view tip = tips.substr(0, tips.find(','));
    reply.Bulk(tip);
    tips.remove_prefix(std::min(tips.size(), tip.size() + 1));
  }
}

void ReplyNumber(ReplyWriter& reply, std::string_view name, int value) {
  reply.Bulk(name);
  reply.Integer(value);
}

// The two halves of a key specification: {type: ..., spec: {...}}, of which the caller writes the inner map.
void BeginHalf(ReplyWriter& reply, std::string_view half, std::string_view type, size_t fields) {
  reply.Bulk(half);
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk(type);
  reply.Bulk("spec");
  reply.Map(fields);
}

void ReplyBegin(ReplyWriter& reply, const KeySpec& spec) {
  switch (spec.begin) {
    case KeySpec::Begin::kUnknown:
      return BeginHalf(reply, "begin_search", "unknown", 0);
    case KeySpec::Begin::kIndex:
      BeginHalf(reply, "begin_search", "index", 1);
      return ReplyNumber(reply, "index", spec.index);
    case KeySpec::Begin::kKeyword:
      BeginHalf(reply, "begin_search", "keyword", 2);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      return ReplyNumber(reply, "startfrom", spec.index);
  }
}

void ReplyFind(ReplyWriter& reply, const KeySpec& spec) {
  switch (spec.find) {
    case KeySpec::Find::kUnknown:
      return BeginHalf(reply, "find_keys", "unknown", 0);
    case KeySpec::Find::kRange:
      BeginHalf(reply, "find_keys", "range", 3);
      ReplyNumber(reply, "lastkey", spec.last);
      ReplyNumber(reply, "keystep", spec.step);
      return ReplyNumber(reply, "limit", spec.limit);
    case KeySpec::Find::kKeyNum:
      BeginHalf(reply, "find_keys", "keynum", 3);
      ReplyNumber(reply, "keynumidx", spec.keynum_index);
      ReplyNumber(reply, "firstkey", spec.first_key);
      return ReplyNumber(reply, "keystep", spec.step);
  }
}

void ReplyKeySpecs(ReplyWriter& reply, const CommandSpec& command) {
  reply.Set(command.key_spec_count);
  for (uint8_t i = 0; i < command.key_spec_count; ++i) {
    reply.Map(3);
    reply.Bulk("flags");
    ReplyFlags(reply, command.key_specs[i].flags, kKeyFlagNames);
    ReplyBegin(reply, command.key_specs[i]);
    ReplyFind(reply, command.key_specs[i]);
  }
}

void ReplyInfo(ReplyWriter& reply, const CommandSpec& spec) {
  reply.Array(10);
  reply.Bulk(spec.full_name);
  reply.Integer(spec.arity);
  ReplyFlags(reply, spec.flags | (spec.movable_keys ? kMovableKeys : 0), kFlagNames);
  reply.Integer(spec.first_key);
  reply.Integer(spec.last_key);
  reply.Integer(spec.key_step);
  ReplyCategories(reply, spec);
  ReplyTips(reply, spec.tips);
  ReplyKeySpecs(reply, spec);
  if (spec.subcommands.empty()) return reply.Set(0);
  reply.Array(spec.subcommands.size());
  for (const CommandSpec& subcommand : spec.subcommands) ReplyInfo(reply, subcommand);
}

void ReplyInfoOfAll(ReplyWriter& reply) {
  reply.Array(AllCommands().size());
  for (const CommandSpec& spec : AllCommands()) ReplyInfo(reply, spec);
}

void ReplyText(ReplyWriter& reply, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  reply.Bulk(key);
  reply.Bulk(value);
}

// One flag at most: a command of the developers, or one that has been replaced.
std::string_view DocFlagOf(const CommandSpec& spec) {
  if (!spec.deprecated_since.empty()) return "deprecated";
  const bool for_developers =
      spec.name == "debug" || spec.name == "pfdebug" || spec.name == "pfselftest";
  return for_developers ? "syscmd" : "";
}

void ReplyDocs(ReplyWriter& reply, const CommandSpec& spec) {
  const std::optional<std::vector<Argument>> arguments = ParseArguments(spec.arguments);
  CHECK_MSG(arguments.has_value(), std::string(spec.full_name));
  const std::string_view doc_flag = DocFlagOf(spec);
  reply.Map(3 + !spec.complexity.empty() + !doc_flag.empty() + !spec.deprecated_since.empty() +
            !spec.replaced_by.empty() + !arguments->empty() + !spec.subcommands.empty());
  ReplyText(reply, "summary", spec.summary);
  ReplyText(reply, "since", spec.since);
  ReplyText(reply, "group", spec.group);
  ReplyText(reply, "complexity", spec.complexity);
  if (!doc_flag.empty()) {
    reply.Bulk("doc_flags");
    ReplyNames(reply, {doc_flag});
  }
  ReplyText(reply, "deprecated_since", spec.deprecated_since);
  ReplyText(reply, "replaced_by", spec.replaced_by);
  if (!arguments->empty()) {
    reply.Bulk("arguments");
    ReplyArguments(reply, *arguments);
  }
  if (spec.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.Map(spec.subcommands.size());
  for (const CommandSpec& subcommand : spec.subcommands) {
    reply.Bulk(subcommand.full_name);
    ReplyDocs(reply, subcommand);
  }
}

// COMMAND LIST FILTERBY.
struct ListFilter {
  enum class By : uint8_t { kNothing, kModule, kCategory, kPattern } by = By::kNothing;
  std::string_view value;

  bool Passes(const CommandSpec& spec) const {
    switch (by) {
      case By::kNothing:
        return true;
      case By::kModule:
        return false;  // norn loads no modules
      case By::kCategory:
        return (spec.acl_bits & CategoryBit()) != 0;
      case By::kPattern:
        return GlobMatch(value, spec.full_name, Case::kIgnore);
    }
    return false;
  }
  uint32_t CategoryBit() const {
    for (std::string_view name : kAclCategoryNames) {
      if (WordIs(value, name)) return AclCategoryBit(name);
    }
    return 0;
  }
};

// Nothing when the words are wrong.
std::optional<ListFilter> ParseListFilter(const CommandContext& c) {
  if (c.count() == 2) return ListFilter{};
  if (c.count() != 5 || !WordIs(c.word(2), "filterby")) return std::nullopt;
  ListFilter filter{ListFilter::By::kNothing, c.word(4)};
  if (WordIs(c.word(3), "module")) filter.by = ListFilter::By::kModule;
  if (WordIs(c.word(3), "aclcat")) filter.by = ListFilter::By::kCategory;
  if (WordIs(c.word(3), "pattern")) filter.by = ListFilter::By::kPattern;
  if (filter.by == ListFilter::By::kNothing) return std::nullopt;
  return filter;
}

size_t ListNames(ReplyWriter& reply, std::span<const CommandSpec> specs, const ListFilter& filter) {
  size_t listed = 0;
  for (const CommandSpec& spec : specs) {
    if (filter.Passes(spec)) {
      reply.Bulk(spec.full_name);
      ++listed;
    }
    listed += ListNames(reply, spec.subcommands, filter);
  }
  return listed;
}

bool ArityFits(const CommandSpec& spec, size_t words) {
  const int count = static_cast<int>(words);
  return spec.arity > 0 ? count == spec.arity : count >= -spec.arity;
}

void GetKeys(CommandContext& c, bool with_flags) {
  const auto words = c.words.subspan(2);
  const Resolved resolved = ResolveCommand(words);
  if (resolved.spec == nullptr || resolved.unknown_subcommand) {
    return c.reply.Error("ERR Invalid command specified");
  }
  const CommandSpec& spec = *resolved.spec;
  if (spec.key_spec_count == 0) return c.reply.Error("ERR The command has no key arguments");
  if (!ArityFits(spec, words.size())) {
    return c.reply.Error("ERR Invalid number of arguments specified for command");
  }
  const std::optional<std::vector<KeyPosition>> keys = FindKeys(spec, words);
  if (!keys || keys->empty()) {
    if (spec.Has(kNoMandatoryKeys)) return c.reply.Array(0);
    return c.reply.Error("ERR Invalid arguments specified for command");
  }
  c.reply.Array(keys->size());
  for (const KeyPosition& key : *keys) {
    if (with_flags) c.reply.Array(2);
    c.reply.Bulk(words[key.word]);
    if (with_flags) ReplyFlags(c.reply, key.flags, kKeyFlagNames);
  }
}

}  // namespace

void Command(CommandContext& c) { ReplyInfoOfAll(c.reply); }

void CommandCount(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(AllCommands().size()));
}

void CommandInfo(CommandContext& c) {
  if (c.count() == 2) return ReplyInfoOfAll(c.reply);
  c.reply.Array(c.count() - 2);
  for (std::string_view name : c.words.subspan(2)) {
    const CommandSpec* spec = FindByFullName(name);
    spec == nullptr ? c.reply.Null() : ReplyInfo(c.reply, *spec);
  }
}

void CommandDocs(CommandContext& c) {
  std::vector<const CommandSpec*> specs;
  if (c.count() == 2) {
    for (const CommandSpec& spec : AllCommands()) specs.push_back(&spec);
  }
  for (std::string_view name : c.words.subspan(2)) {
    const CommandSpec* spec = FindByFullName(name);
    if (spec != nullptr) specs.push_back(spec);
  }
  c.reply.Map(specs.size());
  for (const CommandSpec* spec : specs) {
    c.reply.Bulk(spec->full_name);
    ReplyDocs(c.reply, *spec);
  }
}

void CommandList(CommandContext& c) {
  const std::optional<ListFilter> filter = ParseListFilter(c);
  if (!filter) return c.reply.Error(kSyntaxError);
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  c.reply.EndArray(begun, ListNames(c.reply, AllCommands(), *filter));
}

void CommandGetKeys(CommandContext& c) { GetKeys(c, false); }

void CommandGetKeysAndFlags(CommandContext& c) { GetKeys(c, true); }

void CommandHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "(no subcommand)",
                   "    Describe all commands.",
                   "COUNT",
                   "    How many commands there are.",
                   "LIST",
                   "    The names of all commands.",
                   "INFO [<command-name> ...]",
                   "    Describe these commands; without names, all.",
                   "DOCS [<command-name> ...]",
                   "    The documentation of these commands; without names, of all.",
                   "GETKEYS <full-command>",
                   "    The keys of a command line.",
                   "GETKEYSANDFLAGS <full-command>",
                   "    The keys of a command line and how each is accessed.",
               });
}

}  // namespace norn::handlers
