// BITFIELD: numbers of any width at any bit of a string.

#include <algorithm>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/bitmaps/bit_ops.h"
#include "engine/commands/bitmaps/bit_words.h"
#include "engine/commands/bitmaps/bitmap_handlers.h"
#include "engine/commands/typed_key.h"

namespace norn::handlers {
namespace {

constexpr ValueType kType = ValueType::kString;

struct FieldOperation {
  enum class Kind : uint8_t { kGet, kSet, kGrow } kind = Kind::kGet;
  bit_ops::FieldType type;
  bit_ops::Overflow overflow = bit_ops::Overflow::kWrap;
  uint64_t offset = 0;
  int64_t operand = 0;  // to be set, or grown by

  bool writes() const { return kind != Kind::kGet; }
};
using Kind = FieldOperation::Kind;

std::optional<bit_ops::Overflow> OverflowAt(CommandContext& c, size_t at) {
  using bit_ops::Overflow;
  const std::string_view word = c.word(at);
  if (WordIs(word, "wrap")) return Overflow::kWrap;
  if (WordIs(word, "sat")) return Overflow::kSaturate;
  if (WordIs(word, "fail")) return Overflow::kFail;
  c.reply.Error("ERR Invalid OVERFLOW type specified");
  return std::nullopt;
}

std::optional<Kind> KindOf(std::string_view word, size_t words_behind) {
  if (WordIs(word, "get") && words_behind >= 2) return Kind::kGet;
  if (WordIs(word, "set") && words_behind >= 3) return Kind::kSet;
  if (WordIs(word, "incrby") && words_behind >= 3) return Kind::kGrow;
  return std::nullopt;
}

// The operation at *at, which it moves on. nullopt: the error is replied.
std::optional<FieldOperation> OperationAt(CommandContext& c, size_t* at,
                                          bit_ops::Overflow overflow) {
  const std::optional<Kind> kind = KindOf(c.word(*at), c.count() - *at - 1);
  if (!kind) {
    c.reply.Error(kSyntaxError);
    return std::nullopt;
  }
  FieldOperation operation{.kind = *kind, .type = {}, .overflow = overflow};
  const std::optional<bit_ops::FieldType> type = bit_ops::ParseFieldType(c.word(*at + 1));
  if (!type) {
    c.reply.Error(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but "
        "i64 is.");
    return std::nullopt;
  }
  operation.type = *type;
  const std::optional<uint64_t> offset = BitOffsetAt(c, *at + 2, type->bits);
  if (!offset) return std::nullopt;
  operation.offset = *offset;
  *at += 3;
  if (!operation.writes()) return operation;
  const std::optional<int64_t> operand = IntegerAt(c, (*at)++);
  if (!operand) return std::nullopt;
  operation.operand = *operand;
  return operation;
}

// nullopt: the error is replied.
std::optional<std::vector<FieldOperation>> ReadOperations(CommandContext& c) {
  std::vector<FieldOperation> operations;
  bit_ops::Overflow overflow = bit_ops::Overflow::kWrap;
  for (size_t at = 2; at < c.count();) {
    if (WordIs(c.word(at), "overflow") && at + 1 < c.count()) {
      const std::optional<bit_ops::Overflow> given = OverflowAt(c, at + 1);
      if (!given) return std::nullopt;
      overflow = *given;
      at += 2;
      continue;
    }
    const std::optional<FieldOperation> operation = OperationAt(c, &at, overflow);
    if (!operation) return std::nullopt;
    operations.push_back(*operation);
  }
  return operations;
}

void RunReads(CommandContext& c, const std::vector<FieldOperation>& operations) {
  const std::optional<EntryRef> found = FindOfType(c, c.KeyAt(1), kType);
  if (!found) return;
  StringScratch scratch;
  const std::string_view bytes = *found ? (*found)->String(scratch) : std::string_view();
  c.reply.Array(operations.size());
  for (const FieldOperation& operation : operations) {
    c.reply.Integer(bit_ops::GetField(bytes, operation.type, operation.offset));
  }
}

// The bytes that a string must have for the furthest write.
size_t BytesNeeded(const std::vector<FieldOperation>& operations) {
  uint64_t bits = 0;
  for (const FieldOperation& operation : operations) {
    if (operation.writes()) bits = std::max(bits, operation.offset + operation.type.bits);
  }
  return (bits + 7) / 8;
}

// A string that is written only where that changes it: what is not written is not a change to whoever watches or follows.
class LazyString {
 public:
  LazyString(CommandContext& c, const Key& key, EntryRef found) : c_(c), key_(key), found_(found) {
    if (found) read_ = found->String(scratch_);
  }

  std::string_view view() const { return read_; }
  void GrowTo(size_t bytes) {
    if (bytes > read_.size()) Resize(bytes);
  }
  std::span<char> ForWrite() {
    if (written_.empty()) Resize(read_.size());
    return written_;
  }

 private:
  void Resize(size_t bytes) {
    written_ = c_.DbFor(key_).ResizeString(key_, found_, bytes, c_.moment);
    read_ = {written_.data(), written_.size()};
  }

  CommandContext& c_;
  const Key& key_;
  EntryRef found_;
  StringScratch scratch_;
  std::string_view read_;
  std::span<char> written_;
};

void RunWrites(CommandContext& c, const std::vector<FieldOperation>& operations) {
  const Key key = c.KeyAt(1);
  const std::optional<EntryRef> found = FindOfTypeForWrite(c, key, kType);
  if (!found) return;
  LazyString bytes(c, key, *found);
  const size_t bytes_needed = BytesNeeded(operations);
  const bool grows = bytes_needed > bytes.view().size();
  // Valkey: it grows the string though every write then fails, and tells nobody; here that is a change like any other.
  bytes.GrowTo(bytes_needed);
  bool changed = false;
  c.reply.Array(operations.size());
  for (const FieldOperation& operation : operations) {
    const int64_t old = bit_ops::GetField(bytes.view(), operation.type, operation.offset);
    if (!operation.writes()) {
      c.reply.Integer(old);
      continue;
    }
    const bool sets = operation.kind == Kind::kSet;
    const std::optional<int64_t> value =
        sets ? bit_ops::Fit(operation.type, operation.operand, operation.overflow)
             : bit_ops::Grow(operation.type, old, operation.operand, operation.overflow);
    if (!value) {
      c.reply.Null();
      continue;
    }
    c.reply.Integer(sets ? old : *value);
    changed |= grows || *value != old;
    if (*value == old) continue;
    bit_ops::SetField(bytes.ForWrite(), operation.type, operation.offset, *value);
  }
  if (changed) c.Notify(config::kNotifyString, "setbit", key.bytes);
}

}  // namespace

void BitField(CommandContext& c) {
  const auto operations = ReadOperations(c);
  if (!operations) return;
  const bool writes = std::any_of(operations->begin(), operations->end(),
                                  [](const FieldOperation& one) { return one.writes(); });
  writes ? RunWrites(c, *operations) : RunReads(c, *operations);
}

void BitFieldRo(CommandContext& c) {
  const auto operations = ReadOperations(c);
  if (!operations) return;
  for (const FieldOperation& operation : *operations) {
    if (operation.writes()) {
      return c.reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
    }
  }
  RunReads(c, *operations);
}

}  // namespace norn::handlers
