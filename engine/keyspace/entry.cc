#include "engine/keyspace/entry.h"

#include <cstdlib>

#include "engine/base/check.h"
#include "engine/keyspace/entry_builder.h"

namespace norn {
namespace {

// An empty view may point nowhere, which memmove must not be given. The bytes may overlap.
void CopyBytes(char* to, std::string_view from) {
  if (!from.empty()) std::memmove(to, from.data(), from.size());
}

}  // namespace

// ---- StringBlock ----

StringBlock* StringBlock::New(size_t size_bytes) {
  const size_t allocation = AllocationBytes(sizeof(StringBlock) + size_bytes);
  StringBlock* block = static_cast<StringBlock*>(std::malloc(allocation));
  CHECK(block != nullptr);
  block->size_bytes = size_bytes;
  block->capacity_bytes = allocation - sizeof(StringBlock);
  return block;
}

StringBlock* StringBlock::New(std::string_view value) {
  StringBlock* block = New(value.size());
  CopyBytes(block->bytes(), value);
  return block;
}

StringBlock* StringBlock::Resize(StringBlock* block, size_t size_bytes) {
  if (size_bytes > block->capacity_bytes) {
    const size_t wanted = std::max(size_bytes, block->capacity_bytes + block->capacity_bytes / 4);
    const size_t allocation = AllocationBytes(sizeof(StringBlock) + wanted);
    block = static_cast<StringBlock*>(std::realloc(block, allocation));
    CHECK(block != nullptr);
    block->capacity_bytes = allocation - sizeof(StringBlock);
  }
  block->size_bytes = size_bytes;
  return block;
}

void StringBlock::Free(StringBlock* block) { std::free(block); }

// ---- Entry ----

std::string_view Entry::String(StringScratch& scratch) const {
  switch (encoding()) {
    case Encoding::kEmbedded:
      return {reinterpret_cast<const char*>(this) + ValueOffset(), value_bytes_};
    case Encoding::kOutside:
      return value().block()->view();
    case Encoding::kInt:
      return {scratch.digits, FormatInt64(Integer(), scratch.digits)};
    case Encoding::kObject:
      break;
  }
  CHECK(IsString());
  return {};
}

size_t Entry::StringLength() const {
  if (encoding() == Encoding::kEmbedded) return value_bytes_;
  StringScratch scratch;
  return String(scratch).size();
}

std::string_view Entry::packed() const {
  CHECK(IsPacked());
  const ValueView view = value();
  return view.encoding == Encoding::kEmbedded ? view.embedded : view.block()->view();
}

int64_t Entry::Integer() const {
  CHECK(encoding() == Encoding::kInt);
  return static_cast<int64_t>(LoadWord(WordOffset()));
}

Object* Entry::object() const {
  CHECK(encoding() == Encoding::kObject);
  return reinterpret_cast<Object*>(LoadWord(WordOffset()));
}

ValueView Entry::value() const {
  ValueView view;
  view.type = type();
  view.encoding = encoding();
  view.modified = (flags_ & kModified) != 0;
  if (has_word()) {
    view.word = LoadWord(WordOffset());
  } else {
    view.embedded = {reinterpret_cast<const char*>(this) + ValueOffset(), value_bytes_};
  }
  return view;
}

std::string_view Entry::EncodingName() const {
  constexpr size_t kEmbstrBytesMax = 44;
  CHECK(IsString());
  if (encoding() == Encoding::kInt) return "int";
  const bool embstr = encoding() == Encoding::kEmbedded && value_bytes_ <= kEmbstrBytesMax &&
                      (flags_ & kModified) == 0;
  return embstr ? "embstr" : "raw";
}

size_t Entry::SizeBytes() const {
  return EntryPool::RoundUp(ValueOffset() + (has_word() ? 0 : value_bytes_));
}

size_t Entry::OutsideBytes() const {
  switch (encoding()) {
    case Encoding::kOutside:
      return value().block()->UsedBytes();
    case Encoding::kObject:
      return object()->UsedBytes();
    default:
      return 0;
  }
}

// ---- EntryBuilder ----

size_t EntryBuilder::BytesFor(size_t key_bytes, bool has_deadline, const ValueView& value) {
  const size_t wide = key_bytes > 255 ? 8 : 0;
  const size_t value_bytes =
      value.encoding == Encoding::kEmbedded ? value.embedded.size() : sizeof(value.word);
  return 8 + wide + (has_deadline ? 8 : 0) + key_bytes + value_bytes;
}

Entry* EntryBuilder::New(EntryPool& pool, std::string_view key, int64_t deadline_ms,
                         uint32_t access, const ValueView& value) {
  const bool has_deadline = deadline_ms != kNoDeadline;
  void* memory = pool.Allocate(BytesFor(key.size(), has_deadline, value));
  Entry* entry = new (memory) Entry();
  entry->access_ = access & 0xffffff;
  entry->kind_ = static_cast<uint32_t>(value.type) << 4 | static_cast<uint32_t>(value.encoding);
  entry->flags_ = static_cast<uint8_t>((has_deadline ? Entry::kHasDeadline : 0) |
                                       (key.size() > 255 ? Entry::kWide : 0) |
                                       (value.modified ? Entry::kModified : 0));
  entry->key_bytes_ = static_cast<uint8_t>(key.size() > 255 ? 0 : key.size());
  entry->value_bytes_ = 0;
  entry->reserved_ = 0;
  if (key.size() > 255) entry->StoreWord(8, key.size());
  if (has_deadline) entry->StoreWord(entry->DeadlineOffset(), static_cast<uint64_t>(deadline_ms));
  if (entry->has_word()) entry->StoreWord(entry->WordOffset(), value.word);
  char* base = reinterpret_cast<char*>(entry);
  CopyBytes(base + entry->KeyOffset(), key);
  if (!entry->has_word()) {
    CHECK(value.embedded.size() <= 255);
    entry->value_bytes_ = static_cast<uint8_t>(value.embedded.size());
    CopyBytes(base + entry->ValueOffset(), value.embedded);
  }
  return entry;
}

bool EntryBuilder::Overwrite(Entry* entry, const ValueView& value) {
  if (value.encoding != entry->encoding() || value.type != entry->type()) return false;
  if (value.encoding != Encoding::kEmbedded) {
    entry->StoreWord(entry->WordOffset(), value.word);
  } else {
    const size_t offset = entry->ValueOffset();
    if (EntryPool::RoundUp(offset + value.embedded.size()) !=
        EntryPool::RoundUp(offset + entry->value_bytes_)) {
      return false;
    }
    entry->value_bytes_ = static_cast<uint8_t>(value.embedded.size());
    // The value may be a part of what it replaces.
    CopyBytes(reinterpret_cast<char*>(entry) + offset, value.embedded);
  }
  entry->flags_ = static_cast<uint8_t>((entry->flags_ & ~Entry::kModified) |
                                       (value.modified ? Entry::kModified : 0));
  return true;
}

void EntryBuilder::OverwriteDeadline(Entry* entry, int64_t deadline_ms) {
  CHECK(entry->has_deadline());
  CHECK(deadline_ms != kNoDeadline);
  entry->StoreWord(entry->DeadlineOffset(), static_cast<uint64_t>(deadline_ms));
}

void EntryBuilder::SetWord(Entry* entry, uint64_t word) {
  CHECK(entry->has_word());
  entry->StoreWord(entry->WordOffset(), word);
}

std::span<char> EntryBuilder::EmbeddedBytes(Entry* entry) {
  CHECK(entry->encoding() == Encoding::kEmbedded);
  return {reinterpret_cast<char*>(entry) + entry->ValueOffset(), entry->value_bytes_};
}

void EntryBuilder::FreeShell(EntryPool& pool, Entry* entry) {
  pool.Free(entry, entry->SizeBytes());
}

void EntryBuilder::Free(EntryPool& pool, Entry* entry) {
  FreeOutside(entry->value());
  FreeShell(pool, entry);
}

void EntryBuilder::FreeOutside(const ValueView& value) {
  if (value.encoding == Encoding::kOutside) StringBlock::Free(value.block());
  if (value.encoding == Encoding::kObject) delete value.object();
}

}  // namespace norn
