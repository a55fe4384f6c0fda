#include "engine/structs/quicklist.h"

#include <algorithm>
#include <utility>

#include "engine/base/allocation.h"
#include "engine/base/check.h"

namespace norn {
namespace {

// What a count in list-max-listpack-size may hold at most.
constexpr size_t kBytesMaxByCount = 8192;

size_t BytesMaxOf(int32_t fill) {
  if (fill >= 0) return kBytesMaxByCount;
  return size_t{4096} << (std::min(-fill, 5) - 1);
}

}  // namespace

// ---- QuicklistLimits ----

bool QuicklistLimits::Allow(size_t bytes, size_t count) const {
  if (fill >= 0 && count > std::max<size_t>(static_cast<size_t>(fill), 1)) return false;
  return bytes <= BytesMaxOf(fill);
}

bool QuicklistLimits::IsLarge(size_t bytes) const {
  if (large_bytes_min > 0) return bytes >= large_bytes_min;
  return bytes > BytesMaxOf(fill);
}

// ---- the whole ----

size_t Quicklist::RowBytes(size_t nodes) {
  constexpr size_t kDequeBlockBytes = 512;
  const size_t blocks = nodes * sizeof(Node) / kDequeBlockBytes + 1;
  return blocks * kDequeBlockBytes + AllocationBytes(8 * (blocks + 4));
}

bool Quicklist::FreeSome(size_t effort) {
  for (; effort > 0 && !nodes_.empty(); --effort) nodes_.pop_back();
  row_bytes_ = RowBytes(nodes_.size());
  return nodes_.empty();
}

Quicklist::NodeBytes Quicklist::ReadNode(size_t node, std::string& scratch) const {
  return {nodes_[node].Read(scratch), nodes_[node].is_large()};
}

void Quicklist::AppendListpack(std::string_view listpack) {
  const size_t count = ListpackView(listpack).Count();
  CHECK(count > 0);
  size_ += count;
  InsertNode(nodes_.size(), Node::OfListpack(listpack, count));
}

void Quicklist::AppendLarge(std::string_view element) {
  ++size_;
  InsertNode(nodes_.size(), Node::OfLarge(element));
}

// ---- compression ----

bool Quicklist::IsInner(size_t node) const {
  const size_t depth = limits_.compress_depth;
  return depth > 0 && node >= depth && node + depth < nodes_.size();
}

void Quicklist::Open(size_t node) {
  node_bytes_ -= nodes_[node].UsedBytes();
  nodes_[node].Open();
}

void Quicklist::Settle(size_t node) {
  Node& settled = nodes_[node];
  if (IsInner(node) && settled.is_open() && settled.size_bytes() >= kCompressBytesMin) {
    settled.Compress(settled.size_bytes() - kSavedBytesMin);
  }
  node_bytes_ += settled.UsedBytes();
}

void Quicklist::SettleEnds() {
  if (nodes_.empty()) return;
  if (limits_.compress_depth > 0) return CompressEnds();
  OpenNode(0);
  OpenNode(nodes_.size() - 1);
  if (nodes_.size() <= 2 * kFoldDepth) return;
  FoldNode(kFoldDepth);
  FoldNode(nodes_.size() - 1 - kFoldDepth);
}

void Quicklist::CompressEnds() {
  const size_t reach = std::min<size_t>(limits_.compress_depth + 1, nodes_.size());
  for (size_t i = 0; i < reach; ++i) {
    for (const size_t node : {i, nodes_.size() - 1 - i}) {
      if (IsInner(node) == nodes_[node].is_compressed()) continue;
      Open(node);
      Settle(node);
    }
  }
}

void Quicklist::OpenNode(size_t node) {
  if (nodes_[node].is_open()) return;
  Open(node);
  Settle(node);
}

void Quicklist::FoldNode(size_t node) {
  Node& folded = nodes_[node];
  if (!folded.is_open() || folded.is_large() || folded.size_bytes() < kFoldBytesMin) return;
  node_bytes_ -= folded.UsedBytes();
  folded.Fold(folded.size_bytes() - folded.size_bytes() / 8);
  node_bytes_ += folded.UsedBytes();
}

// ---- nodes ----

void Quicklist::InsertNode(size_t node, Node&& made) {
  nodes_.insert(nodes_.begin() + static_cast<ptrdiff_t>(node), std::move(made));
  row_bytes_ = RowBytes(nodes_.size());
  Settle(node);
  SettleEnds();
}

void Quicklist::RemoveNode(size_t node) {
  size_ -= nodes_[node].count();
  node_bytes_ -= nodes_[node].UsedBytes();
  nodes_.erase(nodes_.begin() + static_cast<ptrdiff_t>(node));
  row_bytes_ = RowBytes(nodes_.size());
  SettleEnds();
}

// What is from `index` on becomes a node of its own. Requires 0 < index < count.
void Quicklist::SplitNode(size_t node, size_t index) {
  Open(node);
  Node right;
  {
    Node::Storage left_bytes(nodes_[node]);
    Node::Storage right_bytes(right);
    const ListpackView view(left_bytes.bytes());
    const size_t moved = nodes_[node].count() - index;
    const auto at = view.Seek(static_cast<int64_t>(index));
    Listpack(right_bytes).AppendRange(view, at, view.end(), moved);
    Listpack(left_bytes).Erase(at, moved);
    right.set_count(moved);
    nodes_[node].set_count(index);
  }
  Settle(node);
  InsertNode(node + 1, std::move(right));
}

// Two neighbours that fill half a node together become one.
bool Quicklist::MergeWithNext(size_t node) {
  if (node + 1 >= nodes_.size()) return false;
  const Node& left = nodes_[node];
  const Node& right = nodes_[node + 1];
  if (left.is_large() || right.is_large()) return false;
  if (!limits_.Allow(2 * (left.size_bytes() + right.size_bytes()),
                     2 * (left.count() + right.count()))) {
    return false;
  }
  std::string scratch;
  const ListpackView view(right.Read(scratch));
  const size_t moved = right.count();
  Open(node);
  Node::Storage bytes(nodes_[node]);
  Listpack(bytes).AppendRange(view, view.first(), view.end(), moved);
  nodes_[node].set_count(nodes_[node].count() + moved);
  size_ += moved;  // RemoveNode takes them away
  Settle(node);
  RemoveNode(node + 1);
  return true;
}

// ---- one element ----

// size() is behind the last element of the last node.
Quicklist::Place Quicklist::Locate(size_t index) const {
  CHECK(index <= size_);
  if (index > size_ / 2) {
    size_t behind = size_ - index;  // elements from there to the end
    size_t node = nodes_.size() - 1;
    for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at, --node) {
      if (behind <= at->count()) return {node, at->count() - behind};
      behind -= at->count();
    }
  }
  size_t node = 0;
  for (auto at = nodes_.begin(); at != nodes_.end(); ++at, ++node) {
    if (index < at->count()) return {node, index};
    index -= at->count();
  }
  return {};
}

