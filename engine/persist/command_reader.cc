#include "engine/persist/command_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/number.h"
#include "engine/persist/aof_block.h"

namespace norn::persist {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kNumberLineBytesMax = 32;
constexpr size_t kAnnotationBytesMax = 1024;  // what redis-check-aof reads as one line
constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kWordsMax = 1ull << 31;

std::string Shown(char c) {
  return c >= ' ' && c <= '~' ? fmt::format("'{}'", c)
                              : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

CommandReader::CommandReader(ByteSource& source, uint64_t offset, uint64_t word_bytes_max)
    : source_(source), word_bytes_max_(word_bytes_max), base_(offset), begin_(offset) {}

// One more piece of the source behind bytes_.
CommandReader::Step CommandReader::Fill() {
  const size_t size = bytes_.size();
  bytes_.resize(size + kPieceBytes);
  absl::StatusOr<size_t> read = source_.Read(std::span<char>(bytes_.data() + size, kPieceBytes));
  bytes_.resize(size + (read.ok() ? *read : 0));
  if (!read.ok()) {
    status_ = read.status();
    return Step::kFailed;
  }
  return *read == 0 ? Step::kShort : Step::kOk;
}

// `bytes` more bytes lie at at_.
CommandReader::Step CommandReader::Need(size_t bytes) {
  while (bytes_.size() - at_ < bytes) {
    const Step step = Fill();
    if (step != Step::kOk) return step;
  }
  return Step::kOk;
}

CommandReader::Step CommandReader::Damage(uint64_t offset, std::string reason) {
  damage_offset_ = offset;
  reason_ = std::move(reason);
  return Step::kDamage;
}

// Consumes "<prefix><number>\r\n". Every byte is judged as soon as it is there: a line that is wrong is damage even when the
// source ends in it.
CommandReader::Step CommandReader::ReadNumber(char prefix, uint64_t max, uint64_t* value) {
  const uint64_t line_begin = end();
  Step step = Need(1);
  if (step != Step::kOk) return step;
  if (bytes_[at_] != prefix) {
    return Damage(line_begin, fmt::format("expected '{}', found {}", prefix, Shown(bytes_[at_])));
  }
  size_t length = 1;
  for (;; ++length) {
    step = Need(length + 1);
    if (step != Step::kOk) return step;
    const char c = bytes_[at_ + length];
    if (c == '\r' && length > 1) break;
    if (c < '0' || c > '9' || length > kNumberLineBytesMax) {
      return Damage(line_begin + length, fmt::format("expected a length, found {}", Shown(c)));
    }
  }
  const std::optional<uint64_t> number =
      ParseUint64(std::string_view(bytes_).substr(at_ + 1, length - 1));
  if (!number || *number > max) return Damage(line_begin, "the length is out of range");
  step = Need(length + 2);
  if (step != Step::kOk) return step;
  if (bytes_[at_ + length + 1] != '\n') {
    return Damage(line_begin + length + 1, "expected the end of a line");
  }
  at_ += length + 2;
  *value = *number;
  return Step::kOk;
}

CommandReader::Step CommandReader::ReadAnnotation() {
  size_t length = 0;
  for (;; ++length) {
    const Step step = Need(length + 1);
    if (step != Step::kOk) return step;
    if (bytes_[at_ + length] == '\n') break;
    if (bytes_[at_ + length] == '\0') return Damage(end() + length, "an annotation is not text");
    if (length >= kAnnotationBytesMax) return Damage(end(), "an annotation is too long");
  }
  const std::string_view line = std::string_view(bytes_).substr(at_, length);
  if (!line.ends_with('\r')) return Damage(end() + length, "expected the end of a line");
  if (line.starts_with("#TS:")) {
    timestamp_s_ = ParseInt64(line.substr(4, line.size() - 5));
    if (!timestamp_s_) return Damage(end(), "a timestamp is not a number");
  }
  if (line.starts_with(AofBlockLine::kPrefix)) {
    const Step step = CheckBlock(length + 1);
    if (step != Step::kOk) return step;
  }
  at_ += length + 1;
  return Step::kOk;
}

// The line lies at at_; its block behind it is there and whole, or this is not kOk.
CommandReader::Step CommandReader::CheckBlock(size_t line_bytes) {
  const auto line =
      AofBlockLine::Parse(std::string_view(bytes_).substr(at_, line_bytes - 2), end());
  if (!line) return Damage(end(), "the line of a block is not what it must be");
  blocks_seen_ = true;
  const Step step = Need(line_bytes + line->length);
  if (step != Step::kOk) return step;
  const size_t begin = at_ + line_bytes;
  if (line->Matches(std::string_view(bytes_).substr(begin, line->length), end())) {
    block_ = AofBlock{end(), *line};
    return Step::kOk;
  }
  hole_ = HasHole(begin, begin + line->length);
  return Damage(end(),
                "a block does not match its checksum (if another server has cut and continued this "
                "file, it can be loaded without the lines that begin with #B:)");
}

// Whether a sector's part of bytes_[begin, end) is all zeros.
bool CommandReader::HasHole(size_t begin, size_t end) const {
  while (begin < end) {
    const size_t sector_end =
        std::min(end, static_cast<size_t>(begin + kSectorBytes - (base_ + begin) % kSectorBytes));
    if (std::all_of(bytes_.begin() + static_cast<std::ptrdiff_t>(begin),
                    bytes_.begin() + static_cast<std::ptrdiff_t>(sector_end),
                    [](char c) { return c == '\0'; })) {
      return true;
    }
    begin = sector_end;
  }
  return false;
}

// Whether zeros lead from there to a sector's end, to the next block or to the end.
bool CommandReader::HoleFrom(size_t from) const {
  const size_t filled = bytes_.find_first_not_of('\0', from);
  if (filled == std::string::npos) return true;
  if (filled == from) return false;
  if (filled - from >= kSectorBytes - (base_ + from) % kSectorBytes) return true;
  const std::string_view next = std::string_view(bytes_).substr(filled);
  // Of a line across a sector's end the second part may be lost as well, and of the first one or two bytes be left.
  const std::string_view in_sector = next.substr(0, kSectorBytes - (base_ + filled) % kSectorBytes);
  return next.starts_with(AofBlockLine::kPrefix) || AofBlockLine::kPrefix.starts_with(in_sector);
}

CommandReader::Step CommandReader::ReadCommand() {
  const uint64_t command_begin = end();
  uint64_t count = 0;
  Step step = ReadNumber('*', kWordsMax, &count);
  if (step != Step::kOk) return step;
  if (count == 0) return Damage(command_begin, "a command without words");
  found_.clear();
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    step = ReadNumber('$', word_bytes_max_, &size);
    if (step != Step::kOk) return step;
    step = Need(size + 2);
    if (step == Step::kOk || bytes_.size() - at_ == size + 1) {
      // One byte behind the word is enough to see that it does not end there.
      if (bytes_[at_ + size] != '\r') {
        return Damage(end() + size, "a word does not end where its length says");
      }
    }
    if (step != Step::kOk) return step;
    if (bytes_[at_ + size + 1] != '\n') {
      return Damage(end() + size + 1, "a word does not end where its length says");
    }
    found_.push_back({at_, size});
    at_ += size + 2;
  }
  words_.clear();
  for (const Word& word : found_) words_.emplace_back(bytes_.data() + word.at, word.size);
  return Step::kOk;
}

CommandReader::Outcome CommandReader::OutcomeOf(Step step) const {
  switch (step) {
    case Step::kOk:
      return Outcome::kCommand;
    case Step::kShort:
      return Outcome::kTorn;
    case Step::kDamage:
      return Outcome::kDamage;
    case Step::kFailed:
      return Outcome::kFailed;
  }
  return Outcome::kFailed;
}

CommandReader::Outcome CommandReader::Next() {
  words_.clear();
  for (;;) {
    // What is consumed goes when it is most of the buffer, so that moving the rest costs little a byte.
    if (at_ == bytes_.size() || at_ >= kPieceBytes) {
      bytes_.erase(0, at_);
      base_ += at_;
      at_ = 0;
      if (bytes_.empty() && bytes_.capacity() > 16 * kPieceBytes) bytes_.shrink_to_fit();
    }
    begin_ = end();
    if (at_ == bytes_.size()) {
      const Step step = Fill();
      if (step == Step::kShort) return Outcome::kEnd;
      if (step != Step::kOk) return OutcomeOf(step);
    }
    if (bytes_[at_] != '#') return OutcomeOf(ReadCommand());
    const Step step = ReadAnnotation();
    if (step != Step::kOk) return OutcomeOf(step);
  }
}

bool CommandReader::LooksTorn() {
  const uint64_t bad = begin_;
  size_t from = damage_offset_ - base_;
  while (!hole_ && bytes_.size() - from < 2 * kSectorBytes && Fill() == Step::kOk) {
  }
  hole_ = hole_ || HoleFrom(from);
  bool only_zeros = true;
  size_t judged = from;  // before it bytes_ was looked at for zeros
  Step step = status_.ok() ? Step::kOk : Step::kFailed;
  while (hole_ && step == Step::kOk) {
    only_zeros = only_zeros && bytes_.find_first_not_of('\0', judged) == std::string::npos;
    for (size_t at = bytes_.find(AofBlockLine::kPrefix, from); at != std::string::npos;
         at = bytes_.find(AofBlockLine::kPrefix, at + 1)) {
      const uint64_t offset = base_ + at;
      const auto line = AofBlockLine::Parse(
          std::string_view(bytes_).substr(at, AofBlockLine::kBytes - 2), offset);
      if (line && line->SafeOffset(offset) > bad) return false;  // it was safe once: decay
    }
    // A line may go on in the next piece.
    judged = std::min(bytes_.size() - from, AofBlockLine::kBytes);
    base_ += bytes_.size() - judged;
    bytes_.erase(0, bytes_.size() - judged);
    at_ = 0;
    from = 0;
    step = Fill();
  }
  return hole_ && step == Step::kShort && (only_zeros || blocks_seen_);
}

}  // namespace norn::persist
