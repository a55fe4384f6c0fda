#include "engine/persist/ziplist.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "engine/structs/listpack.h"

namespace norn::persist {
namespace {

constexpr size_t kZiplistHeaderBytes = 10;
constexpr uint8_t kEnd = 0xff;
constexpr uint8_t kLongLength = 0xfe;

// Bytes from the front, never beyond the end.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t left() const { return bytes_.size(); }
  uint8_t Peek() const { return bytes_.empty() ? 0 : static_cast<uint8_t>(bytes_[0]); }
  uint8_t Byte() {
    const std::string_view byte = Take(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  uint64_t LittleEndian(size_t count) {
    uint64_t value = 0;
    const std::string_view bytes = Take(count);
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
    return value;
  }
  uint64_t BigEndian(size_t count) {
    uint64_t value = 0;
    for (const char byte : Take(count)) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  int64_t Signed(size_t count) {
    const auto shift = static_cast<int>(64 - 8 * count);
    return static_cast<int64_t>(LittleEndian(count) << shift) >> shift;
  }
  // Empty, and no longer ok, when there are not so many.
  std::string_view Take(size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      count = 0;
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

// nullopt: no head begins so.
std::optional<PackedValue> ReadEntry(Cursor& in) {
  if (in.Byte() == kLongLength) in.LittleEndian(4);
  const uint8_t head = in.Byte();
  switch (head >> 6) {
    case 0:
      return PackedValue(in.Take(head & 0x3f));
    case 1:
      return PackedValue(in.Take((head & 0x3fu) << 8 | in.Byte()));
    case 2:
      return PackedValue(in.Take(in.BigEndian(4)));
    default:
      break;
  }
  switch (head) {
    case 0xc0:
      return PackedValue::Integer(in.Signed(2));
    case 0xd0:
      return PackedValue::Integer(in.Signed(4));
    case 0xe0:
      return PackedValue::Integer(in.Signed(8));
    case 0xf0:
      return PackedValue::Integer(in.Signed(3));
    case 0xfe:
      return PackedValue::Integer(in.Signed(1));
    default:
      break;
  }
  if (head >= 0xf1 && head <= 0xfd) return PackedValue::Integer(head - 0xf1);
  return std::nullopt;
}

}  // namespace

bool AppendZiplist(std::string_view ziplist, PackedBytes& listpack) {
  if (ziplist.size() <= kZiplistHeaderBytes) return false;
  Cursor in(ziplist);
  if (in.LittleEndian(4) != ziplist.size()) return false;
  in.LittleEndian(4);
  const uint64_t count = in.LittleEndian(2);
  Listpack out(listpack);
  uint64_t entries = 0;
  for (; in.ok() && in.left() > 0 && in.Peek() != kEnd; ++entries) {
    const std::optional<PackedValue> value = ReadEntry(in);
    if (!value || !in.ok()) return false;
    out.Append({*value});
  }
  constexpr uint64_t kCountUnknown = 65535;
  return in.ok() && in.Byte() == kEnd && in.ok() && in.left() == 0 &&
         (count == kCountUnknown || count == entries);
}

bool AppendZipmap(std::string_view zipmap, PackedBytes& listpack) {
  Cursor in(zipmap);
  in.Byte();
  Listpack out(listpack);
  const auto length = [&in]() -> uint64_t {
    const uint8_t first = in.Byte();
    return first == kLongLength ? in.LittleEndian(4) : first;
  };
  while (in.ok() && in.left() > 0 && in.Peek() != kEnd) {
    const std::string_view name = in.Take(length());
    const uint64_t value_bytes = length();
    const uint8_t free_bytes = in.Byte();
    const std::string_view value = in.Take(value_bytes);
    in.Take(free_bytes);
    if (!in.ok()) return false;
    out.Append({PackedValue(name), PackedValue(value)});
  }
  return in.ok() && in.Byte() == kEnd && in.ok() && in.left() == 0;
}

}  // namespace norn::persist
