#include "engine/commands/docs.h"

#include <algorithm>
#include <array>

#include "engine/base/number.h"

namespace norn {
namespace {

constexpr std::array<std::string_view, 6> kPlainTypes = {"string", "integer", "double",
                                                         "key",    "pattern", "unix-time"};

// Recursive descent over the notation; the nesting is that of the table's rows, which is ours. Every method returns false
// where the text does not fit.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  bool Items(char separator, std::vector<Argument>& to) {
    do {
      if (!Item(to.emplace_back())) return false;
    } while (Take(separator));
    return true;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string_view Until(std::string_view ends) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(word.size());
    return word;
  }

  bool Item(Argument& argument) {
    argument.optional = Take('[');
    if (!One(argument)) return false;
    if (argument.optional && !Take(']')) return false;
    argument.multiple = Take("...");
    argument.multiple_token = argument.multiple && Take('=');
    return true;
  }

  bool One(Argument& argument) {
    argument.name = Until("<: ");
    if (argument.name.empty()) return false;
    if (Take('<')) {
      argument.shown = Until(">");
      if (!Take('>')) return false;
    }
    if (!Take(':') || !Kind(argument)) return false;
    if (Take('=')) argument.token = Until(kEnds);
    if (Take('@')) argument.since = Version();
    if (Take('!')) argument.deprecated_since = Version();
    return true;
  }

  // Digits and dots; of "..." behind it the version takes none.
  std::string_view Version() {
    size_t size = std::min(rest_.find_first_not_of("0123456789."), rest_.size());
    const size_t dots = rest_.substr(0, size).find("...");
    if (dots != std::string_view::npos) size = dots;
    const std::string_view version = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return version;
  }

  bool Kind(Argument& argument) {
    if (Take("oneof(")) return Parts("oneof", '|', argument);
    if (Take("block(")) return Parts("block", ' ', argument);
    if (Take('=')) {
      argument.type = "pure-token";
      argument.token = "=";
      return true;
    }
    const std::string_view kind = Until(kEnds);
    if (kind.empty()) return false;
    if (kind.front() < 'a' || kind.front() > 'z') {
      argument.type = "pure-token";
      argument.token = kind.substr(kind.front() == '\'' ? 1 : 0);
      return true;
    }
    argument.type = kind;
    if (kind == "key" || (kind == "pattern" && rest_.starts_with('#'))) return KeySpecOf(argument);
    return std::find(kPlainTypes.begin(), kPlainTypes.end(), kind) != kPlainTypes.end();
  }

  bool Parts(std::string_view type, char separator, Argument& argument) {
    argument.type = type;
    return Items(separator, argument.parts) && Take(')');
  }

  bool KeySpecOf(Argument& argument) {
    argument.key_spec = 0;
    if (!Take('#')) return true;
    const std::optional<int64_t> index = ParseInt64(Until("]|=@!) ."));
    if (!index) return false;
    argument.key_spec = static_cast<int>(*index);
    return true;
  }

  static constexpr std::string_view kEnds = "]|=@!#) .";

  std::string_view rest_;
};

bool HasParts(const Argument& argument) {
  return argument.type == "oneof" || argument.type == "block";
}

void ReplyFlags(ReplyWriter& reply, const Argument& argument) {
  reply.Set(static_cast<size_t>(argument.optional + argument.multiple + argument.multiple_token));
  if (argument.optional) reply.Simple("optional");
  if (argument.multiple) reply.Simple("multiple");
  if (argument.multiple_token) reply.Simple("multiple_token");
}

void ReplyText(ReplyWriter& reply, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  reply.Bulk(key);
  reply.Bulk(value);
}

void ReplyArgument(ReplyWriter& reply, const Argument& argument) {
  const bool flags = argument.optional || argument.multiple;
  // name, type, and either what is shown or the parts; then what there is.
  reply.Map(3 + (argument.key_spec >= 0) + !argument.token.empty() + !argument.since.empty() +
            !argument.deprecated_since.empty() + flags);
  ReplyText(reply, "name", argument.name);
  ReplyText(reply, "type", argument.type);
  if (!HasParts(argument)) {
    ReplyText(reply, "display_text", argument.shown.empty() ? argument.name : argument.shown);
  }
  if (argument.key_spec >= 0) {
    reply.Bulk("key_spec_index");
    reply.Integer(argument.key_spec);
  }
  ReplyText(reply, "token", argument.token);
  ReplyText(reply, "since", argument.since);
  ReplyText(reply, "deprecated_since", argument.deprecated_since);
  if (flags) {
    reply.Bulk("flags");
    ReplyFlags(reply, argument);
  }
  if (HasParts(argument)) {
    reply.Bulk("arguments");
    ReplyArguments(reply, argument.parts);
  }
}

}  // namespace

std::optional<std::vector<Argument>> ParseArguments(std::string_view notation) {
  std::vector<Argument> arguments;
  if (notation.empty()) return arguments;
  Parser parser(notation);
  if (!parser.Items(' ', arguments) || !parser.AtEnd()) return std::nullopt;
  return arguments;
}

void ReplyArguments(ReplyWriter& reply, std::span<const Argument> arguments) {
  reply.Array(arguments.size());
  for (const Argument& argument : arguments) ReplyArgument(reply, argument);
}

}  // namespace norn
