// DEBUG: what developers and test suites need. Runs with every shard's token held, so that SLEEP stops the whole data set as
// clients of a single-threaded server expect; the parts that look at keys are in debug_keys.cc.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"
#include "engine/env/env.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

void Sleep(CommandContext& c) {
  constexpr double kSecondsMax = 1e9;
  // As C's strtod, words that are no number mean 0.
  const double seconds = std::min(ParseDouble(c.word(2)).value_or(0), kSecondsMax);
  const Instant until = c.instant + Duration::Micros(static_cast<int64_t>(seconds * 1e6));
  env::Env& env = c.node.env();
  while (env.clock().Now() < until) env.executor().Park(until);
  c.reply.Ok();
}

void SetActiveExpire(CommandContext& c) {
  c.node.SetActiveExpire(ParseInt64(c.word(2)).value_or(0) != 0);
  c.reply.Ok();
}

void Log(CommandContext& c) {
  c.node.env().Log(env::LogLevel::kWarning, fmt::format("DEBUG LOG: {}", c.word(2)));
  c.reply.Ok();
}

void ReplyThree(CommandContext& c) {
  for (int64_t i = 0; i < 3; ++i) c.reply.Integer(i);
}

void ProtocolAttribute(CommandContext& c) {
  if (c.reply.resp() == Resp::k3) {
    c.reply.Attribute(1);
    c.reply.Bulk("key-popularity");
    c.reply.Array(2);
    c.reply.Bulk("key:123");
    c.reply.Integer(90);
  }
  c.reply.Bulk("Some real reply following the attribute");
}

void ProtocolPush(CommandContext& c) {
  if (c.reply.resp() == Resp::k2) {
    return c.reply.Error("ERR RESP2 is not supported by this command");
  }
  c.reply.Push(2);
  c.reply.Bulk("server-cpu-usage");
  c.reply.Integer(42);
  // Push replies are not synchronous replies, so the client still waits for one.
  c.reply.Bulk("Some real reply following the push reply");
}

struct ProtocolSample {
  std::string_view type;
  void (*reply)(CommandContext& c);
};

constexpr std::array<ProtocolSample, 13> kProtocolSamples = {{
    {"string", [](CommandContext& c) { c.reply.Bulk("Hello World"); }},
    {"integer", [](CommandContext& c) { c.reply.Integer(12345); }},
    {"double", [](CommandContext& c) { c.reply.Double(3.141); }},
    {"bignum",
     [](CommandContext& c) { c.reply.BigNumber("1234567999999999999999999999999999999"); }},
    {"null", [](CommandContext& c) { c.reply.Null(); }},
    {"array",
     [](CommandContext& c) {
       c.reply.Array(3);
       ReplyThree(c);
     }},
    {"set",
     [](CommandContext& c) {
       c.reply.Set(3);
       ReplyThree(c);
     }},
    {"map",
     [](CommandContext& c) {
       c.reply.Map(3);
       for (int64_t i = 0; i < 3; ++i) {
         c.reply.Integer(i);
         c.reply.Bool(i == 1);
       }
     }},
    {"attrib", ProtocolAttribute},
    {"push", ProtocolPush},
    {"true", [](CommandContext& c) { c.reply.Bool(true); }},
    {"false", [](CommandContext& c) { c.reply.Bool(false); }},
    {"verbatim", [](CommandContext& c) { c.reply.Verbatim("txt", "This is a verbatim\nstring"); }},
}};

