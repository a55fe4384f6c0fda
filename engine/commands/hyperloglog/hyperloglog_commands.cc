// PFADD, PFCOUNT, PFMERGE.

#include "engine/commands/hyperloglog/hyperloglog_handlers.h"
#include "engine/commands/hyperloglog/hyperloglog_words.h"

namespace norn {

namespace hll = hyperloglog;

std::optional<std::string_view> HyperLogLogOf(CommandContext& c, EntryRef found) {
  if (!found) return std::string_view();
  if (!OfTypeOrReply(c, found, ValueType::kString)) return std::nullopt;
  // Digits are none, so that the view need not outlive the scratch.
  StringScratch scratch;
  const std::string_view bytes =
      found->encoding() == Encoding::kInt ? std::string_view() : found->String(scratch);
  if (hll::HasHeader(bytes)) return bytes;
  c.reply.Error(kNotHyperLogLog);
  return std::nullopt;
}

void StoreHyperLogLog(CommandContext& c, const Key& key, EntryRef found, std::string_view bytes) {
  const std::span<char> stored = c.DbFor(key).ResizeString(key, found, bytes.size(), c.moment);
  bytes.copy(stored.data(), bytes.size());
}

namespace handlers {
namespace {

size_t SparseBytesMax(const CommandContext& c) {
  return static_cast<size_t>(c.options.hll_sparse_max_bytes);
}

// In place: the first element that raises a register makes it a change. True: any did.
bool AddToDense(CommandContext& c, const Key& key, EntryRef found, std::string_view old) {
  std::span<char> bytes;
  for (size_t i = 2; i < c.count(); ++i) {
    const hll::Mark mark = hll::MarkOf(c.word(i));
    if (bytes.empty()) {
      if (hll::DenseRegister(old, mark.at) >= mark.value) continue;
      bytes = c.DbFor(key).ResizeString(key, found, old.size(), c.moment);
      hll::DropCachedCount(bytes);
    }
    hll::RaiseDense(bytes, mark);
  }
  return !bytes.empty();
}

// Apart, and stored if anything changed: it may grow, become dense, or prove corrupt on the way.
hll::Raised AddToSparse(CommandContext& c, const Key& key, EntryRef found, std::string_view old) {
  std::string bytes = old.empty() ? hll::Empty() : std::string(old);
  bool changed = old.empty();
  for (size_t i = 2; i < c.count(); ++i) {
    const hll::Raised raised = hll::Raise(&bytes, hll::MarkOf(c.word(i)), SparseBytesMax(c));
    if (raised == hll::Raised::kCorrupt) return raised;
    changed |= raised == hll::Raised::kChanged;
  }
  if (!changed) return hll::Raised::kSame;
  hll::DropCachedCount(bytes);
  StoreHyperLogLog(c, key, found, bytes);
  return hll::Raised::kChanged;
}

// A replica counts for its own clients too, but what it stores is up to its primary.
bool MayCache(const CommandContext& c) {
  return c.session.from_primary || c.moment.deletes_expired;
}

void CountOne(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  const std::optional<std::string_view> bytes = HyperLogLogOf(c, found);
  if (!bytes) return;
  if (bytes->empty()) return c.reply.Integer(0);
  if (const std::optional<uint64_t> cached = hll::CachedCount(*bytes)) {
    return c.reply.Integer(static_cast<int64_t>(*cached));
  }
  const std::optional<uint64_t> count = hll::Count(*bytes);
  if (!count) return c.reply.Error(kCorruptHyperLogLog);
  if (MayCache(c)) {
    hll::SetCachedCount(c.DbFor(key).ResizeString(key, found, bytes->size(), c.moment), *count);
    c.effect.Instead({"PFCOUNT", key.bytes});
  }
  c.reply.Integer(static_cast<int64_t>(*count));
}

// What the keys from word `first` on have been given together. False: the error is replied.
bool MergeKeys(CommandContext& c, size_t first, hll::Registers* registers, bool* any_dense) {
  for (size_t i = first; i < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    const std::optional<std::string_view> bytes =
        HyperLogLogOf(c, c.DbFor(key).Find(key, c.moment));
    if (!bytes) return false;
    if (bytes->empty()) continue;
    *any_dense |= hll::IsDense(*bytes);
    if (!hll::MergeInto(registers, *bytes)) {
      c.reply.Error(kCorruptHyperLogLog);
      return false;
    }
  }
  return true;
}

}  // namespace

void PfAdd(CommandContext& c) {
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
  const std::optional<std::string_view> old = HyperLogLogOf(c, found);
  if (!old) return;
  bool changed = false;
  if (!old->empty() && hll::IsDense(*old)) {
    changed = AddToDense(c, key, found, *old);
  } else {
    const hll::Raised raised = AddToSparse(c, key, found, *old);
    if (raised == hll::Raised::kCorrupt) return c.reply.Error(kCorruptHyperLogLog);
    changed = raised == hll::Raised::kChanged;
  }
  if (changed) c.Notify(config::kNotifyString, "pfadd", key.bytes);
  c.reply.Integer(changed ? 1 : 0);
}

void PfCount(CommandContext& c) {
  if (c.count() == 2) return CountOne(c);
  hll::Registers registers = {};
  bool any_dense = false;
  if (!MergeKeys(c, 1, &registers, &any_dense)) return;
  c.reply.Integer(static_cast<int64_t>(hll::Count(registers)));
}

void PfMerge(CommandContext& c) {
  hll::Registers registers = {};
  bool any_dense = false;
  if (!MergeKeys(c, 1, &registers, &any_dense)) return;
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).FindForWrite(key, c.moment);
  const std::optional<std::string_view> old = HyperLogLogOf(c, found);
  if (!old) return;
  std::string bytes = old->empty() ? hll::Empty() : std::string(*old);
  if (any_dense) {
    if (!hll::MakeDense(&bytes)) return c.reply.Error(kCorruptHyperLogLog);
    hll::SetRegisters(bytes, registers);
  } else {
    // One by one: the runs come out as Valkey's do.
    for (size_t i = 0; i < hll::kRegisters; ++i) {
      if (registers[i] != 0) hll::Raise(&bytes, {i, registers[i]}, SparseBytesMax(c));
    }
  }
  hll::DropCachedCount(bytes);
  StoreHyperLogLog(c, key, found, bytes);
  c.Notify(config::kNotifyString, "pfadd", key.bytes);
  c.reply.Ok();
}

}  // namespace handlers
}  // namespace norn
