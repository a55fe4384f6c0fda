#pragma once
// Streams: entries under ids that only grow (engine/structs/stream_log.h), what is remembered of those that are gone, and the
// groups that read together. A stream has one form, and stays when it is empty.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "engine/keyspace/entry.h"
#include "engine/keyspace/object.h"
#include "engine/structs/stream_log.h"
#include "engine/types/stream_group.h"
#include "engine/types/type_rules.h"

namespace norn {

class Stream {
 public:
  using Groups = absl::btree_map<std::string, std::unique_ptr<StreamGroup>, std::less<>>;

  Stream() = default;
  Stream(const Stream& other);
  Stream& operator=(const Stream&) = delete;

  size_t UsedBytes() const { return sizeof(*this) + log_.UsedBytes() + group_bytes_; }
  size_t FreeEffort() const;
  bool FreeSome(size_t effort);

  // ---- entries ----
  const StreamLog& log() const { return log_; }
  uint64_t size() const { return log_.size(); }
  // The highest id there ever was, or was set.
  StreamId last_id() const { return last_id_; }
  StreamId max_deleted_id() const { return max_deleted_id_; }
  uint64_t entries_added() const { return entries_added_; }

  // The id of an entry added now. nullopt: there is none left.
  std::optional<StreamId> NextId(int64_t now_ms) const;
  // The lowest id of that millisecond that may be added; nullopt: none.
  std::optional<StreamId> NextIdOf(uint64_t ms) const;
  // Requires id > last_id() and StreamLog::Fits.
  void Append(StreamId id, std::span<const std::string_view> fields_and_values,
              const TypeRules& rules);
  bool Erase(StreamId id);
  uint64_t Trim(const StreamTrim& trim) { return log_.Trim(trim); }
  // Requires last_id at or above that of every entry.
  void SetIds(StreamId last_id, StreamId max_deleted_id, uint64_t entries_added);

  // ---- groups ----
  const Groups& groups() const { return groups_; }
  StreamGroup* FindGroup(std::string_view name);
  const StreamGroup* FindGroup(std::string_view name) const;
  // Null: there is one of that name.
  StreamGroup* AddGroup(std::string_view name, StreamId last_id, int64_t entries_read);
  bool EraseGroup(std::string_view name);
  // The group has been given the entry `id`: its position moves. Requires a group of this stream, id > group.last_id.
  void Advance(StreamGroup& group, StreamId id) const;
  // How many entries the group has not been given; nullopt: erased entries make it unknown.
  std::optional<int64_t> Lag(const StreamGroup& group) const;
  // How many of all entries ever added are up to `id`, as far as it can be told; kEntriesReadUnknown.
  int64_t EntriesUpTo(StreamId id) const;

  // For codecs, before SetIds. As StreamLog::AppendNode.
  bool AppendNode(StreamId id, std::string_view listpack) { return log_.AppendNode(id, listpack); }

  void CheckInvariants() const;  // for tests

 private:
  // Whether an entry above `id` was erased where entries before it live.
  bool HasGapAbove(StreamId id) const;

  StreamLog log_;
  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
  size_t group_bytes_ = 0;
  Groups groups_;
};

// A stream as the keyspace owns it.
class StreamObject final : public Object {
 public:
  StreamObject() = default;
  explicit StreamObject(const Stream& other) : stream(other) {}

  size_t UsedBytes() const override { return sizeof(Object) + stream.UsedBytes(); }
  std::unique_ptr<Object> Copy() const override { return std::make_unique<StreamObject>(stream); }
  size_t FreeEffort() const override { return stream.FreeEffort(); }
  bool FreeSome(size_t effort) override { return stream.FreeSome(effort); }

  Stream stream;
};

// Requires entry.type() == kStream.
const Stream& StreamOf(const Entry& entry);
inline Stream& StreamOf(Object& object) { return static_cast<StreamObject&>(object).stream; }

}  // namespace norn
