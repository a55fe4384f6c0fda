#pragma once
// The client's side of the protocol: cuts a stream of server replies into single ones, and turns one into a value
// tree. Speaks RESP2 and RESP3 (the Redis serialization protocol; RESP3 specification of Sanfilippo, 2018).
//
// Two halves, because most readers only compare bytes: ReplyParser finds where a reply ends and allocates nothing per
// reply; ParseReply builds a tree from its bytes. Any input is survived: nesting is bounded, and no memory is taken on
// the word of a length that is not backed by bytes.
//
// Pure; runs anywhere, never parks.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/byte_buffer.h"

namespace norn::net {

// Aggregates within aggregates; deeper is malformed.
inline constexpr size_t kReplyDepthMax = 32;
// The longest line before CR LF, and the longest bulk string (proto-max-bulk-len's default).
inline constexpr size_t kReplyLineBytesMax = 64 * 1024;
inline constexpr int64_t kReplyBulkBytesMax = 512ll * 1024 * 1024;
inline constexpr int64_t kReplyElementsMax = 1ll << 31;

enum class ReplyType : uint8_t {
  kSimple,     // +
  kError,      // -, and RESP3's !
  kInteger,    // :
  kBulk,       // $
  kNull,       // $-1 and RESP3's _
  kNullArray,  // *-1
  kArray,      // *
  kMap,        // %: keys and values in turn
  kSet,        // ~
  kPush,       // >
  kBool,       // #: text is t or f
  kDouble,     // ,
  kBigNumber,  // (
  kVerbatim,   // =: text is what follows the format and its colon
};

struct Reply {
  ReplyType type = ReplyType::kNull;
  std::string text;             // of scalars; an error without its dash
  std::vector<Reply> elements;  // of aggregates; a map has 2n

  bool IsNull() const { return type == ReplyType::kNull || type == ReplyType::kNullArray; }
  bool IsError() const { return type == ReplyType::kError; }
  bool operator==(const Reply&) const = default;
};

// Feeds on bytes as they arrive, in any portions.
class ReplyParser {
 public:
  enum class Result : uint8_t {
    kReply,      // bytes() is one whole reply (with the attributes before it)
    kMore,       // the next reply is not complete yet
    kMalformed,  // not a reply; error() says why; stays so until Reset
  };

  // Room for `bytes` of input; write there, then Commit.
  char* Reserve(size_t bytes) { return input_.Reserve(bytes); }
  void Commit(size_t bytes) { input_.Commit(bytes); }
  void Append(std::string_view bytes) { input_.Append(bytes); }

  // Moves on to the next reply. The previous bytes() die.
  Result Next();

  // The reply that Next found; dies with the next call that is not const.
  std::string_view bytes() const { return input_.view().substr(0, reply_bytes_); }

  // Input that belongs to no whole reply yet.
  size_t unparsed_bytes() const { return input_.size() - reply_bytes_; }
  std::string_view error() const { return error_; }

  // As new: for a new connection.
  void Reset();

 private:
  enum class Scan : uint8_t { kElement, kMore, kMalformed };
  struct Frame {
    int64_t remaining;
    bool attribute;  // what it describes follows it, and is counted by the frame around
  };

  Scan ScanElement();
  Scan ScanAggregate(int64_t elements, bool attribute);
  Scan ScanBulk(size_t payload_at, std::string_view header);
  void EndElement();
  Scan Malformed(std::string_view why);

  ByteBuffer input_;
  size_t reply_bytes_ = 0;  // length of the reply last returned; consumed by the next Next
  size_t at_ = 0;           // everything before belongs to scanned elements
  size_t line_at_ = 0;      // no CR LF of the line at `at_` ends before this
  std::vector<Frame> frames_;
  bool complete_ = false;
  std::string_view error_;
};

// The tree of exactly one whole reply, or nullopt when `bytes` is anything else. Attributes are dropped.
std::optional<Reply> ParseReply(std::string_view bytes);

// One line for people: "OK", (error) ERR x, 1) "a" 2) (nil); long values are cut.
std::string DescribeReply(std::string_view bytes);

}  // namespace norn::net
