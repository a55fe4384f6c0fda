#pragma once
// The primitives of the snapshot format, read from a source or from memory: what decoders of values are given.
//
// Failures are sticky: after the first one every call returns zero or nothing and reads no more, so that a decoder checks
// ok() only where it would act on what it read (loops, allocations) and its caller checks once at the end. A length is not
// believed: memory grows as bytes arrive.
//
// Parks where the source does.

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/persist/byte_source.h"

namespace norn::persist {

class RdbInput {
 public:
  static constexpr size_t kBufferBytes = 256 * 1024;

  // `name` says in messages what is read: a path, a primary's address.
  RdbInput(ByteSource& source, std::string name);
  // Reads `bytes`, which must outlive the input, and then finds the end.
  RdbInput(std::string_view bytes, std::string name);

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // DataLoss naming the input, the offset of the next byte, and `what` is wrong there. Keeps an earlier failure.
  void Fail(std::string_view what) { FailAt(offset(), what); }
  void FailAt(uint64_t offset, std::string_view what);
  // Unimplemented, in the same form: well formed, and beyond this build.
  void Unsupported(uint64_t offset, std::string_view what);

  uint8_t Byte();
  // Exactly `count` bytes; the view is valid until the next call. Requires count <= 64.
  std::string_view Small(size_t count);
  uint64_t LittleEndian(int bytes);
  uint64_t BigEndian(int bytes);
  // A plain length; a special encoding in its place is a failure.
  uint64_t Length();
  // A string of any form; integers as their digits. The view is valid until the next call of String.
  std::string_view String();

  // Bytes consumed; the offset of the next one.
  uint64_t offset() const { return buffer_offset_ + begin_; }
  // The checksum over everything consumed since the begin.
  uint64_t Checksum();
  void DisableChecksum() { checksum_on_ = false; }
  // What was read from the source ahead of offset().
  std::string_view unread() const { return {data_ + begin_, end_ - begin_}; }

 private:
  struct LengthOrEncoding {
    uint64_t value = 0;
    bool special = false;
  };
  LengthOrEncoding ReadLength();
  void ReadSpecial(uint8_t encoding);
  void ReadCompressed();
  // Appends `count` bytes to `out` as they arrive.
  void Append(uint64_t count, std::string* out);
  // Makes at least `count` bytes stand in the buffer.
  bool Need(size_t count);
  void CatchUpChecksum();

  ByteSource* source_;
  std::string name_;
  std::unique_ptr<char[]> buffer_;
  const char* data_;  // buffer_, or the memory that is read
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t buffer_offset_ = 0;  // of data_[0] in the input
  size_t checksummed_ = 0;      // up to where in data_
  uint64_t checksum_ = 0;
  bool checksum_on_ = true;
  absl::Status status_;
  std::string text_;        // the latest string
  std::string compressed_;  // and what it was made from
};

}  // namespace norn::persist
