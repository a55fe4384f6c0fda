#pragma once
// The `arguments` column of the command table: what COMMAND DOCS tells about a command's arguments, and what redis-cli takes
// its hints from, in a notation that fits a table row.
//
//   arguments = item *( " " item )
//   item      = one [repeat] | "[" one "]" [repeat]           in brackets: optional
//   repeat    = "..." | "...="                                several; "=": the token again before each
//   one       = name [ "<" shown ">" ] ":" kind [ "=" TOKEN ] [ "@" since ] [ "!" deprecated ]
//   kind      = "string" | "integer" | "double" | "pattern" | "unix-time"
//             | "key" [ "#" key specification ]               without number: the first one; a pattern's: none
//             | "oneof(" item *( "|" item ) ")" | "block(" arguments ")"
//             | TOKEN                                         a word that stands for itself; "'km": where lower case
//
// Example: key:key value:string [condition:oneof(nx:NX|xx:XX|comparison-value:string=IFEQ@8.1.0)]

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/session/reply.h"

namespace norn {

struct Argument {
  std::string_view name;
  std::string_view shown;  // in hints, instead of the name
  std::string_view type;   // as COMMAND DOCS names it: "pure-token", "oneof", "key" ...
  std::string_view token;
  std::string_view since;
  std::string_view deprecated_since;
  int key_spec = -1;  // types other than key: -1
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  std::vector<Argument> parts;  // of oneof and block
};

// Views into `notation`. nullopt: it is not of that form (a mistake in the table; a test reads every row).
std::optional<std::vector<Argument>> ParseArguments(std::string_view notation);

// The array that COMMAND DOCS has under "arguments".
void ReplyArguments(ReplyWriter& reply, std::span<const Argument> arguments);

}  // namespace norn