bool Quicklist::HasRoom(size_t node, const PackedValue& value) const {
  const Node& at = nodes_[node];
  return !at.is_large() &&
         limits_.Allow(at.size_bytes() + Listpack::BytesFor(value), at.count() + 1);
}

void Quicklist::PutInto(size_t node, size_t index, const PackedValue& value) {
  Open(node);
  Node::Storage bytes(nodes_[node]);
  Listpack listpack(bytes);
  const ListpackView view = listpack.view();
  const bool at_end = index == nodes_[node].count();
  listpack.Insert(at_end ? view.end() : view.Seek(static_cast<int64_t>(index)), {value});
  nodes_[node].set_count(nodes_[node].count() + 1);
  Settle(node);
}

void Quicklist::Insert(size_t index, const PackedValue& value) {
  const bool large = !value.is_integer() && limits_.IsLarge(value.text().size());
  const Place place = Locate(index);
  size_t node = place.node;
  if (!nodes_.empty() && !large && HasRoom(node, value)) {
    PutInto(node, place.index, value);
  } else if (!large && node > 0 && place.index == 0 && HasRoom(node - 1, value)) {
    PutInto(node - 1, nodes_[node - 1].count(), value);
  } else {
    if (!nodes_.empty() && place.index > 0) {
      if (place.index < nodes_[node].count()) SplitNode(node, place.index);
      ++node;
    }
    Node made;
    if (large) {
      made = Node::OfLarge(value.text());
    } else {
      Node::Storage bytes(made);
      Listpack(bytes).Append({value});
      made.set_count(1);
    }
    InsertNode(node, std::move(made));
  }
  ++size_;
}

