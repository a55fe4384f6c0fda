#pragma once
// Cuts a client's bytes into commands: RESP arrays of bulk strings, or inline lines (Redis serialization protocol). Views
// into the input, no copies, resumable: what was parsed of an incomplete command is kept as offsets, so that a command
// of a million words that arrives in pieces is walked once.
//
// Never parks, allocates only to grow its vectors. Any bytes end in a command, a wait for more, or an error text.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace norn::net {

// The longest line of the inline protocol, and of a length in the other.
inline constexpr size_t kLineBytesMax = 64 * 1024;

struct ParsedCommand {
  uint32_t first_word = 0;  // index into CommandBatch::words
  uint32_t word_count = 0;
  size_t request_bytes = 0;
};

// Commands of one read. Views lie in the parsed input, or in `unquoted`.
struct CommandBatch {
  std::vector<std::string_view> words;
  std::vector<ParsedCommand> commands;
  std::deque<std::string> unquoted;  // words of inline commands

  void Clear() {
    words.clear();
    commands.clear();
    unquoted.clear();
  }
};

struct ParseLimits {
  int64_t bulk_bytes_max = 512 * 1024 * 1024;  // proto-max-bulk-len
  bool authenticated = true;                   // false: at most 10 words of at most 16 KiB
};

class RespParser {
 public:
  enum class Outcome : uint8_t {
    kNeedMore,  // all whole commands were taken; the rest waits for more bytes
    kFull,      // commands_max was reached
    kError,     // error() tells; the commands before it are valid
  };

  // Appends the whole commands of `input` to `batch`, at most `commands_max`, and sets *consumed to their bytes (empty
  // lines count). `input` begins where the last call's consumed bytes ended.
  Outcome Parse(std::string_view input, const ParseLimits& limits, size_t commands_max,
                CommandBatch& batch, size_t* consumed);

  // "Protocol error: ..." without the dash and "ERR". After an error the connection must be closed.
  const std::string& error() const { return error_; }
  // The same for the log, in its own words as Valkey logs them.
  const std::string& log_reason() const { return log_reason_; }

  // Bytes that the command under way surely still needs, as far as known (a hint for the read buffer's size).
  size_t BytesWanted(size_t input_bytes) const;

 private:
  struct Word {
    size_t at;
    size_t bytes;
  };
  enum class Step : uint8_t { kDone, kNeedMore, kError };

  Step ParseOne(std::string_view input, const ParseLimits& limits, CommandBatch& batch);
  Step ParseInline(std::string_view input, CommandBatch& batch);
  Step ParseArrayHeader(std::string_view input, const ParseLimits& limits);
  Step ParseWords(std::string_view input, const ParseLimits& limits, CommandBatch& batch);
  Step ParseBulkHeader(std::string_view input, const ParseLimits& limits);
  Step Fail(std::string_view reply, std::string_view log_reason);

  // The command under way. Offsets are relative to its first byte.
  size_t at_ = 0;            // bytes of it that were understood
  int64_t words_left_ = 0;   // of its array; 0: no array header yet
  int64_t bulk_bytes_ = -1;  // of the word under way; -1: its header comes next
  size_t scanned_ = 0;       // bytes behind at_ that hold no line feed
  std::vector<Word> partial_;
  std::string error_;
  std::string log_reason_;
};

}  // namespace norn::net
