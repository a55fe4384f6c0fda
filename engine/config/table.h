#pragma once
// THE option table: every directive that a config file, a flag and CONFIG know, one row each. Rows
// bind a name to a plain field of Options, so that reading an option is reading a struct member.
//
// To add an option: a field in options.h, a row in table.cc. Everything else (GET, SET, REWRITE,
// the file, --help, --print-config) follows from the row.

#include "engine/config/options.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace norn::config {

using Words = std::span<const std::string>;

// What a node must do in its world after a changed option; what needs nothing but the new value has
// kNone. A failed effect undoes the whole CONFIG SET (see ConfigSetFailed).
enum class Effect : uint8_t {
  kNone,
  kListeners,      // close and open ports
  kTls,            // load keys and certificates again
  kMaxClients,     // check against the descriptors that the process may have
  kClientMemory,   // evict clients over maxmemory-clients
  kMemory,         // evict keys, or warn that maxmemory is below what is used
  kLog,            // Logger::SetMinimum, line format
  kHz,             // timers
  kRequirePass,    // the default user's password
  kCompatibility,  // answer as redis or as valkey
  kDir,            // enter the directory; `dir` is then its absolute path
  kAppendOnly,     // start or stop the append log
  kAppendSync,     // drain what is not yet synced
  kReplBacklog,    // resize
  kReplicas,       // count the good replicas again
  kCluster,        // announce what changed about this node
  kProcess,        // title, signal handlers, OOM score, allocator threads
};

// Sections of --help and --print-config, in their order.
enum class Group : uint8_t {
  kNetwork,
  kTls,
  kClients,
  kProcess,
  kLog,
  kSecurity,
  kThreads,
  kMemory,
  kKeys,
  kEncodings,
  kEvents,
  kLatency,
  kSnapshots,
  kAppendLog,
  kReplication,
  kCluster,
  kDebug,
};
inline constexpr size_t kGroupCount = static_cast<size_t>(Group::kDebug) + 1;

// Flags of a row.
enum : uint32_t {
  kMutable = 0,
  kFixed = 1 << 0,      // only in the file and on the command line
  kVolatile = 1 << 1,   // SET to the same value still has its effect (a file's content may be new)
  kSensitive = 1 << 2,  // the value never reaches a log
  kHidden = 1 << 3,     // CONFIG GET finds it by its exact name only
  kProtected = 1 << 4,  // SET needs enable-protected-configs
  kDenyLoading = 1 << 5,  // SET is refused while a data set is being loaded
  kMulti = 1 << 6,        // takes several words
  kUnused = 1 << 7,       // accepted for compatibility; norn does nothing with it (yet)
};

// Returns why a value is refused; empty: accepted.
using Reason = std::string;

struct BoolKind {
  bool Options::*field;
  bool initial;
};

enum class Unit : uint8_t { kNone, kBytes, kBytesOrPercent, kOctal };

// Signed numbers. With kBytesOrPercent a negative number is a percentage, `min` the largest one.
struct IntKind {
  int64_t Options::*field;
  int64_t initial, min, max;
  Unit unit;
};

struct UintKind {
  uint64_t Options::*field;
  uint64_t initial, min, max;
  Unit unit;
};

struct TextKind {
  std::string Options::*field;
  std::string_view initial;
  bool empty_is_unset;  // then "" is never written to a file
  Reason (*check)(const Options&, std::string_view);
};

struct EnumName {
  std::string_view name;
  int value;
};

struct EnumKind {
  int (*load)(const Options&);
  void (*store)(Options&, int);
  int initial;
  std::span<const EnumName> names;
  bool is_set;  // several names at once, values are bits
  Reason (*check)(int);
};

struct RewriteLine {
  std::string text;
  bool force;  // written even where the old file has no line to replace
  // Which of the option's lines this is, where it has several: the first word of its value.
  std::string_view part = {};
};

// A value with a form of its own.
struct SpecialKind {
  // `append`: add to what an earlier line of the same file set (save).
  Reason (*set)(Options&, Words, bool append);
  std::string (*format)(const Options&);
  // The lines of CONFIG REWRITE; none: lines of this option vanish from the file.
  std::vector<RewriteLine> (*lines)(const Options&, std::string_view name);
  std::string_view initial;
};

using Kind = std::variant<BoolKind, IntKind, UintKind, TextKind, EnumKind, SpecialKind>;

struct Row {
  std::string_view name;
  std::string_view alias;  // "" where there is none
  uint32_t flags;
  Kind kind;
  Effect effect;
  Group group;
  std::string_view doc;

  bool Has(uint32_t flag) const { return (flags & flag) != 0; }
};

// All rows, grouped, in the order of --print-config.
std::span<const Row> OptionTable();

// What a server without a file and flags runs with.
const Options& Defaults();

// The row of a name or an alias in any case; nullptr: there is none.
const Row* FindOption(std::string_view name);

}  // namespace norn::config
