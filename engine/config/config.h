#pragma once
// One server's configuration, and CONFIG GET and SET over it, as pure functions.
//
// A Config is a value. CONFIG SET makes a changed copy; the node applies the effects of the change
// in its world, and when all succeeded hands the copy to every executor. Nothing here has an effect
// by itself, and equal inputs give equal results.

#include "engine/config/options.h"
#include "engine/config/table.h"

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace norn::config {

// A line of the file that another rung must judge (it knows the commands, the users): its words,
// the directive first, and where it stood, for FatalFileError() in file.h.
struct Directive {
  std::vector<std::string> words;
  std::string file;  // "": the command line or standard input
  int line = 0;
  std::string text;
  bool operator==(const Directive&) const = default;
};

struct Config {
  Options options;
  std::string file;  // absolute path that CONFIG REWRITE writes; "": started without one
  std::vector<Directive> renames;  // rename-command OLD NEW; NEW "" removes the command
  std::vector<Directive> users;    // user NAME [rule ...]
  std::vector<Directive> modules;  // loadmodule PATH [arg ...]
  bool operator==(const Config&) const = default;
};

// The value of an option as CONFIG GET prints it.
std::string Format(const Row& row, const Options& options);

// Sets one option, immutable ones too, from the words behind its name. Returns why not (and leaves
// `options` as it was); empty: done. `append`: an earlier line of the same load has set it already
// (see SpecialKind).
Reason Assign(const Row& row, Words words, Options& options, bool append = false);

// Brings values that are hints, or depend on others, into their ranges (hz; databases in a
// cluster). Load and Set do so by themselves.
void Settle(Options& options);

// CONFIG GET: (name, value) of every option that matches any of the patterns, in the order of the
// patterns, then of the table; none twice. Aliases are matched, and listed, like names. A pattern
// without * ? [ is a name, printed as the client wrote it.
std::vector<std::pair<std::string, std::string>> Get(const Config& config,
                                                     std::span<const std::string_view> patterns);

// Who asks for a CONFIG SET, and when.
struct SetContext {
  bool loading = false;       // a data set is being loaded
  bool local_client = false;  // from this machine: enable-protected-configs may let it
};

// What is to be done in the node's world, once for each kind of effect, in this order; `option` is
// the first one that asks for it, as written in an error.
struct PendingEffect {
  Effect effect;
  std::string option;
};

struct Change {
  Config after;
  std::vector<PendingEffect> effects;
};

// CONFIG SET name value [name value ...]: all of it or nothing. `pairs` has an even number of
// items.
// InvalidArgument: the message is the text of the error reply behind "-ERR ".
// Unavailable: one of them cannot be set while loading; the reply is Valkey's LOADING error.
absl::StatusOr<Change> Set(const Config& config, std::span<const std::string_view> pairs,
                           SetContext context);

// The error reply behind "-ERR " for a SET that was refused, or whose effect failed.
std::string SetFailed(std::string_view option, std::string_view reason);

// True for options whose values must not reach a log (passwords).
bool IsSensitive(std::string_view name);

// Options that differ from their default and have no use in norn yet: worth a warning at start.
std::vector<std::string_view> UnusedButSet(const Options& options);

}  // namespace norn::config
