#pragma once
// Which history a node's data belongs to: a replication id names a history, an offset a point of it. A promoted replica
// begins a new history that agrees with the old one up to a point, and so remembers two (Valkey's PSYNC2: replid and
// replid2 with second_repl_offset; the stream's facts are those of the replication protocol).
//
//     old primary   ----------------------x   id A
//     this node     ------------------.------------>   id B; id2 = A, shared up to the dot
//
// A requester's history is a prefix of ours (I11) when it follows B to anywhere we were, or A to a point at or before the dot.
//
// Plain data, no randomness: new ids come as arguments.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/replication/offset.h"

namespace norn {

inline constexpr size_t kReplicationIdChars = 40;

// 40 hexadecimal digits from three drawn numbers.
std::string ReplicationIdFrom(uint64_t a, uint64_t b, uint64_t c);

class Lineage {
 public:
  // Requires, here and wherever an id is given: 40 characters.
  explicit Lineage(std::string id) : id_(std::move(id)) {}

  const std::string& id() const { return id_; }
  // Zeros when there is none.
  const std::string& id2() const { return id2_; }
  // The last position that the second history shares with ours; -1 when there is none.
  StreamOffset second_end() const { return second_end_; }
  // As INFO shows it: the first byte that is ours alone, counted from 1; -1.
  StreamOffset second_repl_offset() const { return second_end_ < 0 ? -1 : second_end_ + 1; }

  // A history without a past: replicas of any other must copy everything.
  void Renew(std::string id);
  // This node goes on from `at` as a primary: the history so far becomes the second.
  void Promote(std::string id, StreamOffset at);
  // A full copy was loaded: the data is the primary's. Where it stands is the backlog's matter.
  void Adopt(std::string primary_id);
  // +CONTINUE with another id: our primary changed its id at or before `at`, which is where we stand.
  void FollowRename(std::string primary_id, StreamOffset at);

  // Whether a node that stands at `at` of history `id` holds a prefix of ours. The bytes from there on must still be had
  // (Backlog::Contains), which is the caller's check.
  bool IsPrefix(std::string_view id, StreamOffset at) const;

 private:
  std::string id_;
  std::string id2_ = std::string(kReplicationIdChars, '0');
  StreamOffset second_end_ = -1;
};

}  // namespace norn
