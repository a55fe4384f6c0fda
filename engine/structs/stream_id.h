#pragma once
// What orders the entries of a stream: a time in milliseconds and a number within it, together one number of 128 bits.

#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace norn {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  friend auto operator<=>(const StreamId&, const StreamId&) = default;
  bool is_zero() const { return ms == 0 && seq == 0; }

  // The neighbour above or below; false where there is none, and the id then wraps around.
  bool Increment() { return ++seq != 0 || ++ms != 0; }
  bool Decrement() { return seq-- != 0 || ms-- != 0; }
};

inline constexpr StreamId kStreamIdMin = {};
inline constexpr StreamId kStreamIdMax = {UINT64_MAX, UINT64_MAX};

// "1526919030474-55", for a moment.
class StreamIdText {
 public:
  explicit StreamIdText(StreamId id, char between = '-') {
    char* const end = chars_ + sizeof(chars_);
    char* at = std::to_chars(chars_, end, id.ms).ptr;
    *at++ = between;
    at = std::to_chars(at, end, id.seq).ptr;
    size_ = static_cast<size_t>(at - chars_);
  }
  std::string_view view() const { return {chars_, size_}; }

 private:
  char chars_[2 * 20 + 1];
  size_t size_;
};

}  // namespace norn