void Quicklist::Push(ListEnd end, const PackedValue& value) {
  const bool large = !value.is_integer() && limits_.IsLarge(value.text().size());
  const size_t node = end == ListEnd::kFront || nodes_.empty() ? 0 : nodes_.size() - 1;
  if (!nodes_.empty() && !large && HasRoom(node, value)) {
    PutInto(node, end == ListEnd::kFront ? 0 : nodes_[node].count(), value);
    ++size_;
    return;
  }
  Insert(end == ListEnd::kFront ? 0 : size_, value);
}

std::string Quicklist::Pop(ListEnd end) {
  CHECK(size_ > 0);
  const size_t index = end == ListEnd::kFront ? 0 : size_ - 1;
  std::string popped = QuicklistReader(*this, index, end).value().ToString();
  const Place place = Locate(index);
  EraseInNode(place.node, place.index, 1);
  return popped;
}

void Quicklist::Replace(size_t index, const PackedValue& value) {
  CHECK(index < size_);
  const Place place = Locate(index);
  const Node& node = nodes_[place.node];
  const bool large = !value.is_integer() && limits_.IsLarge(value.text().size());
  if (node.is_large() || large ||
      !limits_.Allow(node.size_bytes() + Listpack::BytesFor(value), node.count())) {
    EraseInNode(place.node, place.index, 1);
    Insert(index, value);
    return;
  }
  Open(place.node);
  Node::Storage bytes(nodes_[place.node]);
  Listpack listpack(bytes);
  listpack.Replace(listpack.view().Seek(static_cast<int64_t>(place.index)), value);
  Settle(place.node);
}

// ---- erasing ----

void Quicklist::EraseInNode(size_t node, size_t index, size_t count) {
  if (count == nodes_[node].count()) return RemoveNode(node);
  Open(node);
  Node::Storage bytes(nodes_[node]);
  Listpack listpack(bytes);
  listpack.Erase(listpack.view().Seek(static_cast<int64_t>(index)), count);
  nodes_[node].set_count(nodes_[node].count() - count);
  size_ -= count;
  Settle(node);
}

void Quicklist::Erase(size_t index, size_t count) {
  CHECK(count <= size_);
  CHECK(index <= size_ - count);
  if (count == 0) return;
  Place place = Locate(index);
  while (count > 0) {
    const size_t here = nodes_[place.node].count();
    const size_t erased = std::min(count, here - place.index);
    EraseInNode(place.node, place.index, erased);
    count -= erased;
    // A node that went away whole made room for the next.
    if (erased < here) ++place.node;
    place.index = 0;
  }
  const size_t node = std::min(place.node, nodes_.size());
  if (node > 0) MergeWithNext(node - 1);
  if (node > 1) MergeWithNext(node - 2);
}

