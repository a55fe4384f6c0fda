#include "engine/persist/rdb_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/lzf.h"
#include "engine/base/number.h"
#include "engine/persist/crc64.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {
namespace {

constexpr size_t kNeedBytesMax = 64;
// A string's memory when its length is all that is known of it.
constexpr size_t kTrustedBytes = 64 * 1024;

}  // namespace

RdbInput::RdbInput(ByteSource& source, std::string name)
    : source_(&source),
      name_(std::move(name)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)),
      data_(buffer_.get()) {}

RdbInput::RdbInput(std::string_view bytes, std::string name)
    : source_(nullptr), name_(std::move(name)), data_(bytes.data()), end_(bytes.size()) {}

// ---- failures ----

void RdbInput::FailAt(uint64_t offset, std::string_view what) {
  if (ok()) status_ = absl::DataLossError(fmt::format("{}: {} at offset {}", name_, what, offset));
}

void RdbInput::Unsupported(uint64_t offset, std::string_view what) {
  if (!ok()) return;
  status_ = absl::UnimplementedError(fmt::format("{}: {} at offset {}", name_, what, offset));
}

// ---- bytes ----

bool RdbInput::Need(size_t count) {
  CHECK(count <= kNeedBytesMax);
  if (!ok()) return false;
  if (end_ - begin_ >= count) return true;
  if (source_ != nullptr) {
    CatchUpChecksum();
    std::memmove(buffer_.get(), data_ + begin_, end_ - begin_);
    buffer_offset_ += begin_;
    end_ -= begin_;
    begin_ = checksummed_ = 0;
  }
  while (end_ < begin_ + count) {
    const absl::StatusOr<size_t> read =
        source_ == nullptr ? 0 : source_->Read({buffer_.get() + end_, kBufferBytes - end_});
    if (!read.ok()) {
      status_ = read.status();
      return false;
    }
    if (*read == 0) {
      FailAt(buffer_offset_ + end_, "unexpected end");
      return false;
    }
    end_ += *read;
  }
  return true;
}

std::string_view RdbInput::Small(size_t count) {
  if (!Need(count)) return {};
  const std::string_view bytes(data_ + begin_, count);
  begin_ += count;
  return bytes;
}

void RdbInput::Append(uint64_t count, std::string* out) {
  out->reserve(out->size() + std::min<uint64_t>(count, kTrustedBytes));
  while (count > 0 && Need(1)) {
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(count, end_ - begin_));
    out->append(data_ + begin_, piece);
    begin_ += piece;
    count -= piece;
  }
}

uint64_t RdbInput::Checksum() {
  CatchUpChecksum();
  return checksum_;
}

void RdbInput::CatchUpChecksum() {
  if (checksum_on_) checksum_ = Crc64(checksum_, {data_ + checksummed_, begin_ - checksummed_});
  checksummed_ = begin_;
}

// ---- numbers ----

uint8_t RdbInput::Byte() {
  const std::string_view bytes = Small(1);
  return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
}

uint64_t RdbInput::LittleEndian(int bytes) {
  uint64_t value = 0;
  int shift = 0;
  for (const char byte : Small(static_cast<size_t>(bytes))) {
    value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
    shift += 8;
  }
  return value;
}

uint64_t RdbInput::BigEndian(int bytes) {
  uint64_t value = 0;
  for (const char byte : Small(static_cast<size_t>(bytes))) {
    value = value << 8 | static_cast<uint8_t>(byte);
  }
  return value;
}

RdbInput::LengthOrEncoding RdbInput::ReadLength() {
  const uint64_t at = offset();
  const uint8_t first = Byte();
  switch (first >> 6) {
    case 0:
      return {first};
    case 1:
      return {uint64_t{first & 0x3fu} << 8 | Byte()};
    case 3:
      return {first & 0x3fu, true};
    default:
      break;
  }
  if (first == kRdbLength32) return {BigEndian(4)};
  if (first == kRdbLength64) return {BigEndian(8)};
  FailAt(at, fmt::format("unknown length form 0x{:02x}", first));
  return {};
}

uint64_t RdbInput::Length() {
  const uint64_t at = offset();
  const LengthOrEncoding length = ReadLength();
  if (!length.special) return length.value;
  FailAt(at, "an encoded string where a length must stand");
  return 0;
}

// ---- strings ----

std::string_view RdbInput::String() {
  text_.clear();
  const uint64_t at = offset();
  const LengthOrEncoding length = ReadLength();
  if (!length.special) {
    Append(length.value, &text_);
  } else if (length.value <= kRdbInt32) {
    ReadSpecial(static_cast<uint8_t>(length.value));
  } else if (length.value == kRdbLzf) {
    ReadCompressed();
  } else {
    FailAt(at, fmt::format("unknown string encoding {}", length.value));
  }
  if (!ok()) text_.clear();
  return text_;
}

void RdbInput::ReadSpecial(uint8_t encoding) {
  const int bytes = 1 << encoding;
  const int unused_bits = 64 - 8 * bytes;
  // Shifted up and down again: the sign of the short form becomes the sign of the long one.
  const int64_t value = static_cast<int64_t>(LittleEndian(bytes) << unused_bits) >> unused_bits;
  char digits[kInt64CharsMax];
  text_.assign(digits, FormatInt64(value, digits));
}

void RdbInput::ReadCompressed() {
  const uint64_t at = offset();
  const uint64_t compressed_bytes = Length();
  const uint64_t bytes = Length();
  compressed_.clear();
  Append(compressed_bytes, &compressed_);
  if (!ok()) return;
  if (bytes / kLzfExpansionMax > compressed_.size()) {
    return FailAt(at, fmt::format("{} compressed bytes cannot make {}", compressed_.size(), bytes));
  }
  text_.resize(bytes);
  if (!LzfDecompress(compressed_, text_)) FailAt(at, "damaged compressed string");
}

}  // namespace norn::persist
