// Streams: nodes as they are, then what is remembered of the whole, then the groups. What a stream says of itself twice (its
// length, its first id) is checked or worked out again; ids that contradict each other are damage, for a rewritten log could
// not say them either.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "engine/persist/codecs.h"
#include "engine/persist/rdb_format.h"
#include "engine/types/stream_value.h"

namespace norn::persist {
namespace {

constexpr size_t kIdBytes = 16;
constexpr int kRdbVersionStreams2 = 10;
constexpr int kRdbVersionStreams3 = 11;

bool Reads(uint8_t rdb_type) {
  return rdb_type == kRdbTypeStreamListpacks || rdb_type == kRdbTypeStreamListpacks2 ||
         rdb_type == kRdbTypeStreamListpacks3;
}

uint8_t TypeOf(const Entry&, int rdb_version) {
  if (rdb_version >= kRdbVersionStreams3) return kRdbTypeStreamListpacks3;
  return rdb_version >= kRdbVersionStreams2 ? kRdbTypeStreamListpacks2 : kRdbTypeStreamListpacks;
}

// ---- write ----

void PutRawId(StreamId id, RdbOutput& out) {
  out.BigEndian(id.ms, 8);
  out.BigEndian(id.seq, 8);
}

// A node's key: such an id as a string.
void PutKey(StreamId id, RdbOutput& out) {
  char bytes[kIdBytes];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(id.ms >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(id.seq >> (56 - 8 * i));
  }
  out.String({bytes, kIdBytes});
}

void PutId(StreamId id, RdbOutput& out) {
  out.Length(id.ms);
  out.Length(id.seq);
}

void PutTime(int64_t ms, RdbOutput& out) { out.LittleEndian(static_cast<uint64_t>(ms), 8); }

void EncodeGroup(const std::string& name, const StreamGroup& group, uint8_t rdb_type,
                 RdbOutput& out) {
  out.String(name);
  PutId(group.last_id, out);
  if (rdb_type != kRdbTypeStreamListpacks) out.Length(static_cast<uint64_t>(group.entries_read));
  out.Length(group.pending().size());
  for (const auto& [id, pending] : group.pending()) {
    PutRawId(id, out);
    PutTime(pending.delivered_ms, out);
    out.Length(pending.deliveries);
  }
  out.Length(group.consumers().size());
  for (const auto& [consumer_name, consumer] : group.consumers()) {
    out.String(consumer_name);
    PutTime(consumer->seen_ms, out);
    if (rdb_type == kRdbTypeStreamListpacks3) PutTime(consumer->active_ms, out);
    out.Length(consumer->pending().size());
    for (const StreamId id : consumer->pending()) PutRawId(id, out);
  }
}

void Encode(const Entry& entry, uint8_t rdb_type, RdbOutput& out) {
  const Stream& stream = StreamOf(entry);
  out.Length(stream.log().node_count());
  stream.log().ForEachNode([&](StreamId id, std::string_view listpack) {
    PutKey(id, out);
    out.String(listpack);
  });
  out.Length(stream.size());
  PutId(stream.last_id(), out);
  if (rdb_type != kRdbTypeStreamListpacks) {
    PutId(stream.log().first_id(), out);
    PutId(stream.max_deleted_id(), out);
    out.Length(stream.entries_added());
  }
  out.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) EncodeGroup(name, *group, rdb_type, out);
}

// ---- read ----

StreamId TakeId(RdbInput& in) {
  StreamId id;
  id.ms = in.Length();
  id.seq = in.Length();
  return id;
}

StreamId TakeRawId(RdbInput& in) {
  StreamId id;
  id.ms = in.BigEndian(8);
  id.seq = in.BigEndian(8);
  return id;
}

int64_t TakeTime(RdbInput& in) { return static_cast<int64_t>(in.LittleEndian(8)); }

StreamId IdOfKey(std::string_view key) {
  StreamId id;
  for (size_t i = 0; i < 8; ++i) {
    id.ms = id.ms << 8 | static_cast<uint8_t>(key[i]);
    id.seq = id.seq << 8 | static_cast<uint8_t>(key[8 + i]);
  }
  return id;
}

void DecodeNodes(RdbInput& in, Stream& stream) {
  const uint64_t nodes = in.Length();
  for (uint64_t i = 0; i < nodes && in.ok(); ++i) {
    const std::string_view key = in.String();
    if (!in.ok()) return;
    if (key.size() != kIdBytes) return in.Fail("a stream's node has a key that is no id");
    const StreamId id = IdOfKey(key);
    const std::string_view listpack = in.String();
    if (!in.ok()) return;
    if (!StreamNodeIsValid(id, listpack)) return in.Fail("a damaged node of a stream");
    if (!stream.AppendNode(id, listpack)) return in.Fail("nodes of a stream out of order");
  }
}

void DecodeIds(uint8_t rdb_type, RdbInput& in, Stream& stream) {
  const uint64_t length = in.Length();
  const StreamId last_id = TakeId(in);
  StreamId max_deleted_id;
  uint64_t entries_added = length;
  if (rdb_type != kRdbTypeStreamListpacks) {
    TakeId(in);  // the first: the nodes say it
    max_deleted_id = TakeId(in);
    entries_added = in.Length();
  }
  if (!in.ok()) return;
  if (length != stream.size()) return in.Fail("a stream's length is not that of its nodes");
  if (length > 0 && stream.log().first_id().is_zero()) return in.Fail("a stream's entry 0-0");
  if (last_id < stream.log().last_id() || last_id < max_deleted_id) {
    return in.Fail("a stream's last id is below that of an entry");
  }
  if (entries_added > static_cast<uint64_t>(INT64_MAX)) {
    return in.Fail("a stream's count of entries added is no count");
  }
  stream.SetIds(last_id, max_deleted_id, std::max(entries_added, length));
}

struct NamelessPending {
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
};
using NamelessPendings = absl::btree_map<StreamId, NamelessPending>;

// Who has them is said further behind.
NamelessPendings DecodePending(RdbInput& in) {
  NamelessPendings pendings;
  const uint64_t count = in.Length();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const StreamId id = TakeRawId(in);
    NamelessPending pending;
    pending.delivered_ms = TakeTime(in);
    pending.deliveries = in.Length();
    if (!in.ok()) break;
    if (!pendings.emplace(id, pending).second) in.Fail("an id is pending twice in a group");
  }
  return pendings;
}

