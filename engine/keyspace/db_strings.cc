// The string operations of Db: what is stored how, and what can be changed in place.

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/keyspace/db.h"
#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// An integer if that prints back as the same bytes. Most values fail on their first byte.
bool ParseCanonical(std::string_view value, int64_t* integer) {
  if (value.empty() || value.size() > kInt64CharsMax) return false;
  if (value[0] != '-' && (value[0] < '0' || value[0] > '9')) return false;
  const std::optional<int64_t> parsed = ParseInt64(value);
  if (!parsed) return false;
  *integer = *parsed;
  return true;
}

ValueView IntegerView(int64_t integer) {
  ValueView view;
  view.encoding = Encoding::kInt;
  view.word = static_cast<uint64_t>(integer);
  return view;
}

ValueView EmbeddedView(std::string_view value) {
  ValueView view;
  view.embedded = value;
  return view;
}

ValueView BlockView(StringBlock* block) {
  ValueView view;
  view.encoding = Encoding::kOutside;
  view.word = reinterpret_cast<uint64_t>(block);
  return view;
}

void ZeroFrom(std::span<char> bytes, size_t from) {
  if (bytes.size() > from) std::memset(bytes.data() + from, 0, bytes.size() - from);
}

}  // namespace

DetachedValue DetachedValue::String(std::string_view value) {
  int64_t integer;
  if (ParseCanonical(value, &integer)) return Integer(integer);
  DetachedValue detached;
  if (value.size() <= kEmbeddedBytesMax) {
    detached.embedded_ = value;
  } else {
    detached.word_ = reinterpret_cast<uint64_t>(StringBlock::New(value));
    detached.encoding_ = Encoding::kOutside;
  }
  return detached;
}

DetachedValue DetachedValue::Integer(int64_t value) {
  DetachedValue detached;
  detached.encoding_ = Encoding::kInt;
  detached.word_ = static_cast<uint64_t>(value);
  return detached;
}

void Db::SetString(const Key& key, std::string_view value, const SetStringOptions& options,
                   const Moment& moment) {
  SetString(key, FindForWrite(key, moment), value, options, moment);
}

void Db::SetString(const Key& key, EntryRef found, std::string_view value,
                   const SetStringOptions& options, const Moment& moment) {
  NoteChange(key);
  int64_t deadline_ms = options.deadline_ms;
  if (options.keep_deadline) deadline_ms = found ? found->deadline_ms() : kNoDeadline;
  const uint32_t access = found ? 0 : InitialAccess(moment.now_ms, keyspace_->access_policy());
  int64_t integer;
  if (ParseCanonical(value, &integer)) {
    Store(key, found, IntegerView(integer), deadline_ms, access);
  } else if (value.size() <= kEmbeddedBytesMax) {
    Store(key, found, EmbeddedView(value), deadline_ms, access);
  } else if (!found || !OverwriteBlock(found, value, deadline_ms)) {
    Store(key, found, BlockView(StringBlock::New(value)), deadline_ms, access);
  }
}

// A long string over one in a block of the very size that it would get anyway: no allocation.
bool Db::OverwriteBlock(EntryRef found, std::string_view value, int64_t deadline_ms) {
  Entry* entry = found.entry_;
  if (entry->encoding() != Encoding::kOutside) return false;
  if (entry->has_deadline() != (deadline_ms != kNoDeadline)) return false;
  StringBlock* block = entry->value().block();
  if (AllocationBytes(sizeof(StringBlock) + value.size()) != block->UsedBytes()) return false;
  contents_.tables.BeforeWrite(*found, found.at_);
  std::memmove(block->bytes(), value.data(), value.size());
  block->size_bytes = value.size();
  EntryBuilder::Overwrite(entry, BlockView(block));
  if (entry->has_deadline()) EntryBuilder::OverwriteDeadline(entry, deadline_ms);
  return true;
}

void Db::SetInteger(const Key& key, EntryRef found, int64_t value) {
  CHECK(found->IsString());
  NoteChange(key);
  Store(key, found, IntegerView(value), found->deadline_ms(), 0);
}

std::span<char> Db::ResizeString(const Key& key, EntryRef found, size_t size_bytes,
                                 const Moment& moment) {
  NoteChange(key);
  if (!found) {
    const uint32_t access = InitialAccess(moment.now_ms, keyspace_->access_policy());
    Store(key, {}, EmbeddedView(""), kNoDeadline, access);
    found = FindAny(key);
  }
  CHECK(found->IsString());
  contents_.tables.BeforeWrite(*found, found.at_);
  if (found->encoding() == Encoding::kOutside) return ResizeBlock(found, size_bytes);
  return ResizeEmbedded(found, size_bytes);
}

std::span<char> Db::ResizeBlock(EntryRef found, size_t size_bytes) {
  Entry* entry = found.entry_;
  contents_.RemoveOutside(*entry);
  StringBlock* block = entry->value().block();
  const size_t old_bytes = block->size_bytes;
  block = StringBlock::Resize(block, size_bytes);
  EntryBuilder::SetWord(entry, reinterpret_cast<uint64_t>(block));
  EntryBuilder::SetModified(entry);
  contents_.AddOutside(*entry);
  const std::span<char> bytes(block->bytes(), size_bytes);
  ZeroFrom(bytes, old_bytes);
  return bytes;
}

// From an embedded string or an integer to an embedded string or a block.
std::span<char> Db::ResizeEmbedded(EntryRef found, size_t size_bytes) {
  Entry* entry = found.entry_;
  StringScratch scratch;
  const std::string_view old = entry->String(scratch);
  const size_t kept_bytes = std::min(old.size(), size_bytes);
  if (size_bytes > kEmbeddedBytesMax) {
    StringBlock* block = StringBlock::New(size_bytes);
    std::memcpy(block->bytes(), old.data(), kept_bytes);
    entry = Rebuild(found, BlockView(block), entry->deadline_ms());
    EntryBuilder::SetModified(entry);
    contents_.AddOutside(*entry);
    const std::span<char> bytes(block->bytes(), size_bytes);
    ZeroFrom(bytes, kept_bytes);
    return bytes;
  }
  char resized[kEmbeddedBytesMax];
  std::memcpy(resized, old.data(), kept_bytes);
  ZeroFrom({resized, size_bytes}, kept_bytes);
  ValueView view = EmbeddedView({resized, size_bytes});
  view.modified = true;
  if (!EntryBuilder::Overwrite(entry, view)) {
    entry = Rebuild(found, view, entry->deadline_ms());
  }
  return EntryBuilder::EmbeddedBytes(entry);
}

}  // namespace norn
