#pragma once
// Reads commands as the append-only log holds them: RESP arrays of bulk strings, and between them lines that begin with '#'
// (annotations; "#TS:1700000000" says when the commands behind it were written). Strict: it tells a file that ends inside a
// command (a torn tail, what a crash leaves) from bytes that no server writes (damage).
//
// Memory: at most the command being read as far as it has arrived, and one piece of the source. A length that a damaged file
// claims costs nothing until its bytes come. Blocks (aof_block.h) are checked before any of their commands is given out.

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/persist/aof_block.h"
#include "engine/persist/byte_source.h"

namespace norn::persist {

class CommandReader {
 public:
  enum class Outcome : uint8_t {
    kCommand,  // words() holds it
    kEnd,      // the source ended after a whole command
    kTorn,     // the source ended inside a command or annotation, which begins at begin()
    kDamage,   // at damage_offset() the bytes are not what they must be: reason()
    kFailed,   // the source failed: status()
  };

  // `offset`: that of the source's first byte, for messages. Longer words than `word_bytes_max` are damage.
  CommandReader(ByteSource& source, uint64_t offset, uint64_t word_bytes_max);

  // Parks in the source. After anything but kCommand: do not call again.
  Outcome Next();

  // Of the last command; valid until the next call. Never empty.
  std::span<const std::string_view> words() const { return words_; }

  // Where the command begins that was last read or begun (its annotations do not count), and where it ended.
  uint64_t begin() const { return begin_; }
  uint64_t end() const { return base_ + at_; }

  // The last block that was found whole; the command need not lie in it.
  const std::optional<AofBlock>& block() const { return block_; }

  uint64_t damage_offset() const { return damage_offset_; }
  const std::string& reason() const { return reason_; }
  const absl::Status& status() const { return status_; }

  // After kDamage: whether this is what the death of a machine leaves of a tail that was never synced: sectors of zeros that were
  // not written in time, and behind them at most blocks that do not claim the place as safe; where the file has no blocks,
  // nothing but zeros. Reads to the end of the source.
  bool LooksTorn();

  // Of the last #TS annotation, unix seconds.
  std::optional<int64_t> timestamp_s() const { return timestamp_s_; }

 private:
  enum class Step : uint8_t { kOk, kShort, kDamage, kFailed };

  Step Fill();
  Step Need(size_t bytes);
  Step ReadNumber(char prefix, uint64_t max, uint64_t* value);
  Step ReadAnnotation();
  Step CheckBlock(size_t line_bytes);
  bool HasHole(size_t begin, size_t end) const;
  bool HoleFrom(size_t from) const;
  Step ReadCommand();
  Step Damage(uint64_t offset, std::string reason);
  Outcome OutcomeOf(Step step) const;

  struct Word {
    size_t at;
    size_t size;
  };

  ByteSource& source_;
  const uint64_t word_bytes_max_;
  std::string bytes_;  // read from the source and not yet dropped; bytes_[0] is at offset base_
  uint64_t base_;
  size_t at_ = 0;  // consumed of bytes_
  uint64_t begin_;
  std::vector<Word> found_;
  std::vector<std::string_view> words_;
  std::optional<int64_t> timestamp_s_;
  std::optional<AofBlock> block_;
  bool blocks_seen_ = false;
  bool hole_ = false;  // zeros where a sector of the bad block should be
  uint64_t damage_offset_ = 0;
  std::string reason_;
  absl::Status status_;
};

}  // namespace norn::persist
