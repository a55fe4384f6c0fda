#pragma once
// For tests of formats: sources and sinks in memory, bytes as hexadecimal text.

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/persist/byte_sink.h"
#include "engine/persist/byte_source.h"

namespace norn::persist {

// Gives a string away, at most `piece_bytes` at a time.
class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes, size_t piece_bytes = SIZE_MAX)
      : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {}

  absl::StatusOr<size_t> Read(std::span<char> buf) override {
    const size_t count = std::min({buf.size(), piece_bytes_, bytes_.size() - next_});
    std::copy_n(bytes_.data() + next_, count, buf.data());
    next_ += count;
    return count;
  }

  size_t taken_bytes() const { return next_; }

 private:
  std::string bytes_;
  size_t piece_bytes_;
  size_t next_ = 0;
};

class StringSink : public ByteSink {
 public:
  absl::Status Write(std::string_view bytes) override {
    text += bytes;
    return absl::OkStatus();
  }

  std::string text;
};

// "52 45 0a" or "52450a" or over several lines.
inline std::string FromHex(std::string_view hex) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string digits, bytes;
  for (const char c : hex) {
    if (c != ' ' && c != '\n') digits += c;
  }
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(nibble(digits[i]) << 4 | nibble(digits[i + 1]));
  }
  return bytes;
}

}  // namespace norn::persist
