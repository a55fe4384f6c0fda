#pragma once
// The entries of a stream: lists of fields and values under ids that only grow, appended at the end, trimmed from the front,
// read from any id in either direction.
//
//     nodes_    ordered tree:   id of the first entry -> node          a B-tree of Abseil: log n, filled to the brim by appends
//                                                         |
//     node      a listpack      live | deleted | F | field 1 .. field F | 0 | entry | entry | ...
//                               \_______________ head ________________/
//     entry     flags | ms | seq | values of the head's fields ..                  | elements before this      (kSameFields)
//               flags | ms | seq | fields | field 1 | value 1 | field 2 ..         | elements before this
//
// The head's fields are those of the node's first entry: entries of one shape say only their values. ms and seq are counted
// from the node's id (they wrap). The last element lets a walk go backwards. A node takes entries until it has as many or is as
// large as the limits allow. The bytes are the format of Redis 5 and later, so that snapshots copy them.
//
// An entry that is erased inside a node is only marked; its node goes with its last live entry. Memory of erased entries is so
// bounded by a node for each one that lives.
//
// Entries of one stream look alike, and hardly anybody reads the middle: nodes there are compressed (LZF), which halves a stream
// of readings or events. A node that is changed afterwards stays open. Who reads in the middle decompresses a node once, for the
// last one read is kept.
//
//   I1  Ids ascend within a node and from node to node; a node's key is at most the id of its first entry.
//   I2  live and deleted are the counts of entries without and with kDeleted; live > 0, and the node's count().
//   I3  The first node is open, and kOpenAtEnd nodes at the end are.
//   I4  size() is the sum of live; first_id() the lowest id of a live entry, zero when there is none.
//
// Bytes from outside satisfy I1 and I2 within their node when StreamNodeIsValid says so.
//
// Runs anywhere, never parks.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "engine/structs/listpack.h"
#include "engine/structs/packed_node.h"
#include "engine/structs/stream_id.h"

namespace norn {

struct StreamNodeLimits {
  size_t bytes_max = 0;    // 0: as many as a listpack may have
  size_t entries_max = 0;  // 0: any number
};

// What Trim leaves.
struct StreamTrim {
  enum class Kind : uint8_t { kLength, kId };
  Kind kind = Kind::kLength;
  uint64_t length_max = 0;
  StreamId id_min = {};
  // Only nodes that go as a whole, hence as much as costs nothing; a little more may stay.
  bool whole_nodes = false;
  // Erases no more than so many entries; 0: no bound.
  uint64_t erased_max = 0;
};

// A live entry, for the duration of a visit.
class StreamEntry {
 public:
  StreamEntry(StreamId id, std::string_view node, ListpackView::Position names,
              ListpackView::Position body, size_t fields, bool same_fields)
      : id_(id),
        node_(node),
        names_(names),
        body_(body),
        end_(body),
        fields_(fields),
        same_fields_(same_fields) {}

  StreamId id() const { return id_; }
  size_t fields() const { return fields_; }
  void ForEachField(
      absl::FunctionRef<void(const PackedValue& field, const PackedValue& value)> visit) const;

 private:
  friend class StreamLog;
  // Behind the values.
  ListpackView::Position End() const;

  StreamId id_;
  ListpackView node_;
  ListpackView::Position names_;        // of the fields, if they are the head's
  ListpackView::Position body_;         // of the first value, or of the first field of its own
  mutable ListpackView::Position end_;  // body_: not known yet
  size_t fields_;
  bool same_fields_;
};

enum class StreamDirection : uint8_t { kUp, kDown };

class StreamLog {
 public:
  static constexpr size_t kOpenAtEnd = 3;

  StreamLog() = default;
  StreamLog(const StreamLog& other);
  StreamLog& operator=(const StreamLog&) = delete;

  uint64_t size() const { return size_; }
  size_t node_count() const { return nodes_.size(); }
  size_t UsedBytes() const;      // without the log itself
  bool FreeSome(size_t effort);  // as Object's
  StreamId first_id() const { return first_id_; }
  StreamId last_id() const;  // the highest of a live entry, zero when there is none

  // What may be appended as one entry.
  static bool Fits(std::span<const std::string_view> fields_and_values);
  // Requires an id above all that were ever here, Fits, and at least one pair.
  void Append(StreamId id, std::span<const std::string_view> fields_and_values,
              const StreamNodeLimits& limits);
  // False when there is no such entry.
  bool Erase(StreamId id);
  // Returns the count of entries erased.
  uint64_t Trim(const StreamTrim& trim);

  bool Contains(StreamId id) const;
  // Live entries from `min` to `max`, both included, upwards or downwards, until visit returns false.
  void Visit(StreamId min, StreamId max, StreamDirection direction,
             absl::FunctionRef<bool(const StreamEntry& entry)> visit) const;

  // For codecs: the nodes in order; and one put behind the others. Requires StreamNodeIsValid; false: it does not come behind.
  void ForEachNode(absl::FunctionRef<void(StreamId id, std::string_view listpack)> visit) const;
  bool AppendNode(StreamId id, std::string_view listpack);

  void CheckInvariants() const;  // for tests; walks everything

 private:
  using Nodes = absl::btree_map<StreamId, PackedNode>;

  // Changes a node's bytes and accounts for them; its count of live entries is the caller's.
  void Change(Nodes::iterator node, absl::FunctionRef<void(Listpack& listpack)> change);
  void AddNode(StreamId id, PackedNode node);
  void Expand(Nodes::iterator node);
  // Returns the next one.
  Nodes::iterator FreeNode(Nodes::iterator node);
  void FindFirst();
  // The node that would hold `id`, or end().
  Nodes::const_iterator NodeOf(StreamId id) const;
  bool IsAllBelow(Nodes::const_iterator node, StreamId id) const;
  uint64_t TrimWithin(Nodes::iterator node, const StreamTrim& trim);

  // The last compressed node that was read, and what reads by it. It is not part of UsedBytes: reads do not change that.
  struct Opened {
    StreamId id;
    std::string bytes;
  };
  class Reader;

  Nodes nodes_;
  uint64_t size_ = 0;
  size_t node_bytes_ = 0;
  StreamId first_id_;
  mutable std::unique_ptr<Opened> opened_;
};

// Whether bytes from outside are a node of that id: a valid listpack, heads and entries whole, ids ascending, counts right.
// A node without live entries is valid.
bool StreamNodeIsValid(StreamId id, std::string_view listpack);

}  // namespace norn
