#include "engine/structs/field_table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "engine/base/allocation.h"
#include "engine/base/check.h"

namespace norn {
namespace {

size_t LengthBytes(size_t length) {
  size_t bytes = 1;
  for (; length >= 128; length >>= 7) ++bytes;
  return bytes;
}

char* WriteLength(size_t length, char* out) {
  for (; length >= 128; length >>= 7) *out++ = static_cast<char>(length | 0x80);
  *out++ = static_cast<char>(length);
  return out;
}

const char* ReadLength(const char* at, size_t* length) {
  *length = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    *length |= size_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return at;
  }
}

char* CopyText(std::string_view text, char* out) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

// ---- Field ----

Field* Field::New(const Parts& parts) {
  const bool has_value = !parts.value.empty();
  const bool has_deadline = parts.deadline_ms != kNoDeadline;
  const size_t bytes = 1 + LengthBytes(parts.name.size()) +
                       (has_value ? LengthBytes(parts.value.size()) : 0) + (has_deadline ? 8 : 0) +
                       parts.name.size() + parts.value.size();
  void* memory = std::malloc(AllocationBytes(bytes));
  CHECK(memory != nullptr);
  Field* field = new (memory) Field;
  field->head_ =
      static_cast<uint8_t>((has_value ? kHasValue : 0) | (has_deadline ? kHasDeadline : 0));
  char* out = WriteLength(parts.name.size(), static_cast<char*>(memory) + 1);
  if (has_value) out = WriteLength(parts.value.size(), out);
  if (has_deadline) {
    std::memcpy(out, &parts.deadline_ms, sizeof(parts.deadline_ms));
    out += sizeof(parts.deadline_ms);
  }
  out = CopyText(parts.name, out);
  out = CopyText(parts.value, out);
  CHECK(out == static_cast<char*>(memory) + bytes);
  return field;
}

void Field::Free(Field* field) { std::free(field); }

Field::Parts Field::Read() const {
  Parts parts;
  size_t name_bytes = 0;
  size_t value_bytes = 0;
  const char* at = ReadLength(reinterpret_cast<const char*>(this) + 1, &name_bytes);
  if ((head_ & kHasValue) != 0) at = ReadLength(at, &value_bytes);
  if ((head_ & kHasDeadline) != 0) {
    std::memcpy(&parts.deadline_ms, at, sizeof(parts.deadline_ms));
    at += sizeof(parts.deadline_ms);
  }
  parts.name = {at, name_bytes};
  parts.value = {at + name_bytes, value_bytes};
  return parts;
}

size_t Field::AllocatedBytes() const {
  const Parts parts = Read();
  const char* end = parts.value.data() + parts.value.size();
  return AllocationBytes(static_cast<size_t>(end - reinterpret_cast<const char*>(this)));
}

// A value of the same length goes over the old one.
bool Field::OverwriteValue(std::string_view value) {
  const Parts parts = Read();
  if (parts.value.size() != value.size()) return false;
  CopyText(value, const_cast<char*>(parts.value.data()));
  return true;
}

// ---- FieldTable ----

FieldTable::FieldTable(const FieldTable& other) : table_(other.table_.traits()) {
  other.ForEach([this](const Field& field) {
    const Field::Parts parts = field.Read();
    Insert(parts, table_.traits().Hash(field));
  });
}

FieldTable::~FieldTable() { FreeSome(SIZE_MAX); }

void FieldTable::Insert(const Field::Parts& parts, uint64_t hash) {
  Field* field = Field::New(parts);
  field_bytes_ += field->AllocatedBytes();
  table_.Insert(field, hash, field->has_deadline());
}

void FieldTable::Replace(Table::Found found, const Field::Parts& parts) {
  Field* field = Field::New(parts);
  field_bytes_ += field->AllocatedBytes();
  field_bytes_ -= found.item->AllocatedBytes();
  table_.Replace(found.at, field, field->has_deadline());
  Field::Free(found.item);
}

void FieldTable::EraseAt(Table::Found found) {
  field_bytes_ -= found.item->AllocatedBytes();
  table_.Erase(found.at);
  Field::Free(found.item);
}

const Field* FieldTable::Find(std::string_view name) const {
  return table_.Find(name, table_.traits().HashOf(name)).item;
}

bool FieldTable::Set(std::string_view name, std::string_view value, int64_t deadline_ms) {
  const uint64_t hash = table_.traits().HashOf(name);
  const Table::Found found = table_.Find(name, hash);
  if (!found) {
    Insert({name, value, deadline_ms}, hash);
    return true;
  }
  if (found.item->deadline_ms() != deadline_ms || !found.item->OverwriteValue(value)) {
    Replace(found, {name, value, deadline_ms});
  }
  return false;
}

bool FieldTable::Add(std::string_view name) {
  const uint64_t hash = table_.traits().HashOf(name);
  if (table_.Find(name, hash)) return false;
  Insert({name, {}, Field::kNoDeadline}, hash);
  return true;
}

bool FieldTable::SetDeadline(std::string_view name, int64_t deadline_ms) {
  const Table::Found found = table_.Find(name, table_.traits().HashOf(name));
  if (!found) return false;
  Field::Parts parts = found.item->Read();
  parts.deadline_ms = deadline_ms;
  Replace(found, parts);
  return true;
}

bool FieldTable::Erase(std::string_view name) {
  const Table::Found found = table_.Find(name, table_.traits().HashOf(name));
  if (!found) return false;
  EraseAt(found);
  return true;
}

const Field* FieldTable::Random(Prng& prng) const { return table_.Random(prng).item; }

bool FieldTable::FreeSome(size_t effort) {
  // A segment has some 300 fields at most.
  return table_.ClearSome(std::max<size_t>(effort / 256, 1),
                          [](Field& field) { Field::Free(&field); });
}

void FieldTable::CheckInvariants() const {
  table_.CheckInvariants();
  size_t bytes = 0;
  size_t deadlines = 0;
  ForEach([&](const Field& field) {
    bytes += field.AllocatedBytes();
    deadlines += field.has_deadline() ? 1 : 0;
  });
  CHECK(bytes == field_bytes_);
  CHECK(deadlines == DeadlineCount());
}

}  // namespace norn
