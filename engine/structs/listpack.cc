#include "engine/structs/listpack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/base/check.h"

namespace norn {
namespace {

static_assert(std::endian::native == std::endian::little,
              "integers are stored as they lie in memory");

constexpr size_t kHeaderBytes = 6;
constexpr size_t kHeadBytesMax = 9;
constexpr size_t kBackBytesMax = 5;
constexpr size_t kCountMany = 65535;  // I2
constexpr uint8_t kEnd = 0xff;

constexpr uint8_t kText32 = 0xf0;
constexpr uint8_t kInt16 = 0xf1;
constexpr uint8_t kInt24 = 0xf2;
constexpr uint8_t kInt32 = 0xf3;
constexpr uint8_t kInt64 = 0xf4;

template <typename T>
T Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <typename T>
void StoreAt(char* at, T value) {
  std::memcpy(at, &value, sizeof(T));
}

uint8_t ByteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// ---- heads ----

// What a head says. text_bytes is 0 for integers.
struct Head {
  size_t head_bytes = 0;  // 0: no head begins so, or it is cut off
  size_t text_bytes = 0;
  bool is_integer = false;
};

// How many bytes of `bytes` from `at` on the head takes; 0: none begins with this byte.
size_t HeadBytes(uint8_t first) {
  if (first < 0xc0) return 1;
  if (first < 0xf0) return 2;
  constexpr uint8_t kBytesOfHead[] = {5, 3, 4, 5, 9};
  return first <= kInt64 ? kBytesOfHead[first - 0xf0] : 0;
}

// Requires the head's bytes to be there.
Head ReadHead(std::string_view bytes, size_t at) {
  const uint8_t first = ByteAt(bytes, at);
  Head head{.head_bytes = HeadBytes(first)};
  if (first >= 0x80 && first < 0xc0) {
    head.text_bytes = first & 0x3f;
  } else if (first >= 0xe0 && first < 0xf0) {
    head.text_bytes = size_t{first & 0xfu} << 8 | ByteAt(bytes, at + 1);
  } else if (first == kText32) {
    head.text_bytes = Load<uint32_t>(bytes.data() + at + 1);
  } else {
    head.is_integer = true;
  }
  return head;
}

// Requires an integer's head.
int64_t ReadInteger(std::string_view bytes, size_t at) {
  const uint8_t first = ByteAt(bytes, at);
  const char* rest = bytes.data() + at + 1;
  if (first < 0x80) return first;
  if (first < 0xe0) {
    const int64_t bits = (first & 0x1f) << 8 | ByteAt(bytes, at + 1);
    return bits < 1 << 12 ? bits : bits - (1 << 13);
  }
  switch (first) {
    case kInt16:
      return Load<int16_t>(rest);
    case kInt24: {
      const int64_t bits = Load<uint16_t>(rest) | static_cast<int64_t>(ByteAt(bytes, at + 3)) << 16;
      return bits < 1 << 23 ? bits : bits - (1 << 24);
    }
    case kInt32:
      return Load<int32_t>(rest);
    default:
      return Load<int64_t>(rest);
  }
}

size_t WriteIntegerHead(int64_t value, char* out) {
  if (value >= 0 && value <= 127) {
    out[0] = static_cast<char>(value);
    return 1;
  }
  if (value >= -4096 && value <= 4095) {
    out[0] = static_cast<char>(0xc0 | ((value >> 8) & 0x1f));
    out[1] = static_cast<char>(value & 0xff);
    return 2;
  }
  size_t bytes = 8;
  uint8_t first = kInt64;
  if (value >= INT16_MIN && value <= INT16_MAX) {
    bytes = 2, first = kInt16;
  } else if (value >= -(1 << 23) && value < 1 << 23) {
    bytes = 3, first = kInt24;
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    bytes = 4, first = kInt32;
  }
  out[0] = static_cast<char>(first);
  std::memcpy(out + 1, &value, bytes);
  return 1 + bytes;
}

size_t WriteHead(const PackedValue& value, char* out) {
  return value.is_integer() ? WriteIntegerHead(value.integer(), out)
                            : WriteListpackTextHead(value.text().size(), out);
}

// ---- backs ----

size_t BackBytes(size_t element_bytes) {
  size_t bytes = 1;
  while (element_bytes >= 128) {
    element_bytes >>= 7;
    ++bytes;
  }
  return bytes;
}

// The back that ends right before `end`: its own length and what it says. bytes 0: it does not end.
struct Back {
  size_t bytes = 0;
  size_t element_bytes = 0;
};

Back ReadBack(std::string_view bytes, size_t end) {
  Back back;
  for (size_t i = 0; i < kBackBytesMax && i < end; ++i) {
    const uint8_t byte = ByteAt(bytes, end - 1 - i);
    back.element_bytes |= size_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) == 0) {
      back.bytes = i + 1;
      return back;
    }
  }
  return {};
}

