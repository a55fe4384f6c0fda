#include "engine/structs/listpack_fold.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/base/check.h"
#include "engine/structs/listpack.h"

namespace norn {
namespace {

constexpr size_t kHeaderBytes = 6;
constexpr uint8_t kInteger = 255;
constexpr size_t kFrontMore = 254;
constexpr size_t kBehindMore = 7;
constexpr size_t kOwnMore = 31;
constexpr unsigned kOwnShift = 3;
// The numbers before the own bytes of an element: two bytes and three varints.
constexpr size_t kPrefixBytesMax = 2 + 3 * 10;

// ---- numbers of any length, 7 bits a byte, the lowest first ----

char* PutVarint(uint64_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

uint64_t TakeVarint(const char*& at) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

uint64_t ZigZag(uint64_t difference) {
  return difference << 1 ^ (difference >> 63 != 0 ? ~uint64_t{0} : 0);
}

uint64_t UnZigZag(uint64_t value) { return value >> 1 ^ ((value & 1) != 0 ? ~uint64_t{0} : 0); }

// ---- what two texts share ----

uint64_t Load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");

size_t SameInFront(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t same = 0;
  for (; same + 8 <= most; same += 8) {
    const uint64_t differ = Load64(a.data() + same) ^ Load64(b.data() + same);
    if (differ != 0) return same + static_cast<size_t>(std::countr_zero(differ)) / 8;
  }
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

size_t SameBehind(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t same = 0;
  for (; same + 8 <= most; same += 8) {
    const uint64_t differ =
        Load64(a.data() + a.size() - same - 8) ^ Load64(b.data() + b.size() - same - 8);
    if (differ != 0) return same + static_cast<size_t>(std::countl_zero(differ)) / 8;
  }
  while (same < most && a[a.size() - 1 - same] == b[b.size() - 1 - same]) ++same;
  return same;
}

// ---- elements ----

// Both halves of so many bytes, which overlap where there are fewer than two halves.
template <size_t kHalf>
void CopyHalves(char* to, const char* from, size_t bytes) {
  char front[kHalf], behind[kHalf];
  std::memcpy(front, from, kHalf);
  std::memcpy(behind, from + bytes - kHalf, kHalf);
  std::memcpy(to, front, kHalf);
  std::memcpy(to + bytes - kHalf, behind, kHalf);
}

// Most pieces are a few bytes: a call for each would be most of unfolding.
void CopyPiece(char* to, const char* from, size_t bytes) {
  if (bytes > 32) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 16) {
    CopyHalves<16>(to, from, bytes);
  } else if (bytes >= 8) {
    CopyHalves<8>(to, from, bytes);
  } else if (bytes >= 4) {
    CopyHalves<4>(to, from, bytes);
  } else {
    for (size_t i = 0; i < bytes; ++i) to[i] = from[i];
  }
}

char* FoldText(std::string_view text, std::string_view before, char* out) {
  const size_t front = SameInFront(text, before);
  const size_t behind = SameBehind(text.substr(front), before.substr(front));
  const size_t own = text.size() - front - behind;
  *out++ = static_cast<char>(std::min(front, kFrontMore));
  *out++ = static_cast<char>(std::min(behind, kBehindMore) | std::min(own, kOwnMore) << kOwnShift);
  if (front >= kFrontMore) out = PutVarint(front - kFrontMore, out);
  if (behind >= kBehindMore) out = PutVarint(behind - kBehindMore, out);
  if (own >= kOwnMore) out = PutVarint(own - kOwnMore, out);
  CopyPiece(out, text.data() + front, own);
  return out + own;
}

// Returns where the element ends; its text is `text` then.
char* UnfoldText(size_t front, const char*& at, std::string_view& text, char* out) {
  const auto sizes = static_cast<uint8_t>(*at++);
  size_t behind = sizes & kBehindMore;
  size_t own = sizes >> kOwnShift;
  if (front == kFrontMore) front += TakeVarint(at);
  if (behind == kBehindMore) behind += TakeVarint(at);
  if (own == kOwnMore) own += TakeVarint(at);
  const size_t text_bytes = front + own + behind;
  const size_t head_bytes = WriteListpackTextHead(text_bytes, out);
  char* const begin = out + head_bytes;
  CopyPiece(begin, text.data(), front);
  CopyPiece(begin + front, at, own);
  CopyPiece(begin + front + own, text.data() + text.size() - behind, behind);
  at += own;
  text = {begin, text_bytes};
  return begin + text_bytes + WriteListpackBack(head_bytes + text_bytes, begin + text_bytes);
}

}  // namespace

bool FoldListpack(std::string_view listpack, size_t bytes_max, std::string& out) {
  const ListpackView view(listpack);
  if (bytes_max < kHeaderBytes) return false;
  // Room for the element that is too much.
  out.resize(bytes_max + kPrefixBytesMax + listpack.size());
  const char* const end = out.data() + bytes_max;
  std::memcpy(out.data(), listpack.data(), kHeaderBytes);
  char* to = out.data() + kHeaderBytes;
  std::string_view text = "";
  uint64_t integer = 0;
  for (ListpackView::Position at = view.first(); at != view.end();) {
    const PackedValue value = view.At(at);
    const ListpackView::Position next = view.Next(at);
    if (next - at != Listpack::BytesFor(value)) return false;
    at = next;
    if (value.is_integer()) {
      *to++ = static_cast<char>(kInteger);
      const auto number = static_cast<uint64_t>(value.integer());
      to = PutVarint(ZigZag(number - integer), to);
      integer = number;
    } else {
      to = FoldText(value.text(), text, to);
      text = value.text();
    }
    if (to > end) return false;
  }
  out.resize(static_cast<size_t>(to - out.data()));
  return true;
}

void UnfoldListpack(std::string_view folded, std::span<char> listpack) {
  std::memcpy(listpack.data(), folded.data(), kHeaderBytes);
  char* out = listpack.data() + kHeaderBytes;
  std::string_view text = "";
  uint64_t integer = 0;
  const char* at = folded.data() + kHeaderBytes;
  for (const char* const end = folded.data() + folded.size(); at != end;) {
    const auto front = static_cast<uint8_t>(*at++);
    if (front == kInteger) {
      integer += UnZigZag(TakeVarint(at));
      out += WriteListpackElement(PackedValue::Integer(static_cast<int64_t>(integer)), out);
    } else {
      out = UnfoldText(front, at, text, out);
    }
  }
  *out++ = static_cast<char>(0xff);
  CHECK(out == listpack.data() + listpack.size());
}

}  // namespace norn
