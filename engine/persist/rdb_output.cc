#include "engine/persist/rdb_output.h"

#include "engine/base/number.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {
namespace {

constexpr size_t kCompressBytesMin = 21;  // shorter strings are not worth the attempt
// Longer ones would keep the shard from its clients for too long: about 2.5 ms a MiB.
constexpr size_t kCompressBytesMax = 2 * 1024 * 1024;
constexpr size_t kSmallIntegerCharsMax = 11;  // -2147483648
constexpr uint8_t kSpecial = 0xc0;

}  // namespace

void RdbOutput::LittleEndian(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) Byte(static_cast<uint8_t>(value >> 8 * i));
}

void RdbOutput::BigEndian(uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) Byte(static_cast<uint8_t>(value >> 8 * i));
}

void RdbOutput::Length(uint64_t length) {
  if (length < 1u << 6) {
    Byte(static_cast<uint8_t>(length));
  } else if (length < 1u << 14) {
    BigEndian(0x4000 | length, 2);
  } else if (length <= UINT32_MAX) {
    Byte(kRdbLength32);
    BigEndian(length, 4);
  } else {
    Byte(kRdbLength64);
    BigEndian(length, 8);
  }
}

void RdbOutput::String(std::string_view text) {
  if (text.size() <= kSmallIntegerCharsMax) {
    const std::optional<int64_t> integer = ParseInt64(text);
    if (integer && SmallInteger(*integer)) return;
  }
  const bool fits = text.size() >= kCompressBytesMin && text.size() <= kCompressBytesMax;
  if (fits && compressor_ != nullptr && Compressed(text)) return;
  Length(text.size());
  Raw(text);
}

void RdbOutput::IntegerString(int64_t value) {
  if (SmallInteger(value)) return;
  char digits[kInt64CharsMax];
  const size_t count = FormatInt64(value, digits);
  Length(count);
  Raw({digits, count});
}

bool RdbOutput::SmallInteger(int64_t value) {
  const uint64_t bits = static_cast<uint64_t>(value);
  if (value >= INT8_MIN && value <= INT8_MAX) {
    Byte(kSpecial | kRdbInt8);
    LittleEndian(bits, 1);
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    Byte(kSpecial | kRdbInt16);
    LittleEndian(bits, 2);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    Byte(kSpecial | kRdbInt32);
    LittleEndian(bits, 4);
  } else {
    return false;
  }
  return true;
}

bool RdbOutput::Compressed(std::string_view text) {
  const std::string_view small = compressor_->Compress(text, text.size() - 4);
  if (small.empty()) return false;
  Byte(kSpecial | kRdbLzf);
  Length(small.size());
  Length(text.size());
  Raw(small);
  return true;
}

}  // namespace norn::persist