// ---- elements ----

size_t ElementBytes(const Head& head) {
  const size_t bytes = head.head_bytes + head.text_bytes;
  return bytes + BackBytes(bytes);
}

size_t StoredCount(std::string_view bytes) { return Load<uint16_t>(bytes.data() + 4); }

}  // namespace

size_t WriteListpackTextHead(size_t text_bytes, char* out) {
  if (text_bytes < 64) {
    out[0] = static_cast<char>(0x80 | text_bytes);
    return 1;
  }
  if (text_bytes < 4096) {
    out[0] = static_cast<char>(0xe0 | text_bytes >> 8);
    out[1] = static_cast<char>(text_bytes & 0xff);
    return 2;
  }
  out[0] = static_cast<char>(kText32);
  StoreAt(out + 1, static_cast<uint32_t>(text_bytes));
  return 5;
}

size_t WriteListpackBack(size_t element_bytes, char* out) {
  const size_t bytes = BackBytes(element_bytes);
  for (size_t i = bytes; i-- > 0; element_bytes >>= 7) {
    out[i] = static_cast<char>((element_bytes & 0x7f) | (i > 0 ? 0x80 : 0));
  }
  return bytes;
}

size_t WriteListpackElement(const PackedValue& value, char* out) {
  size_t bytes = WriteHead(value, out);
  if (!value.is_integer() && !value.text().empty()) {
    std::memcpy(out + bytes, value.text().data(), value.text().size());
    bytes += value.text().size();
  }
  return bytes + WriteListpackBack(bytes, out + bytes);
}

// ---- PackedValue ----

void PackedValue::DetectInteger() {
  if (text_.empty() || text_.size() > kInt64CharsMax) return;
  const std::optional<int64_t> integer = ParseInt64(text_);
  if (!integer) return;
  integer_ = *integer;
  is_integer_ = true;
}

bool operator==(const PackedValue& a, const PackedValue& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() == b.integer();
  PackedScratch of_a, of_b;
  return a.View(of_a) == b.View(of_b);
}

// ---- ListpackView ----

ListpackView::Position ListpackView::first() const { return kHeaderBytes; }

size_t ListpackView::Count() const {
  const size_t stored = StoredCount(bytes_);
  if (stored != kCountMany) return stored;
  size_t count = 0;
  for (Position at = first(); at != end(); at = Next(at)) ++count;
  return count;
}

ListpackView::Position ListpackView::Next(Position at) const {
  return static_cast<Position>(at + ElementBytes(ReadHead(bytes_, at)));
}

ListpackView::Position ListpackView::Previous(Position at) const {
  const Back back = ReadBack(bytes_, at);
  return static_cast<Position>(at - back.bytes - back.element_bytes);
}

ListpackView::Position ListpackView::Skip(Position at, size_t elements) const {
  for (; elements > 0 && at != end(); --elements) at = Next(at);
  return at;
}

ListpackView::Position ListpackView::Seek(int64_t index) const {
  const size_t count = StoredCount(bytes_);
  const bool known = count != kCountMany;
  // From the nearer end, when it is known which that is.
  if (known && index >= 0 && static_cast<size_t>(index) >= count) return end();
  if (known && index < 0 && static_cast<size_t>(-(index + 1)) >= count) return end();
  if (known && index > static_cast<int64_t>(count / 2)) index -= static_cast<int64_t>(count);
  if (index >= 0) return Skip(first(), static_cast<size_t>(index));
  Position at = end();
  for (; index < 0; ++index) {
    if (at == first()) return end();
    at = Previous(at);
  }
  return at;
}

PackedValue ListpackView::At(Position at) const {
  const Head head = ReadHead(bytes_, at);
  if (head.is_integer) return PackedValue::Integer(ReadInteger(bytes_, at));
  return PackedValue::Text(bytes_.substr(at + head.head_bytes, head.text_bytes));
}

