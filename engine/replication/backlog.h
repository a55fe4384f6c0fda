#pragma once
// The recent bytes of a replication stream, so that a replica that returns soon can resume by offset, and so that attached
// replicas need no copy of their own: each holds its reading position here. A list of blocks:
//
//        begin()                 a hold's position                      end()
//          v                            v                                 v
//     [ block 17 ][ block 18 ][ block 19 ][ block 20 ][ block 21 ][ block 22 . . ]
//          '-- kept for a hold --'         '----------- limit_bytes ------'
//
//   B1  begin() = min(end() - limit, the lowest hold), never below where the stream was started, and never falls
//   B2  every byte in [begin(), end()) is what was appended at that offset
//   B3  blocks wholly before begin() are freed
//
// Not durable, not a queue. Belongs to executor 0; never parks.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "engine/replication/offset.h"

namespace norn {

class Backlog {
 public:
  // A reading position that keeps what follows it.
  struct HoldId {
    uint64_t value = 0;
    bool operator==(const HoldId&) const = default;
  };

  explicit Backlog(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Empties it; the next byte appended has offset `at`. Requires: no holds.
  void Start(StreamOffset at);
  void Append(std::string_view bytes);

  StreamOffset begin() const { return begin_; }
  StreamOffset end() const { return end_; }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }
  bool Contains(StreamOffset from) const { return from >= begin_ && from <= end_; }

  // Copies up to out.size() bytes from `from` on; fewer only at the end. Requires: Contains(from).
  size_t Read(StreamOffset from, std::span<char> out) const;
  // Bytes from `from` on that lie in one piece; empty at the end. Dies with the next call that is not const. Requires:
  // Contains(from).
  std::string_view Piece(StreamOffset from) const;

  // Requires: Contains(at).
  HoldId Hold(StreamOffset at);
  // Forward only. Requires: at within [the hold's position, end()].
  void MoveHold(HoldId hold, StreamOffset at);
  void Release(HoldId hold);
  StreamOffset PositionOf(HoldId hold) const;
  size_t hold_count() const { return holds_.size(); }

  size_t limit_bytes() const { return limit_bytes_; }
  // A smaller limit drops bytes at once; a larger one keeps more from now on.
  void SetLimit(size_t limit_bytes);
  // Room of all blocks.
  size_t memory_bytes() const { return memory_bytes_; }

 private:
  struct Block {
    StreamOffset at = 0;
    size_t size = 0;
    size_t capacity = 0;
    std::unique_ptr<char[]> bytes;
  };

  void AddBlock();
  void Trim();
  const Block& BlockOf(StreamOffset offset) const;

  size_t limit_bytes_;
  StreamOffset begin_ = 0;
  StreamOffset end_ = 0;
  std::deque<Block> blocks_;
  size_t memory_bytes_ = 0;
  uint64_t next_hold_ = 1;
  std::map<uint64_t, StreamOffset> holds_;
};

}  // namespace norn
