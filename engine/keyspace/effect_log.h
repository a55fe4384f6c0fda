#pragma once
// Commands that were executed, as the bytes that repeat them (RESP arrays), each with its database: on their way from the
// executor that ran them to the journal, which feeds replicas and the append-only log. Appending allocates only when the
// buffer grows; the buffer is kept.
//
//   bytes     *3 $3 SET ...  *2 $3 DEL ...   *3 $3 SET ...  *2 $4 INCR ...
//   segments  [-- db 0 --------------------][-- db 0, group 1 ----------]
//
// A group is one transaction: what reads the log writes MULTI and EXEC around it.
//
// Runs wherever its owner may be touched. Never parks.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/base/ids.h"

namespace norn {

// Appends one command as a RESP array of bulk strings.
void AppendCommand(ByteBuffer* out, std::span<const std::string_view> words);

class EffectLog {
 public:
  bool empty() const { return segments_.empty(); }
  size_t bytes() const { return bytes_.size(); }
  uint64_t commands() const { return commands_; }

  void Add(DbIndex db, std::span<const std::string_view> words);
  void Add(DbIndex db, std::initializer_list<std::string_view> words) {
    Add(db, std::span<const std::string_view>(words.begin(), words.size()));
  }
  // For replicas only: what changes no key (PUBLISH), and so has no place in a log.
  void AddForReplicas(DbIndex db, std::span<const std::string_view> words);
  // Moves everything of `other` to the end of this, as part of the group that is open, if one is.
  void TakeFrom(EffectLog& other);

  // What is added until EndGroup belongs together. A group of fewer than two commands is none. Groups do not nest.
  void BeginGroup();
  void EndGroup();
  bool group_open() const { return open_group_ != 0; }

  // Commands of one database and one group, side by side.
  struct Run {
    DbIndex db;
    std::string_view bytes;
    bool for_replicas;  // only
    bool begins_group;  // the first of a group
    bool ends_group;    // the last of it
  };
  // Calls visit(run) for each, in order.
  template <typename Visit>
  void ForEachRun(Visit&& visit) const {
    size_t begin = 0;
    for (size_t i = 0; i < segments_.size(); ++i) {
      const Segment& segment = segments_[i];
      const bool begins = segment.group != 0 && (i == 0 || segments_[i - 1].group != segment.group);
      const bool ends = segment.group != 0 &&
                        (i + 1 == segments_.size() || segments_[i + 1].group != segment.group);
      visit(Run{.db = segment.db,
                .bytes = bytes_.view().substr(begin, segment.end - begin),
                .for_replicas = segment.for_replicas,
                .begins_group = begins,
                .ends_group = ends});
      begin = segment.end;
    }
  }
  // The same as visit(db, bytes, begins_group, ends_group), whoever the runs are for.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    ForEachRun([&](const Run& run) { visit(run.db, run.bytes, run.begins_group, run.ends_group); });
  }

  // Keeps modest memory.
  void Clear();
  void Swap(EffectLog& other) noexcept;

 private:
  struct Segment {
    DbIndex db;
    uint32_t group = 0;  // 0: none
    size_t end = 0;
    bool for_replicas = false;
  };

  // The segment that takes what comes next, of `db`, in `group`.
  Segment& SegmentFor(DbIndex db, uint32_t group, bool for_replicas);

  ByteBuffer bytes_;
  std::vector<Segment> segments_;
  uint64_t commands_ = 0;
  uint32_t last_group_ = 0;
  uint32_t open_group_ = 0;
  uint64_t group_begin_commands_ = 0;
};

}  // namespace norn