void DecodeConsumer(uint8_t rdb_type, RdbInput& in, const NamelessPendings& pendings,
                    StreamGroup& group) {
  const std::string name(in.String());
  const int64_t seen_ms = TakeTime(in);
  const int64_t active_ms = rdb_type == kRdbTypeStreamListpacks3 ? TakeTime(in) : seen_ms;
  if (!in.ok()) return;
  if (group.FindConsumer(name) != nullptr) return in.Fail("a group has a consumer twice");
  StreamConsumer& consumer = group.AddConsumer(name, seen_ms);
  consumer.active_ms = active_ms;
  const uint64_t count = in.Length();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const StreamId id = TakeRawId(in);
    if (!in.ok()) return;
    const auto pending = pendings.find(id);
    if (pending == pendings.end() || group.FindPending(id) != nullptr) {
      return in.Fail("a consumer's pending id is not the group's, or not its own");
    }
    StreamPending& assigned = group.Assign(id, consumer);
    assigned.delivered_ms = pending->second.delivered_ms;
    assigned.deliveries = pending->second.deliveries;
  }
}

void DecodeGroup(uint8_t rdb_type, RdbInput& in, Stream& stream) {
  const std::string name(in.String());
  const StreamId last_id = TakeId(in);
  int64_t entries_read = StreamGroup::kEntriesReadUnknown;
  if (rdb_type != kRdbTypeStreamListpacks) {
    entries_read = std::max(static_cast<int64_t>(in.Length()), StreamGroup::kEntriesReadUnknown);
  } else if (in.ok()) {
    entries_read = stream.EntriesUpTo(last_id);
  }
  if (!in.ok()) return;
  StreamGroup* const group = stream.AddGroup(name, last_id, entries_read);
  if (group == nullptr) return in.Fail("a stream has a group twice");
  const NamelessPendings pendings = DecodePending(in);
  const uint64_t consumers = in.Length();
  for (uint64_t i = 0; i < consumers && in.ok(); ++i) {
    DecodeConsumer(rdb_type, in, pendings, *group);
  }
  if (in.ok() && group->pending().size() != pendings.size()) {
    in.Fail("an id is pending for no consumer");
  }
}

std::optional<DetachedValue> Decode(uint8_t rdb_type, RdbInput& in, const TypeRules&) {
  auto object = std::make_unique<StreamObject>();
  DecodeNodes(in, object->stream);
  if (in.ok()) DecodeIds(rdb_type, in, object->stream);
  const uint64_t groups = in.Length();
  for (uint64_t i = 0; i < groups && in.ok(); ++i) DecodeGroup(rdb_type, in, object->stream);
  if (!in.ok()) return std::nullopt;
  return DetachedValue::OfObject(ValueType::kStream, std::move(object));
}

}  // namespace

const ValueCodec kStreamCodec = {ValueType::kStream, Reads, TypeOf, Encode, Decode};

}  // namespace norn::persist
