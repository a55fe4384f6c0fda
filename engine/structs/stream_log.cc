#include "engine/structs/stream_log.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "engine/base/check.h"

namespace norn {
namespace {

using Position = ListpackView::Position;

constexpr int64_t kDeleted = 1;
constexpr int64_t kSameFields = 2;
// Flags, ms and seq.
constexpr size_t kFixedElements = 3;
// What an element takes besides its text, at most.
constexpr size_t kElementOverheadBytes = 10;
// A tree node of 256 bytes holds 7 slots of this and its header.
constexpr size_t kSlotBytes = 50;
// A node that is smaller stays as it is.
constexpr size_t kCompressBytesMin = 256;

// ---- reading a node: of valid bytes ----

struct Head {
  int64_t live = 0;
  int64_t deleted = 0;
  size_t fields = 0;
  Position names = 0;
  Position first_item = 0;  // end() when there is none
};

Head ReadHead(const ListpackView& view) {
  Head head;
  Position at = view.first();
  head.live = view.At(at).integer();
  at = view.Next(at);
  head.deleted = view.At(at).integer();
  at = view.Next(at);
  head.fields = static_cast<size_t>(view.At(at).integer());
  head.names = view.Next(at);
  head.first_item = view.Skip(head.names, head.fields + 1);
  return head;
}

// An entry, live or not.
struct Item {
  StreamId id = {};
  int64_t flags = 0;
  Position at = 0;
  Position body = 0;
  size_t fields = 0;

