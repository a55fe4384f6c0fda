// The packed values of Db: small collections whose bytes lie in the entry, or beside it, as a string's do. A hash of five
// short fields thus costs one allocation, as one string would.

#include <cstring>

#include "engine/base/check.h"
#include "engine/keyspace/db.h"
#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// A value that shrinks goes back into its entry only when it is well below what made it leave.
constexpr size_t kReembedBytesMax = kEmbeddedBytesMax * 2 / 3;

ValueView PackedView(ValueType type, std::string_view bytes) {
  ValueView view;
  view.type = type;
  if (bytes.size() <= kEmbeddedBytesMax) {
    view.embedded = bytes;
  } else {
    view.encoding = Encoding::kOutside;
    view.word = reinterpret_cast<uint64_t>(StringBlock::New(bytes));
  }
  return view;
}

// The bytes of before with a gap of `inserted` bytes for the `removed` at `at`.
void CopyAround(std::string_view before, size_t at, size_t removed, size_t inserted, char* to) {
  std::memcpy(to, before.data(), at);
  std::memcpy(to + at + inserted, before.data() + at + removed, before.size() - at - removed);
}

}  // namespace

DetachedValue DetachedValue::Packed(ValueType type, std::string_view bytes) {
  DetachedValue value;
  value.type_ = type;
  if (bytes.size() <= kEmbeddedBytesMax) {
    value.embedded_ = bytes;
  } else {
    value.word_ = reinterpret_cast<uint64_t>(StringBlock::New(bytes));
    value.encoding_ = Encoding::kOutside;
  }
  return value;
}

EntryRef Db::SetPacked(const Key& key, EntryRef found, ValueType type, std::string_view bytes,
                       const Moment& moment) {
  CHECK(type != ValueType::kString);
  Store(key, found, PackedView(type, bytes), kNoDeadline,
        found ? 0 : InitialAccess(moment.now_ms, keyspace_->access_policy()));
  return FindAny(key);
}

EntryRef Db::Pack(const Key& key, EntryRef found, std::string_view bytes) {
  CHECK(found->encoding() == Encoding::kObject);
  Store(key, found, PackedView(found->type(), bytes), found->deadline_ms(), 0);
  return FindAny(key);
}

std::span<char> Db::SplicePacked(EntryRef* found, size_t at, size_t removed, size_t inserted) {
  Entry* entry = found->entry_;
  const std::string_view before = entry->packed();
  CHECK(at + removed <= before.size());
  const size_t size_bytes = before.size() - removed + inserted;
  contents_.tables.BeforeWrite(*entry, found->at_);
  if (entry->encoding() == Encoding::kOutside && size_bytes > kReembedBytesMax) {
    return SpliceBlock(found, at, removed, inserted);
  }
  if (size_bytes > kEmbeddedBytesMax) {
    StringBlock* block = StringBlock::New(size_bytes);
    CopyAround(before, at, removed, inserted, block->bytes());
    ValueView view;
    view.type = entry->type();
    view.encoding = Encoding::kOutside;
    view.word = reinterpret_cast<uint64_t>(block);
    found->entry_ = Rebuild(*found, view, entry->deadline_ms());
    contents_.AddOutside(*found->entry_);
    return {block->bytes(), size_bytes};
  }
  char spliced[kEmbeddedBytesMax] = {};
  CopyAround(before, at, removed, inserted, spliced);
  DropOutside(entry);
  ValueView view;
  view.type = entry->type();
  view.embedded = {spliced, size_bytes};
  if (!EntryBuilder::Overwrite(entry, view)) {
    found->entry_ = Rebuild(*found, view, entry->deadline_ms());
  }
  return EntryBuilder::EmbeddedBytes(found->entry_);
}

std::span<char> Db::SpliceBlock(EntryRef* found, size_t at, size_t removed, size_t inserted) {
  Entry* entry = found->entry_;
  contents_.RemoveOutside(*entry);
  StringBlock* block = entry->value().block();
  const size_t behind = block->size_bytes - at - removed;
  const size_t size_bytes = at + inserted + behind;
  const size_t wanted_bytes = AllocationBytes(sizeof(StringBlock) + size_bytes);
  if (wanted_bytes < block->UsedBytes() / 2 || size_bytes > block->capacity_bytes) {
    StringBlock* resized = StringBlock::New(size_bytes);
    CopyAround(block->view(), at, removed, inserted, resized->bytes());
    StringBlock::Free(block);
    block = resized;
  } else {
    std::memmove(block->bytes() + at + inserted, block->bytes() + at + removed, behind);
    block->size_bytes = size_bytes;
  }
  EntryBuilder::SetWord(entry, reinterpret_cast<uint64_t>(block));
  contents_.AddOutside(*entry);
  return {block->bytes(), size_bytes};
}

}  // namespace norn
