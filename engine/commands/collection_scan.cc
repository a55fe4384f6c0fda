#include "engine/commands/collection_scan.h"

#include <fmt/format.h>

#include "engine/base/glob.h"
#include "engine/base/number.h"
#include "engine/commands/arguments.h"

namespace norn {
namespace {

// False: the error is replied.
bool ReadPair(CommandContext& c, size_t at, CollectionScan* scan) {
  if (WordIs(c.word(at), "count")) {
    const std::optional<int64_t> count = IntegerAt(c, at + 1);
    if (!count) return false;
    scan->count = static_cast<size_t>(*count);
    if (*count >= 1) return true;
  } else if (WordIs(c.word(at), "match")) {
    scan->pattern = c.word(at + 1);
    return true;
  }
  c.reply.Error(kSyntaxError);
  return false;
}

}  // namespace

bool CollectionScan::Wants(std::string_view name) const {
  return pattern == "*" || GlobMatch(pattern, name);
}

std::optional<uint64_t> ScanCursorAt(CommandContext& c, size_t at) {
  const std::optional<uint64_t> cursor = ParseUint64(c.word(at));
  if (!cursor) c.reply.Error("ERR invalid cursor");
  return cursor;
}

std::optional<CollectionScan> ReadCollectionScan(CommandContext& c, uint64_t cursor,
                                                 std::string_view names_only) {
  CollectionScan scan{.cursor = cursor};
  for (size_t i = 3; i < c.count();) {
    if (WordIs(c.word(i), "novalues") || WordIs(c.word(i), "noscores")) {
      if (names_only.empty() || !WordIs(c.word(i), names_only)) {
        c.reply.Error(WordIs(c.word(i), "novalues")
                          ? "ERR NOVALUES option can only be used in HSCAN"
                          : "ERR NOSCORES option can only be used in ZSCAN");
        return std::nullopt;
      }
      scan.names_only = true;
      ++i;
      continue;
    }
    if (i + 1 == c.count()) {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
    if (!ReadPair(c, i, &scan)) return std::nullopt;
    i += 2;
  }
  return scan;
}

void ReplyEmptyScan(CommandContext& c) {
  c.reply.Array(2);
  c.reply.Bulk("0");
  c.reply.Array(0);
}

void BeginScanReply(CommandContext& c, uint64_t next_cursor, size_t words) {
  c.reply.Array(2);
  c.reply.Bulk(fmt::format_int(next_cursor).c_str());
  c.reply.Array(words);
}

}  // namespace norn