  bool is_deleted() const { return (flags & kDeleted) != 0; }
  bool has_same_fields() const { return (flags & kSameFields) != 0; }
  size_t body_elements() const { return has_same_fields() ? fields : 2 * fields; }
};

Item ReadItem(const ListpackView& view, StreamId node_id, const Head& head, Position at) {
  Item item{.at = at};
  item.flags = view.At(at).integer();
  at = view.Next(at);
  item.id.ms = node_id.ms + static_cast<uint64_t>(view.At(at).integer());
  at = view.Next(at);
  item.id.seq = node_id.seq + static_cast<uint64_t>(view.At(at).integer());
  at = view.Next(at);
  item.fields = head.fields;
  if (!item.has_same_fields()) {
    item.fields = static_cast<size_t>(view.At(at).integer());
    at = view.Next(at);
  }
  item.body = at;
  return item;
}

Position BehindItem(const ListpackView& view, const Item& item) {
  return view.Skip(item.body, item.body_elements() + 1);
}

// Where the item begins that ends at `end`.
Position ItemBefore(const ListpackView& view, Position end) {
  Position at = view.Previous(end);
  for (int64_t left = view.At(at).integer(); left > 0; --left) at = view.Previous(at);
  return at;
}

StreamId LastItemId(StreamId node_id, const ListpackView& view) {
  const Head head = ReadHead(view);
  return ReadItem(view, node_id, head, ItemBefore(view, view.end())).id;
}

// The distance between two ids as far as it matters: who is nearer.
uint64_t Distance(StreamId low, StreamId high) {
  return high.ms != low.ms ? high.ms - low.ms : high.seq - low.seq;
}

// The first item at or above `id`, or one before it that costs less to begin with; end() when all are below. From the nearer end
// of the node, by the ids: who keeps up with a stream reads its last entries.
Position SeekItem(const ListpackView& view, StreamId node_id, const Head& head, StreamId id) {
  if (id <= node_id || head.first_item == view.end()) return head.first_item;
  Position at = ItemBefore(view, view.end());
  const StreamId last = ReadItem(view, node_id, head, at).id;
  if (last < id) return view.end();
  if (Distance(node_id, id) < Distance(id, last)) return head.first_item;
  while (at != head.first_item) {
    const Position before = ItemBefore(view, at);
    if (ReadItem(view, node_id, head, before).id < id) break;
    at = before;
  }
  return at;
}

// ---- writing a node ----

using Values = absl::InlinedVector<PackedValue, 32>;

bool HasFieldsOfHead(const ListpackView& view, const Head& head,
                     std::span<const std::string_view> fields_and_values) {
  if (fields_and_values.size() != 2 * head.fields) return false;
  Position at = head.names;
  for (size_t i = 0; i < fields_and_values.size(); i += 2, at = view.Next(at)) {
    PackedScratch scratch;
    if (view.At(at).View(scratch) != fields_and_values[i]) return false;
  }
  return true;
}

void AddHead(std::span<const std::string_view> fields_and_values, Values& out) {
  const size_t fields = fields_and_values.size() / 2;
  out.push_back(PackedValue::Integer(1));
  out.push_back(PackedValue::Integer(0));
  out.push_back(PackedValue::Integer(static_cast<int64_t>(fields)));
  for (size_t i = 0; i < fields; ++i) out.push_back(fields_and_values[2 * i]);
  out.push_back(PackedValue::Integer(0));
}

void AddItem(StreamId id, StreamId node_id, bool same_fields,
             std::span<const std::string_view> fields_and_values, Values& out) {
  const size_t fields = fields_and_values.size() / 2;
  out.push_back(PackedValue::Integer(same_fields ? kSameFields : 0));
  out.push_back(PackedValue::Integer(static_cast<int64_t>(id.ms - node_id.ms)));
  out.push_back(PackedValue::Integer(static_cast<int64_t>(id.seq - node_id.seq)));
  if (!same_fields) out.push_back(PackedValue::Integer(static_cast<int64_t>(fields)));
  for (size_t i = 0; i < fields; ++i) {
    if (!same_fields) out.push_back(fields_and_values[2 * i]);
    out.push_back(fields_and_values[2 * i + 1]);
  }
  const size_t elements = kFixedElements + (same_fields ? fields : 2 * fields + 1);
  out.push_back(PackedValue::Integer(static_cast<int64_t>(elements)));
}

// `erased` entries more are marked.
void MoveCounts(Listpack& listpack, int64_t erased) {
  const Head head = ReadHead(listpack.view());
  const Position live =
      listpack.Replace(listpack.view().first(), PackedValue::Integer(head.live - erased));
  listpack.Replace(listpack.view().Next(live), PackedValue::Integer(head.deleted + erased));
}

void MarkDeleted(Listpack& listpack, const Item& item) {
  listpack.Replace(item.at, PackedValue::Integer(item.flags | kDeleted));
}

size_t EncodedBytesMax(std::span<const std::string_view> fields_and_values) {
  size_t bytes = 16 * kElementOverheadBytes;
  for (const std::string_view text : fields_and_values)
    bytes += text.size() + kElementOverheadBytes;
  return bytes;
}

size_t TextBytes(std::span<const std::string_view> fields_and_values) {
  size_t bytes = 0;
  for (const std::string_view text : fields_and_values) bytes += text.size();
  return bytes;
}

}  // namespace

// ---- StreamEntry ----

void StreamEntry::ForEachField(
    absl::FunctionRef<void(const PackedValue& field, const PackedValue& value)> visit) const {
  Position name = names_, at = body_;
  for (size_t i = 0; i < fields_; ++i) {
    if (!same_fields_) name = at, at = node_.Next(at);
    visit(node_.At(name), node_.At(at));
    at = node_.Next(at);
    if (same_fields_) name = node_.Next(name);
  }
  end_ = at;
}

ListpackView::Position StreamEntry::End() const {
  if (end_ == body_) end_ = node_.Skip(body_, same_fields_ ? fields_ : 2 * fields_);
  return end_;
}

// Reads nodes, compressed or not; what it returned is void with the next node, and with a change of that one. It has the log's
// opened node for itself: a reader within a visit opens another.
class StreamLog::Reader {
 public:
  explicit Reader(const StreamLog& log) : log_(log), opened_(std::move(log.opened_)) {}
  ~Reader() { log_.opened_ = std::move(opened_); }

  ListpackView Read(const Nodes::value_type& node) {
    if (!node.second.is_compressed()) return ListpackView(node.second.bytes());
    if (opened_ == nullptr) opened_ = std::make_unique<Opened>();
    // A compressed node does not change (Expand), and its id never comes again.
    if (opened_->bytes.empty() || opened_->id != node.first) {
      node.second.Read(opened_->bytes);
      opened_->id = node.first;
    }
    return ListpackView(opened_->bytes);
  }