size_t Quicklist::EraseEqualInNode(size_t node, const PackedValue& value, size_t count_max,
                                   ListEnd from) {
  std::string scratch;
  if (nodes_[node].is_large()) {
    if (!(PackedValue::Text(nodes_[node].Read(scratch)) == value)) return 0;
    RemoveNode(node);
    return 1;
  }
  const ListpackView before(nodes_[node].Read(scratch));
  if (before.Find(value, before.first(), 0) == before.end()) return 0;
  Open(node);
  Node::Storage bytes(nodes_[node]);
  Listpack listpack(bytes);
  size_t erased = 0;
  if (from == ListEnd::kFront) {
    auto at = listpack.view().first();
    while (erased < count_max) {
      at = listpack.view().Find(value, at, 0);
      if (at == listpack.view().end()) break;
      at = listpack.Erase(at, 1);
      ++erased;
    }
  } else {
    for (auto at = listpack.view().end(); erased < count_max && at != listpack.view().first();) {
      at = listpack.view().Previous(at);
      if (!(listpack.view().At(at) == value)) continue;
      listpack.Erase(at, 1);
      ++erased;
    }
  }
  nodes_[node].set_count(nodes_[node].count() - erased);
  size_ -= erased;
  Settle(node);
  if (nodes_[node].count() == 0) RemoveNode(node);
  return erased;
}

size_t Quicklist::EraseEqual(const PackedValue& value, size_t count_max, ListEnd from) {
  size_t erased = 0;
  if (from == ListEnd::kFront) {
    for (size_t node = 0; node < nodes_.size() && erased < count_max;) {
      const size_t nodes_before = nodes_.size();
      erased += EraseEqualInNode(node, value, count_max - erased, from);
      if (nodes_.size() == nodes_before) ++node;
    }
  } else {
    for (size_t node = nodes_.size(); node > 0 && erased < count_max; --node) {
      erased += EraseEqualInNode(node - 1, value, count_max - erased, from);
    }
  }
  if (erased > 0) {
    for (size_t node = 0; node + 1 < nodes_.size();) {
      if (!MergeWithNext(node)) ++node;
    }
  }
  return erased;
}

// ---- QuicklistReader ----

QuicklistReader::QuicklistReader(const Quicklist& list, size_t index, ListEnd from)
    : list_(&list), from_(from), node_(list.nodes_.size()) {
  if (index >= list.size()) return;
  const Quicklist::Place place = list.Locate(index);
  node_ = place.node;
  bytes_ = list.nodes_[node_].Read(scratch_);
  if (!list.nodes_[node_].is_large()) {
    at_ = ListpackView(bytes_).Seek(static_cast<int64_t>(place.index));
  }
}

PackedValue QuicklistReader::value() const {
  if (list_->nodes_[node_].is_large()) return PackedValue::Text(bytes_);
  return ListpackView(bytes_).At(at_);
}

void QuicklistReader::Enter(size_t node) {
  node_ = node;
  if (done()) return;
  bytes_ = list_->nodes_[node].Read(scratch_);
  if (list_->nodes_[node].is_large()) return;
  const ListpackView view(bytes_);
  at_ = from_ == ListEnd::kFront ? view.first() : view.Previous(view.end());
}

void QuicklistReader::Next() {
  const bool large = list_->nodes_[node_].is_large();
  const ListpackView view(bytes_);
  if (from_ == ListEnd::kFront) {
    if (!large) at_ = view.Next(at_);
    if (large || at_ == view.end()) Enter(node_ + 1);
  } else if (large || at_ == view.first()) {
    Enter(node_ - 1);  // before the first: no node has this number
  } else {
    at_ = view.Previous(at_);
  }
}

// ---- invariants ----

void Quicklist::CheckInvariants() const {
  size_t size = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    std::string scratch;
    const std::string_view content = node.Read(scratch);
    CHECK(node.count() > 0);                     // I1
    CHECK(!node.is_compressed() || IsInner(i));  // I3
    CHECK(!node.is_folded() || (limits_.compress_depth == 0 && i > 0 && i + 1 < nodes_.size()));
    CHECK(content.size() == node.size_bytes());
    if (node.is_large()) {
      CHECK(node.count() == 1);
    } else {
      CHECK(ListpackIsValid(content));
      CHECK(ListpackView(content).Count() == node.count());
      CHECK(node.count() == 1 || limits_.Allow(node.size_bytes(), node.count()));  // I1
    }
    size += node.count();
    bytes += node.UsedBytes();
  }
  CHECK(size == size_);
  CHECK(bytes == node_bytes_);
  CHECK(row_bytes_ == RowBytes(nodes_.size()));
}

}  // namespace norn
