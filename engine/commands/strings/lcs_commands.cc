#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/strings/lcs.h"

namespace norn::handlers {
namespace {

struct LcsOptions {
  bool indexes = false;
  bool length = false;
  bool with_match_length = false;
  int64_t match_length_min = 0;
};

// nullopt: the error is replied.
std::optional<LcsOptions> ReadOptions(CommandContext& c) {
  LcsOptions options;
  for (size_t i = 3; i < c.count(); ++i) {
    const std::string_view word = c.word(i);
    if (WordIs(word, "idx")) {
      options.indexes = true;
    } else if (WordIs(word, "len")) {
      options.length = true;
    } else if (WordIs(word, "withmatchlen")) {
      options.with_match_length = true;
    } else if (WordIs(word, "minmatchlen") && i + 1 < c.count()) {
      const std::optional<int64_t> least = IntegerAt(c, ++i);
      if (!least) return std::nullopt;
      options.match_length_min = std::max<int64_t>(*least, 0);
    } else {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  if (options.length && options.indexes) {
    c.reply.Error("ERR If you want both the length and indexes, please just use IDX.");
    return std::nullopt;
  }
  return options;
}

void ReplySpan(CommandContext& c, const lcs::Span& span) {
  c.reply.Array(2);
  c.reply.Integer(span.first);
  c.reply.Integer(span.last);
}

void ReplyIndexes(CommandContext& c, const lcs::Result& result, const LcsOptions& options) {
  c.reply.Map(2);
  c.reply.Bulk("matches");
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t count = 0;
  for (const lcs::Match& match : result.matches) {
    if (match.Length() < options.match_length_min) continue;
    c.reply.Array(options.with_match_length ? 3 : 2);
    ReplySpan(c, match.a);
    ReplySpan(c, match.b);
    if (options.with_match_length) c.reply.Integer(match.Length());
    ++count;
  }
  c.reply.EndArray(begun, count);
  c.reply.Bulk("len");
  c.reply.Integer(result.length);
}

// Refuses what would take too long or too much. Its table counts as a bulk string would.
ErrorText CheckSizes(size_t a_bytes, size_t b_bytes, int64_t bytes_max) {
  constexpr size_t kBytesMax = UINT32_MAX - 1;
  if (a_bytes >= kBytesMax || b_bytes >= kBytesMax) return "ERR String too long for LCS";
  if (lcs::TableBytes(a_bytes, b_bytes) > static_cast<uint64_t>(bytes_max)) {
    return "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
  }
  return kNoError;
}

void ReplyLcs(CommandContext& c, std::string_view a, std::string_view b,
              const LcsOptions& options) {
  const ErrorText error = CheckSizes(a.size(), b.size(), c.options.proto_max_bulk_len);
  if (!error.empty()) return c.reply.Error(error);
  const lcs::Result result = lcs::Find(a, b, options.length);
  if (options.indexes) return ReplyIndexes(c, result, options);
  if (options.length) return c.reply.Integer(result.length);
  c.reply.Bulk(result.text);
}

}  // namespace

void Lcs(CommandContext& c) {
  const Key a_key = c.KeyAt(1);
  const Key b_key = c.KeyAt(2);
  // Looked up once before, because finding the second key may delete an expired entry and end the first reference.
  c.DbFor(b_key).FindForWrite(b_key, WithoutTouch(c));
  const EntryRef a = c.DbFor(a_key).Find(a_key, c.moment);
  const EntryRef b = c.DbFor(b_key).Find(b_key, c.moment);
  if ((a && !a->IsString()) || (b && !b->IsString())) {
    return c.reply.Error("ERR The specified keys must contain string values");
  }
  const std::optional<LcsOptions> options = ReadOptions(c);
  if (!options) return;
  StringScratch a_scratch;
  StringScratch b_scratch;
  ReplyLcs(c, a ? a->String(a_scratch) : "", b ? b->String(b_scratch) : "", *options);
}

}  // namespace norn::handlers
