#pragma once
// A consumer group of a stream: how far it has read, who reads for it, and which entries were given to whom and not yet
// acknowledged.
//
//   I1  An id is pending in the group exactly if it is in the pending ids of one consumer, the one that the group names.
//   I2  Every consumer named is one of the group's.
//
// A pending id may be that of an entry that is gone.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "engine/structs/stream_id.h"

namespace norn {

class StreamConsumer {
 public:
  static constexpr int64_t kNeverActive = -1;

  StreamConsumer(std::string_view name, int64_t seen_ms) : seen_ms(seen_ms), name_(name) {}

  const std::string& name() const { return name_; }
  const absl::btree_set<StreamId>& pending() const { return pending_; }

  int64_t seen_ms;                   // tried to read or claim
  int64_t active_ms = kNeverActive;  // got something

 private:
  friend class StreamGroup;

  std::string name_;
  absl::btree_set<StreamId> pending_;
};

struct StreamPending {
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
  StreamConsumer* consumer = nullptr;
};

class StreamGroup {
 public:
  using Consumers = absl::btree_map<std::string, std::unique_ptr<StreamConsumer>, std::less<>>;
  using Pending = absl::btree_map<StreamId, StreamPending>;
  static constexpr int64_t kEntriesReadUnknown = -1;

  // The group adds the memory it takes to *used_bytes, and takes it off again when it goes.
  StreamGroup(StreamId last_id, int64_t entries_read, size_t* used_bytes);
  StreamGroup(const StreamGroup& other, size_t* used_bytes);
  StreamGroup(const StreamGroup&) = delete;
  ~StreamGroup();

  const Consumers& consumers() const { return consumers_; }
  const Pending& pending() const { return pending_; }

  // Null: there is none.
  StreamConsumer* FindConsumer(std::string_view name);
  const StreamConsumer* FindConsumer(std::string_view name) const;
  // Requires that there is none of that name.
  StreamConsumer& AddConsumer(std::string_view name, int64_t now_ms);
  // With all that is pending for it.
  void EraseConsumer(StreamConsumer& consumer);

  StreamPending* FindPending(StreamId id);
  // The entry is pending for `consumer` from now on, whoever had it before. What was not pending has no deliveries yet.
  StreamPending& Assign(StreamId id, StreamConsumer& consumer);
  // False when it was not pending.
  bool ErasePending(StreamId id);

  bool FreeSome(size_t effort);  // as Object's
  void CheckInvariants() const;  // for tests

  StreamId last_id;      // the highest that was ever delivered
  int64_t entries_read;  // how many entries of the stream's whole life are up to last_id

 private:
  size_t* used_bytes_;
  Consumers consumers_;
  Pending pending_;
};

}  // namespace norn