 private:
  const StreamLog& log_;
  std::unique_ptr<Opened> opened_;
};

// ---- nodes ----

StreamLog::StreamLog(const StreamLog& other)
    : nodes_(other.nodes_),
      size_(other.size_),
      node_bytes_(other.node_bytes_),
      first_id_(other.first_id_) {}

size_t StreamLog::UsedBytes() const { return node_bytes_ + nodes_.size() * kSlotBytes; }

bool StreamLog::FreeSome(size_t effort) {
  // From the back: what is left of the tree is then not moved about.
  for (; effort > 0 && !nodes_.empty(); --effort) nodes_.erase(std::prev(nodes_.end()));
  return nodes_.empty();
}

void StreamLog::Change(Nodes::iterator node, absl::FunctionRef<void(Listpack&)> change) {
  Expand(node);
  node_bytes_ -= node->second.UsedBytes();
  PackedNode::Storage storage(node->second);
  Listpack listpack(storage);
  change(listpack);
  node_bytes_ += node->second.UsedBytes();
}

void StreamLog::Expand(Nodes::iterator node) {
  if (!node->second.is_compressed()) return;
  // It may change now, and be compressed again.
  if (opened_ != nullptr && opened_->id == node->first) opened_->bytes.clear();
  node_bytes_ -= node->second.UsedBytes();
  node->second.Open();
  node_bytes_ += node->second.UsedBytes();
}

void StreamLog::AddNode(StreamId id, PackedNode node) {
  node_bytes_ += node.UsedBytes();
  nodes_.emplace_hint(nodes_.end(), id, std::move(node));
  if (nodes_.size() < kOpenAtEnd + 2) return;
  PackedNode& inner = std::prev(nodes_.end(), kOpenAtEnd + 1)->second;
  node_bytes_ -= inner.UsedBytes();
  if (inner.is_open() && inner.size_bytes() >= kCompressBytesMin) {
    inner.Compress(inner.size_bytes() - inner.size_bytes() / 8);
  }
  node_bytes_ += inner.UsedBytes();
}

StreamLog::Nodes::iterator StreamLog::FreeNode(Nodes::iterator node) {
  node_bytes_ -= node->second.UsedBytes();
  const StreamId id = node->first;
  nodes_.erase(node);
  // Among those at the end there is one more (I3).
  if (nodes_.size() > kOpenAtEnd) Expand(std::prev(nodes_.end(), kOpenAtEnd));
  return nodes_.upper_bound(id);
}

StreamLog::Nodes::const_iterator StreamLog::NodeOf(StreamId id) const {
  const auto above = nodes_.upper_bound(id);
  return above == nodes_.begin() ? nodes_.end() : std::prev(above);
}

void StreamLog::FindFirst() {
  first_id_ = {};
  if (!nodes_.empty()) Expand(nodes_.begin());
  Visit(kStreamIdMin, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& entry) {
    first_id_ = entry.id();
    return false;
  });
}

StreamId StreamLog::last_id() const {
  StreamId last;
  Visit(kStreamIdMin, kStreamIdMax, StreamDirection::kDown, [&](const StreamEntry& entry) {
    last = entry.id();
    return false;
  });
  return last;
}

// ---- changes ----

bool StreamLog::Fits(std::span<const std::string_view> fields_and_values) {
  // The first entry of a node says its fields twice, in head and names.
  return 2 * EncodedBytesMax(fields_and_values) <= Listpack::kBytesMax;
}

void StreamLog::Append(StreamId id, std::span<const std::string_view> fields_and_values,
                       const StreamNodeLimits& limits) {
  CHECK(fields_and_values.size() >= 2);
  Values values;
  const auto last = nodes_.empty() ? nodes_.end() : std::prev(nodes_.end());
  bool open = last != nodes_.end();
  Head head;
  if (open) {
    const ListpackView view(last->second.bytes());
    head = ReadHead(view);
    const size_t bytes = view.bytes().size();
    const auto entries = static_cast<size_t>(head.live + head.deleted);
    if (limits.bytes_max > 0 && bytes + TextBytes(fields_and_values) >= limits.bytes_max) {
      open = false;
    }
    if (bytes + EncodedBytesMax(fields_and_values) > Listpack::kBytesMax) open = false;
    if (limits.entries_max > 0 && entries >= limits.entries_max) open = false;
  }
  if (open) {
    const bool same = HasFieldsOfHead(ListpackView(last->second.bytes()), head, fields_and_values);
    AddItem(id, last->first, same, fields_and_values, values);
    Change(last, [&](Listpack& listpack) {
      listpack.Insert(listpack.view().end(), values);
      listpack.Replace(listpack.view().first(), PackedValue::Integer(head.live + 1));
    });
    last->second.set_count(last->second.count() + 1);
  } else {
    AddHead(fields_and_values, values);
    AddItem(id, id, true, fields_and_values, values);
    PackedNode node = PackedNode::OfListpack(Listpack::Empty(), 1);
    PackedNode::Storage storage(node);
    Listpack(storage).Insert(ListpackView(node.bytes()).end(), values);
    AddNode(id, std::move(node));
  }
  if (size_++ == 0) first_id_ = id;
}

