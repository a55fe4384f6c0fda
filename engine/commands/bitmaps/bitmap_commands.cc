// Single bits, counting and finding them, strings combined bit by bit.

#include <string>
#include <vector>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/bitmaps/bit_ops.h"
#include "engine/commands/bitmaps/bit_words.h"
#include "engine/commands/bitmaps/bitmap_handlers.h"
#include "engine/commands/typed_key.h"

namespace norn {

std::optional<uint64_t> BitOffsetAt(CommandContext& c, size_t at, uint32_t field_bits) {
  std::string_view word = c.word(at);
  const bool counts_fields = field_bits > 0 && word.starts_with('#');
  if (counts_fields) word.remove_prefix(1);
  const std::optional<int64_t> number = ParseInt64(word);
  int64_t offset = 0;
  const bool valid =
      number && !__builtin_mul_overflow(*number, counts_fields ? field_bits : 1, &offset) &&
      offset >= 0 && (c.session.from_primary || offset / 8 < c.options.proto_max_bulk_len);
  if (valid) return static_cast<uint64_t>(offset);
  c.reply.Error("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

namespace handlers {
namespace {

constexpr ValueType kType = ValueType::kString;

// The range of BITCOUNT and BITPOS as it was written: [start [end [BYTE|BIT]]].
struct WrittenRange {
  int64_t start = 0;
  int64_t end = -1;
  bool end_given = false;
  bool in_bits = false;
};

// The range at `at`, up to the last word. nullopt: the error is replied.
std::optional<WrittenRange> RangeAt(CommandContext& c, size_t at) {
  WrittenRange range;
  if (c.count() > at + 3) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  if (c.count() > at) {
    const std::optional<int64_t> start = IntegerAt(c, at);
    if (!start) return std::nullopt;
    range.start = *start;
  }
  if (c.count() == at + 3) {
    range.in_bits = WordIs(c.word(at + 2), "bit");
    if (!range.in_bits && !WordIs(c.word(at + 2), "byte")) {
      c.reply.Error(kSyntaxError);
      return std::nullopt;
    }
  }
  if (c.count() > at + 1) {
    const std::optional<int64_t> end = IntegerAt(c, at + 1);
    if (!end) return std::nullopt;
    range.end = *end;
    range.end_given = true;
  }
  return range;
}

// What of a string is meant; nullopt: nothing.
std::optional<bit_ops::BitRange> Clamp(const WrittenRange& range, size_t size_bytes) {
  const auto size = static_cast<int64_t>(range.in_bits ? 8 * size_bytes : size_bytes);
  int64_t start = range.start < 0 ? std::max<int64_t>(range.start + size, 0) : range.start;
  int64_t end = range.end < 0 ? std::max<int64_t>(range.end + size, 0) : range.end;
  end = std::min(end, size - 1);
  if (start > end) return std::nullopt;
  if (!range.in_bits) {
    start *= 8;
    end = 8 * end + 7;
  }
  return bit_ops::BitRange{static_cast<uint64_t>(start), static_cast<uint64_t>(end)};
}

std::optional<bit_ops::Operation> OperationOf(std::string_view word) {
  using Operation = bit_ops::Operation;
  if (WordIs(word, "and")) return Operation::kAnd;
  if (WordIs(word, "or")) return Operation::kOr;
  if (WordIs(word, "xor")) return Operation::kXor;
  if (WordIs(word, "not")) return Operation::kNot;
  return std::nullopt;
}

// Stores bytes under `key` in place of all that was there; no bytes: the key goes.
void StoreBytes(CommandContext& c, const Key& key, std::string_view bytes) {
  Db& db = c.DbFor(key);
  if (bytes.empty()) {
    if (db.Erase(key, c.moment)) c.Notify(config::kNotifyGeneric, "del", key.bytes);
    return;
  }
  // Not by SetString alone: digits would be kept as a number, and what BITOP stores is "raw".
  db.SetString(key, "", {}, c.moment);
  const std::span<char> stored =
      db.ResizeString(key, db.FindForWrite(key, c.moment), bytes.size(), c.moment);
  bytes.copy(stored.data(), bytes.size());
  c.Notify(config::kNotifyString, "set", key.bytes);
}

}  // namespace

void GetBit(CommandContext& c) {
  const std::optional<uint64_t> offset = BitOffsetAt(c, 2);
  if (!offset) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  StringScratch scratch;
  c.reply.Integer(*found && bit_ops::Get((*found)->String(scratch), *offset) ? 1 : 0);
}

void SetBit(CommandContext& c) {
  constexpr ErrorText kBadBit = "ERR bit is not an integer or out of range";
  const std::optional<uint64_t> offset = BitOffsetAt(c, 2);
  if (!offset) return;
  const std::optional<int64_t> bit = IntegerAt(c, 3, kBadBit);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return c.reply.Error(kBadBit);
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  StringScratch scratch;
  const std::string_view old = *found ? (*found)->String(scratch) : std::string_view();
  const bool was_set = bit_ops::Get(old, *offset);
  const size_t size_bytes = std::max<size_t>(old.size(), *offset / 8 + 1);
  if (size_bytes != old.size() || was_set != (*bit == 1)) {
    bit_ops::Set(c.DbFor(key).ResizeString(key, *found, size_bytes, c.moment), *offset, *bit == 1);
    c.Notify(config::kNotifyString, "setbit", key.bytes);
  }
  c.reply.Integer(was_set ? 1 : 0);
}

void BitCount(CommandContext& c) {
  const std::optional<WrittenRange> range = RangeAt(c, 2);
  if (!range) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  // Valkey: both from the end and the wrong way round is nothing, even where both lie before the begin.
  const bool turned = range->start < 0 && range->end < 0 && range->start > range->end;
  if (!*found || turned) return c.reply.Integer(0);
  StringScratch scratch;
  const std::string_view bytes = (*found)->String(scratch);
  const std::optional<bit_ops::BitRange> bits = Clamp(*range, bytes.size());
  c.reply.Integer(bits ? static_cast<int64_t>(bit_ops::Count(bytes, *bits)) : 0);
}

void BitPos(CommandContext& c) {
  const std::optional<int64_t> wanted = IntegerAt(c, 2);
  if (!wanted) return;
  if (*wanted != 0 && *wanted != 1) {
    return c.reply.Error("ERR The bit argument must be 1 or 0.");
  }
  const std::optional<WrittenRange> range = RangeAt(c, 3);
  if (!range) return;
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  if (!*found) return c.reply.Integer(*wanted == 0 ? 0 : -1);
  StringScratch scratch;
  const std::string_view bytes = (*found)->String(scratch);
  const std::optional<bit_ops::BitRange> bits = Clamp(*range, bytes.size());
  if (!bits) return c.reply.Integer(-1);
  if (const std::optional<uint64_t> at = bit_ops::Find(bytes, *wanted == 1, *bits)) {
    return c.reply.Integer(static_cast<int64_t>(*at));
  }
  // Behind a string zeros go on, unless the client said where to end.
  const bool zero_behind = *wanted == 0 && !range->end_given;
  c.reply.Integer(zero_behind ? static_cast<int64_t>(8 * bytes.size()) : -1);
}

void BitOp(CommandContext& c) {
  const std::optional<bit_ops::Operation> operation = OperationOf(c.word(1));
  if (!operation) return c.reply.Error(kSyntaxError);
  if (*operation == bit_ops::Operation::kNot && c.count() != 4) {
    return c.reply.Error("ERR BITOP NOT must be called with a single source key.");
  }
  std::vector<StringScratch> scratches(c.count());
  std::vector<std::string_view> sources;
  for (size_t i = 3; i < c.count(); ++i) {
    const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(i), kType);
    if (!found) return;
    sources.push_back(*found ? (*found)->String(scratches[i]) : std::string_view());
  }
  const std::string result = bit_ops::Combine(*operation, sources);
  StoreBytes(c, c.KeyAt(2), result);
  c.reply.Integer(static_cast<int64_t>(result.size()));
}

}  // namespace handlers
}  // namespace norn