void Protocol(CommandContext& c) {
  for (const ProtocolSample& sample : kProtocolSamples) {
    if (WordIs(c.word(2), sample.type)) return sample.reply(c);
  }
  c.reply.Error(
      "ERR Wrong protocol type name. Please use one of the following: "
      "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
}

// Valkey: MERGE keeps what is there; it is not here.
void Reload(CommandContext& c) {
  bool save = true;
  for (size_t i = 2; i < c.count(); ++i) {
    if (WordIs(c.word(i), "nosave")) {
      save = false;
    } else if (!WordIs(c.word(i), "noflush")) {
      return c.reply.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  const absl::Status status = c.node.Reload(save);
  if (status.ok()) return c.reply.Ok();
  ReplyFailure(c, "ERR ", status);
}

void LoadAof(CommandContext& c) {
  const absl::Status status = c.node.ReloadLog();
  if (status.ok()) return c.reply.Ok();
  ReplyFailure(c, "ERR ", status);
}

// What test suites switch off around a test to hold a server still that packs, resizes and shrinks in the background. Nothing here
// does: packing is decided by a collection's own limits, tables grow and shrink with the writes, and buffers with their use.
void HoldStill(CommandContext& c) { c.reply.Ok(); }

void Help(CommandContext& c) {
  ReplyHelp(c, {
                   "ASSERT",
                   "    Crash on a failed assertion.",
                   "DICT-RESIZING <0|1>",
                   "    Accepted, without effect.",
                   "DIGEST",
                   "    A sum over all data: equal data, equal sum, on any server.",
                   "DIGEST-VALUE <key> [<key> ...]",
                   "    The same for single values.",
                   "ERROR <string>",
                   "    Answer with <string> as an error.",
                   "HTSTATS <dbid> [full]",
                   "    Statistics of a database's hash table.",
                   "HTSTATS-KEY <key> [full]",
                   "    Statistics of the hash table in a key's value.",
                   "LISTPACK <key>",
                   "    Write the elements of a listpack to the server's log.",
                   "LOADAOF",
                   "    Sync the append-only log, then read the data from it again.",
                   "LOG <message>",
                   "    Write <message> to the server's log.",
                   "OBJECT <key> [fast]",
                   "    How a key and its value are stored.",
                   "PANIC",
                   "    Crash as on a state that cannot be.",
                   "PAUSE-CRON <0|1>",
                   "    Accepted, without effect.",
                   "POPULATE <count> [<prefix>] [<size>]",
                   "    Create <count> string keys, <prefix>:<number> (default prefix: key).",
                   "PROTOCOL <type>",
                   "    Answer with a sample of a type of the protocol: string, integer, double,",
                   "    bignum, null, array, set, map, attrib, push, verbatim, true, false.",
                   "QUICKLIST <key> [<0|1>]",
                   "    Write the nodes of a quicklist, with 1 also their elements, to the log.",
                   "QUICKLIST-PACKED-THRESHOLD <size>",
                   "    Accepted, without effect.",
                   "RELOAD [NOSAVE]",
                   "    Save a snapshot and read the data from it again.",
                   "REPLYBUFFER <PEAK-RESET-TIME|RESIZING> <value>",
                   "    Accepted, without effect.",
                   "SEGFAULT",
                   "    Crash on a bad memory access.",
                   "SET-ACTIVE-EXPIRE <0|1>",
                   "    Whether expired keys that nobody reads are deleted.",
                   "SLEEP <seconds>",
                   "    Stop the server for <seconds>, with decimals.",
               });
}

// A page that no process maps; volatile, so that no compiler sees what is coming.
void WriteToNowhere() {
  volatile uintptr_t nowhere = 64;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

struct Part {
  std::string_view name;
  size_t words_min;
  size_t words_max;
  void (*run)(CommandContext& c);
};

constexpr size_t kAny = SIZE_MAX;

constexpr std::array<Part, 23> kParts = {{
    {"help", 2, 2, Help},
    {"sleep", 3, 3, Sleep},
    {"set-active-expire", 3, 3, SetActiveExpire},
    {"log", 3, 3, Log},
    {"error", 3, 3, [](CommandContext& c) { c.reply.Error(c.word(2)); }},
    {"protocol", 3, 3, Protocol},
    {"digest", 2, 2, DebugDigest},
    {"digest-value", 3, kAny, DebugDigestValue},
    {"object", 3, 4, DebugObject},
    {"listpack", 3, 3, DebugListpack},
    {"quicklist", 3, 4, DebugQuicklist},
    {"reload", 2, 5, Reload},
    {"loadaof", 2, 2, LoadAof},
    {"htstats", 3, kAny, DebugHtStats},
    {"htstats-key", 3, kAny, DebugHtStatsKey},
    {"populate", 3, 5, DebugPopulate},
    {"quicklist-packed-threshold", 3, 3, HoldStill},
    {"pause-cron", 3, 3, HoldStill},
    {"dict-resizing", 3, 3, HoldStill},
    {"replybuffer", 4, 4, HoldStill},
    {"assert", 2, kAny, [](CommandContext&) { CHECK_MSG(false, "DEBUG ASSERT"); }},
    {"panic", 2, kAny, [](CommandContext&) { CHECK_MSG(false, "DEBUG PANIC"); }},
    {"segfault", 2, kAny, [](CommandContext&) { WriteToNowhere(); }},
}};

}  // namespace

// What saves or loads collects the tokens itself.
Placement DebugPlacement(std::span<const std::string_view> words) {
  const bool own = words.size() > 1 && (WordIs(words[1], "reload") || WordIs(words[1], "loadaof"));
  return own ? Placement::kHome : Placement::kAllShards;
}

void Debug(CommandContext& c) {
  for (const Part& part : kParts) {
    if (!WordIs(c.word(1), part.name)) continue;
    if (c.count() >= part.words_min && c.count() <= part.words_max) return part.run(c);
  }
  ReplySubcommandError(c);
}

}  // namespace norn::handlers
