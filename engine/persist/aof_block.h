#pragma once
// Checksums in the log. A machine that dies may keep any of the sectors that were not synced, so a file's tail can have holes;
// a hole inside a long value would be read as a value. So what is written at once (a block: whole appends) is led by a line
//
//   #B:<length><back><hash><check>\r\n      hexadecimal digits: 10, 8, 8, 4
//
// which other servers skip as an annotation. `length` and `hash` are of the bytes behind the line. `back` says how far before the
// line the file was known to be safe, and so tells a tear in the tail from the decay of data that was synced: a block that is
// bad although a later one calls it safe has decayed. `check` is of the line.
//
// Bytes without such a line in front (written by other servers) are as good as they always were. A new file begins with the line
// of an empty block, and one is put behind what another run or server left, so that a hole at the very next place is known for
// what it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace norn::persist {

struct AofBlockLine {
  static constexpr std::string_view kPrefix = "#B:";
  static constexpr size_t kBytes = 35;  // with the line's end
  static constexpr uint64_t kNoClaim = 0xffffffff;

  uint64_t length = 0;
  uint64_t back = kNoClaim;
  uint32_t hash = 0;

  // The line for `payload`, which lies behind it. `offset`: of the line in its file; `safe_offset` <= offset.
  static AofBlockLine For(std::string_view payload, uint64_t offset, uint64_t safe_offset);
  // kBytes bytes, with the line's end.
  std::string Format(uint64_t offset) const;
  // `line`: without its end. nullopt: not such a line, or not written at this offset.
  static std::optional<AofBlockLine> Parse(std::string_view line, uint64_t offset);

  bool Matches(std::string_view payload, uint64_t offset) const;
  // The file was safe before this offset when the line was made.
  uint64_t SafeOffset(uint64_t offset) const {
    return back == kNoClaim || back > offset ? 0 : offset - back;
  }
};

// A line and where it lies.
struct AofBlock {
  uint64_t offset = 0;  // of the line
  AofBlockLine line;

  uint64_t payload_begin() const { return offset + AofBlockLine::kBytes; }
  uint64_t end() const { return payload_begin() + line.length; }
};

}  // namespace norn::persist
