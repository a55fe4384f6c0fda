#include "engine/base/lzf.h"

#include <algorithm>
#include <cstring>

namespace norn {
namespace {

constexpr int kTableBits = 13;
constexpr size_t kTableSize = size_t{1} << kTableBits;
constexpr size_t kLiteralsMax = 32;
constexpr size_t kDistanceMax = 8192;
constexpr size_t kCopyMin = 3;
constexpr size_t kCopyMax = 264;
constexpr size_t kShortCopyMax = 8;

// Of three bytes; multiplicative (Knuth).
uint32_t HashThree(const char* at) {
  const uint32_t three = static_cast<uint32_t>(static_cast<uint8_t>(at[0])) |
                         static_cast<uint32_t>(static_cast<uint8_t>(at[1])) << 8 |
                         static_cast<uint32_t>(static_cast<uint8_t>(at[2])) << 16;
  return (three * 2654435761u) >> (32 - kTableBits);
}

// Writes tokens into a block of fixed size; remembers when it did not fit.
class TokenWriter {
 public:
  explicit TokenWriter(std::span<char> out) : out_(out) {}

  void Literals(std::string_view bytes) {
    while (!bytes.empty() && fits_) {
      const std::string_view run = bytes.substr(0, kLiteralsMax);
      if (!Room(1 + run.size())) return;
      out_[size_++] = static_cast<char>(run.size() - 1);
      std::memcpy(out_.data() + size_, run.data(), run.size());
      size_ += run.size();
      bytes.remove_prefix(run.size());
    }
  }

  void Copy(size_t distance, size_t length) {
    const size_t offset = distance - 1;
    const bool is_short = length <= kShortCopyMax;
    if (!Room(is_short ? 2 : 3)) return;
    const size_t marker = is_short ? length - 2 : 7;
    out_[size_++] = static_cast<char>(marker << 5 | offset >> 8);
    if (!is_short) out_[size_++] = static_cast<char>(length - 9);
    out_[size_++] = static_cast<char>(offset & 0xff);
  }

  bool fits() const { return fits_; }
  size_t size() const { return size_; }

 private:
  bool Room(size_t bytes) {
    fits_ = fits_ && out_.size() - size_ >= bytes;
    return fits_;
  }

  std::span<char> out_;
  size_t size_ = 0;
  bool fits_ = true;
};

size_t MatchLength(std::string_view input, size_t at, size_t earlier) {
  const size_t bound = std::min(kCopyMax, input.size() - at);
  size_t length = 0;
  while (length < bound && input[at + length] == input[earlier + length]) ++length;
  return length;
}

}  // namespace

std::string_view LzfCompressor::Compress(std::string_view input, size_t bytes_max) {
  if (input.size() < kCopyMin || input.size() >= kInputBytesMax) return {};
  if (last_seen_ == nullptr || UINT32_MAX - base_ < input.size()) {
    last_seen_ = std::make_unique<uint32_t[]>(kTableSize);
    base_ = 1;
  }
  if (out_.size() < bytes_max) out_.resize(bytes_max);
  TokenWriter tokens({out_.data(), bytes_max});
  size_t at = 0, literals_begin = 0;
  while (at + kCopyMin <= input.size() && tokens.fits()) {
    uint32_t& seen = last_seen_[HashThree(input.data() + at)];
    const bool known = seen >= base_;
    const size_t earlier = known ? seen - base_ : 0;
    seen = base_ + static_cast<uint32_t>(at);
    const bool near = known && at - earlier <= kDistanceMax;
    const size_t length = near ? MatchLength(input, at, earlier) : 0;
    if (length < kCopyMin) {
      ++at;
      continue;
    }
    tokens.Literals(input.substr(literals_begin, at - literals_begin));
    tokens.Copy(at - earlier, length);
    at += length;
    literals_begin = at;
  }
  tokens.Literals(input.substr(literals_begin));
  base_ += static_cast<uint32_t>(input.size());
  return tokens.fits() ? std::string_view(out_.data(), tokens.size()) : std::string_view();
}

bool LzfDecompress(std::string_view compressed, std::span<char> out) {
  size_t in = 0, made = 0;
  while (in < compressed.size()) {
    const size_t token = static_cast<uint8_t>(compressed[in++]);
    if (token < kLiteralsMax) {
      const size_t count = token + 1;
      if (compressed.size() - in < count || out.size() - made < count) return false;
      std::memcpy(out.data() + made, compressed.data() + in, count);
      in += count;
      made += count;
      continue;
    }
    size_t length = (token >> 5) + 2;
    const bool is_long = token >> 5 == 7;
    if (compressed.size() - in < (is_long ? 2 : 1)) return false;
    if (is_long) length += static_cast<uint8_t>(compressed[in++]);
    const size_t distance = ((token & 31) << 8 | static_cast<uint8_t>(compressed[in++])) + 1;
    if (distance > made || out.size() - made < length) return false;
    // Byte by byte: a copy may overlap itself, which is how runs are written.
    for (size_t i = 0; i < length; ++i, ++made) out[made] = out[made - distance];
  }
  return made == out.size();
}

}  // namespace norn