bool StreamLog::Erase(StreamId id) {
  const auto at = NodeOf(id);
  if (at == nodes_.end()) return false;
  std::optional<Item> found;
  {
    Reader reader(*this);
    const ListpackView view = reader.Read(*at);
    const Head head = ReadHead(view);
    for (Position next = SeekItem(view, at->first, head, id); next != view.end() && !found;) {
      const Item item = ReadItem(view, at->first, head, next);
      if (item.id > id || (item.id == id && item.is_deleted())) return false;
      if (item.id == id) found = item;
      next = BehindItem(view, item);
    }
  }
  if (!found) return false;
  const auto node = nodes_.find(at->first);
  if (node->second.count() == 1) {
    FreeNode(node);
  } else {
    Change(node, [&](Listpack& listpack) {
      MarkDeleted(listpack, *found);
      MoveCounts(listpack, 1);
    });
    node->second.set_count(node->second.count() - 1);
  }
  --size_;
  if (id == first_id_) FindFirst();
  return true;
}

bool StreamLog::IsAllBelow(Nodes::const_iterator node, StreamId id) const {
  const auto next = std::next(node);
  if (next != nodes_.end() && next->first <= id) return true;
  if (node->first >= id) return false;
  Reader reader(*this);
  return LastItemId(node->first, reader.Read(*node)) < id;
}

uint64_t StreamLog::Trim(const StreamTrim& trim) {
  const bool by_length = trim.kind == StreamTrim::Kind::kLength;
  uint64_t erased = 0;
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    if (by_length && size_ <= trim.length_max) break;
    const uint64_t live = node->second.count();
    if (trim.erased_max > 0 && erased + live > trim.erased_max) break;
    const bool whole = by_length ? size_ - live >= trim.length_max : IsAllBelow(node, trim.id_min);
    if (whole) {
      node = FreeNode(node);
      size_ -= live;
      erased += live;
      continue;
    }
    if (!trim.whole_nodes) erased += TrimWithin(node, trim);
    break;
  }
  if (erased > 0) FindFirst();
  return erased;
}

uint64_t StreamLog::TrimWithin(Nodes::iterator node, const StreamTrim& trim) {
  uint64_t erased = 0;
  Change(node, [&](Listpack& listpack) {
    const Head head = ReadHead(listpack.view());
    for (Position at = head.first_item; at != listpack.view().end();) {
      const Item item = ReadItem(listpack.view(), node->first, head, at);
      const bool stays = trim.kind == StreamTrim::Kind::kLength ? size_ - erased <= trim.length_max
                                                                : item.id >= trim.id_min;
      if (stays) break;
      if (!item.is_deleted()) {
        MarkDeleted(listpack, item);
        ++erased;
      }
      at = BehindItem(listpack.view(), ReadItem(listpack.view(), node->first, head, at));
    }
    if (erased > 0) MoveCounts(listpack, static_cast<int64_t>(erased));
  });
  node->second.set_count(node->second.count() - erased);
  // Those that stay may all have been erased before.
  if (node->second.count() == 0) FreeNode(node);
  size_ -= erased;
  return erased;
}

// ---- reads ----

bool StreamLog::Contains(StreamId id) const {
  bool found = false;
  Visit(id, id, StreamDirection::kUp, [&](const StreamEntry&) {
    found = true;
    return false;
  });
  return found;
}

namespace {

StreamEntry AsEntry(const ListpackView& view, const Head& head, const Item& item) {
  return StreamEntry(item.id, view.bytes(), head.names, item.body, item.fields,
                     item.has_same_fields());
}

}  // namespace

void StreamLog::Visit(StreamId min, StreamId max, StreamDirection direction,
                      absl::FunctionRef<bool(const StreamEntry& entry)> visit) const {
  if (min > max || nodes_.empty()) return;
  Reader reader(*this);
  if (direction == StreamDirection::kUp) {
    auto node = NodeOf(min);
    if (node == nodes_.end()) node = nodes_.begin();
    for (; node != nodes_.end() && node->first <= max; ++node) {
      const ListpackView view = reader.Read(*node);
      const Head head = ReadHead(view);
      for (Position at = SeekItem(view, node->first, head, min); at != view.end();) {
        const Item item = ReadItem(view, node->first, head, at);
        if (item.id > max) return;
        const StreamEntry entry = AsEntry(view, head, item);
        if (item.id >= min && !item.is_deleted() && !visit(entry)) return;
        at = view.Next(entry.End());
      }
    }
    return;
  }
  for (auto node = NodeOf(max); node != nodes_.end();
       node = node == nodes_.begin() ? nodes_.end() : std::prev(node)) {
    const ListpackView view = reader.Read(*node);
    const Head head = ReadHead(view);
    for (Position end = view.end(); end != head.first_item;) {
      end = ItemBefore(view, end);
      const Item item = ReadItem(view, node->first, head, end);
      if (item.id < min) return;
      if (item.id <= max && !item.is_deleted() && !visit(AsEntry(view, head, item))) return;
    }
  }
}

