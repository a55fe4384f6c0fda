#pragma once
// The primitives of the snapshot format, appended to a buffer: what encoders of values are given.
//
// Never parks; no I/O.

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/base/lzf.h"

namespace norn::persist {

class RdbOutput {
 public:
  // Appends to `out`. Long strings are compressed with `compressor` unless it is null.
  RdbOutput(ByteBuffer& out, LzfCompressor* compressor) : out_(out), compressor_(compressor) {}

  void Byte(uint8_t byte) { out_.Append(static_cast<char>(byte)); }
  void Raw(std::string_view bytes) { out_.Append(bytes); }
  // The low `bytes` bytes of `value`.
  void LittleEndian(uint64_t value, int bytes);
  void BigEndian(uint64_t value, int bytes);
  void Length(uint64_t length);

  // A string in its shortest form: as a small integer if it is one, compressed if that saves anything, or as it is.
  void String(std::string_view text);
  // The string that `value` is in decimal.
  void IntegerString(int64_t value);

 private:
  bool SmallInteger(int64_t value);
  bool Compressed(std::string_view text);

  ByteBuffer& out_;
  LzfCompressor* compressor_;
};

}  // namespace norn::persist
