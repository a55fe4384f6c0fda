// PFDEBUG and PFSELFTEST: for those who look into a HyperLogLog, and for the tests of Valkey.

#include <fmt/format.h>

#include "engine/commands/arguments.h"
#include "engine/commands/hyperloglog/hyperloglog_handlers.h"
#include "engine/commands/hyperloglog/hyperloglog_words.h"

namespace norn::handlers {
namespace {

namespace hll = hyperloglog;

struct Subject {
  Key key;
  EntryRef found;
  std::string_view bytes;
};

// Makes it dense where it is not, and stores that. nullopt: the error is replied.
std::optional<std::string> DenseOf(CommandContext& c, const Subject& subject) {
  std::string bytes(subject.bytes);
  if (hll::IsDense(bytes)) return bytes;
  if (!hll::MakeDense(&bytes)) {
    c.reply.Error(kCorruptHyperLogLog);
    return std::nullopt;
  }
  StoreHyperLogLog(c, subject.key, subject.found, bytes);
  return bytes;
}

void ReplyRegisters(CommandContext& c, const Subject& subject) {
  const std::optional<std::string> bytes = DenseOf(c, subject);
  if (!bytes) return;
  c.reply.Array(hll::kRegisters);
  for (size_t i = 0; i < hll::kRegisters; ++i) c.reply.Integer(hll::DenseRegister(*bytes, i));
}

void ReplyRuns(CommandContext& c, const Subject& subject) {
  const std::optional<std::string> text = hll::Describe(subject.bytes);
  text ? c.reply.Bulk(*text) : c.reply.Error("ERR HLL encoding is not sparse");
}

// Valkey: ON chooses code for wider registers of the processor where there is any. Here is one code for all.
void ReplySimd(CommandContext& c) {
  if (!WordIs(c.word(2), "on") && !WordIs(c.word(2), "off")) {
    return c.reply.Error("ERR Argument must be ON or OFF");
  }
  c.reply.Simple("disabled");
}

}  // namespace

void PfDebug(CommandContext& c) {
  const std::string_view what = c.word(1);
  if (WordIs(what, "simd")) return ReplySimd(c);
  const Key key = c.KeyAt(2);
  const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
  if (!found) return c.reply.Error("ERR The specified key does not exist");
  const std::optional<std::string_view> bytes = HyperLogLogOf(c, found);
  if (!bytes) return;
  const Subject subject{key, found, *bytes};
  if (WordIs(what, "getreg")) return ReplyRegisters(c, subject);
  if (WordIs(what, "decode")) return ReplyRuns(c, subject);
  if (WordIs(what, "encoding")) return c.reply.Simple(hll::IsDense(*bytes) ? "dense" : "sparse");
  if (WordIs(what, "todense")) {
    const bool was_dense = hll::IsDense(*bytes);
    if (DenseOf(c, subject)) c.reply.Integer(was_dense ? 0 : 1);
    return;
  }
  c.reply.Error(fmt::format("ERR Unknown PFDEBUG subcommand '{}'", UpToNul(what)));
}

void PfSelfTest(CommandContext& c) {
  Prng prng(static_cast<uint64_t>(c.now.us));
  const std::string problem =
      hll::SelfTest(prng, static_cast<size_t>(c.options.hll_sparse_max_bytes));
  problem.empty() ? c.reply.Ok() : c.reply.Error(problem);
}

}  // namespace norn::handlers