// ---- codecs ----

void StreamLog::ForEachNode(
    absl::FunctionRef<void(StreamId id, std::string_view listpack)> visit) const {
  std::string scratch;
  for (const auto& [id, node] : nodes_) visit(id, node.Read(scratch));
}

bool StreamLog::AppendNode(StreamId id, std::string_view listpack) {
  if (!nodes_.empty()) {
    const auto& [last_id, last] = *std::prev(nodes_.end());
    if (id <= LastItemId(last_id, ListpackView(last.bytes()))) return false;
  }
  const auto live = static_cast<uint64_t>(ReadHead(ListpackView(listpack)).live);
  if (live == 0) return true;
  AddNode(id, PackedNode::OfListpack(listpack, live));
  if (size_ == 0) FindFirst();
  size_ += live;
  return true;
}

namespace {

// Reads elements that may not be there.
class CarefulWalk {
 public:
  explicit CarefulWalk(std::string_view bytes) : view_(bytes), at_(view_.first()) {}

  bool at_end() const { return at_ == view_.end(); }
  bool ok() const { return ok_; }
  int64_t Integer() {
    if (!ok_ || at_end() || !view_.At(at_).is_integer()) return ok_ = false, 0;
    const int64_t value = view_.At(at_).integer();
    at_ = view_.Next(at_);
    return value;
  }
  // A count of elements, which are no more than there are bytes.
  int64_t Count() {
    const int64_t count = Integer();
    if (count < 0 || static_cast<uint64_t>(count) > view_.bytes().size()) ok_ = false;
    return ok_ ? count : 0;
  }
  void Skip(int64_t elements) {
    for (; ok_ && elements > 0; --elements) {
      if (at_end()) return void(ok_ = false);
      at_ = view_.Next(at_);
    }
  }

 private:
  ListpackView view_;
  Position at_;
  bool ok_ = true;
};

}  // namespace

bool StreamNodeIsValid(StreamId id, std::string_view listpack) {
  if (!ListpackIsValid(listpack)) return false;
  CarefulWalk walk(listpack);
  const int64_t live = walk.Count(), deleted = walk.Count(), head_fields = walk.Count();
  walk.Skip(head_fields);
  if (walk.Integer() != 0 || !walk.ok() || live + deleted == 0) return false;
  int64_t found_live = 0, found = 0;
  StreamId last;
  for (; walk.ok() && !walk.at_end(); ++found) {
    const int64_t flags = walk.Integer();
    StreamId item = id;
    item.ms += static_cast<uint64_t>(walk.Integer());
    item.seq += static_cast<uint64_t>(walk.Integer());
    const bool same = (flags & kSameFields) != 0;
    const int64_t fields = same ? head_fields : walk.Count();
    walk.Skip(same ? fields : 2 * fields);
    const int64_t elements = same ? fields + 3 : 2 * fields + 4;
    if (walk.Integer() != elements || !walk.ok()) return false;
    if (flags < 0 || flags > (kDeleted | kSameFields) || fields == 0) return false;
    if (found == 0 ? item < id : item <= last) return false;
    last = item;
    found_live += (flags & kDeleted) == 0;
  }
  return walk.ok() && found_live == live && found == live + deleted;
}

void StreamLog::CheckInvariants() const {
  uint64_t live = 0;
  size_t bytes = 0, index = 0;
  StreamId last;
  std::string scratch;
  for (const auto& [id, node] : nodes_) {
    const ListpackView view(node.Read(scratch));
    CHECK(StreamNodeIsValid(id, view.bytes()));
    CHECK(live == 0 || id > last);  // I1
    last = LastItemId(id, view);
    CHECK(node.count() > 0);  // I2
    CHECK(node.count() == static_cast<uint64_t>(ReadHead(view).live));
    const bool open = index == 0 || index + kOpenAtEnd >= nodes_.size();
    CHECK(!open || !node.is_compressed());  // I3
    live += node.count();
    bytes += node.UsedBytes();
    ++index;
  }
  CHECK(live == size_);  // I4
  CHECK(bytes == node_bytes_);
  StreamId first;
  Visit(kStreamIdMin, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& entry) {
    first = entry.id();
    return false;
  });
  CHECK(first == first_id_);
}

}  // namespace norn