ListpackView::Position ListpackView::Find(const PackedValue& value, Position from,
                                          size_t skipped) const {
  PackedScratch scratch;
  const std::string_view text = value.View(scratch);
  for (Position at = from; at != end();) {
    const Head head = ReadHead(bytes_, at);
    // Text equals an integer only if that is canonical, and then `value` is an integer too.
    const bool equal = head.is_integer
                           ? value.is_integer() && ReadInteger(bytes_, at) == value.integer()
                           : head.text_bytes == text.size() &&
                                 bytes_.substr(at + head.head_bytes, text.size()) == text;
    if (equal) return at;
    at = Skip(static_cast<Position>(at + ElementBytes(head)), skipped);
  }
  return end();
}

// ---- Listpack ----

std::string_view Listpack::Empty() {
  using namespace std::string_view_literals;
  return "\7\0\0\0\0\0\xff"sv;
}

size_t Listpack::BytesFor(const PackedValue& value) {
  char head[kHeadBytesMax];
  const size_t bytes = WriteHead(value, head) + (value.is_integer() ? 0 : value.text().size());
  return bytes + BackBytes(bytes);
}

Listpack::Position Listpack::Rewrite(Position at, size_t removed_bytes, size_t removed_count,
                                     std::span<const PackedValue> values) {
  size_t inserted_bytes = 0;
  for (const PackedValue& value : values) inserted_bytes += BytesFor(value);
  const size_t old_count = StoredCount(storage_->bytes());
  const std::span<char> bytes = storage_->Splice(at, removed_bytes, inserted_bytes);
  CHECK(bytes.size() <= kBytesMax);
  char* out = bytes.data() + at;
  for (const PackedValue& value : values) out += WriteListpackElement(value, out);
  CHECK(out == bytes.data() + at + inserted_bytes);
  SetHeader(bytes,
            old_count == kCountMany ? kCountMany : old_count - removed_count + values.size());
  return at;
}

void Listpack::SetHeader(std::span<char> bytes, size_t count) {
  StoreAt(bytes.data(), static_cast<uint32_t>(bytes.size()));
  StoreAt(bytes.data() + 4, static_cast<uint16_t>(std::min(count, kCountMany)));
}

Listpack::Position Listpack::Insert(Position at, std::span<const PackedValue> values) {
  return Rewrite(at, 0, 0, values);
}

void Listpack::AppendRange(const ListpackView& other, Position from, Position to, size_t elements) {
  const size_t at = storage_->bytes().size() - 1;
  const size_t count = StoredCount(storage_->bytes());
  const std::span<char> bytes = storage_->Splice(at, 0, to - from);
  CHECK(bytes.size() <= kBytesMax);
  std::memcpy(bytes.data() + at, other.bytes().data() + from, to - from);
  SetHeader(bytes, count + elements);
}

Listpack::Position Listpack::Replace(Position at, const PackedValue& value) {
  const ListpackView before = view();
  CHECK(at < before.end());
  return Rewrite(at, before.Next(at) - at, 1, {&value, 1});
}

Listpack::Position Listpack::Erase(Position at, size_t elements) {
  const ListpackView before = view();
  Position behind = at;
  size_t erased = 0;
  for (; erased < elements && behind != before.end(); ++erased) behind = before.Next(behind);
  return Rewrite(at, behind - at, erased, {});
}

// ---- bytes from outside ----

bool ListpackIsValid(std::string_view bytes) {
  if (bytes.size() <= kHeaderBytes || bytes.size() > Listpack::kBytesMax) return false;
  if (Load<uint32_t>(bytes.data()) != bytes.size()) return false;
  const size_t end = bytes.size() - 1;
  if (ByteAt(bytes, end) != kEnd) return false;
  size_t count = 0;
  for (size_t at = kHeaderBytes; at != end; ++count) {
    const size_t head_bytes = HeadBytes(ByteAt(bytes, at));
    if (head_bytes == 0 || head_bytes > end - at) return false;
    const Head head = ReadHead(bytes, at);
    const size_t element_bytes = head.head_bytes + head.text_bytes;
    if (element_bytes > end - at || BackBytes(element_bytes) > end - at - element_bytes)
      return false;
    at += ElementBytes(head);
    const Back back = ReadBack(bytes, at);
    if (back.bytes != BackBytes(element_bytes) || back.element_bytes != element_bytes) return false;
  }
  const size_t stored = StoredCount(bytes);
  return stored == kCountMany || stored == count;
}

}  // namespace norn
