#pragma once
// Quicklist: a long list of strings as a row of nodes, each a listpack of some kilobytes. Pushing and popping at the ends
// costs as much as in one listpack, the middle is found by adding up nodes, and a small element costs what it does there.
//
//     nodes_   | node | node | ... | node |        std::deque: constant time at both ends, contiguous to add up
//                 |      |
//                 v      v
//              listpack  folded, or LZF when compress_depth says so (an inner node), or one large element as it is
//
// The idea and the limits (list-max-listpack-size, list-compress-depth) are those of Redis 3.2 and later; nodes stand in an
// array instead of a linked list, 24 bytes each, so that an index is found without following pointers.
//
// Hardly anybody reads the middle of a long list, and its elements look alike: unless compress_depth asks for more, a node
// that has come kFoldDepth nodes away from both ends is folded (listpack_fold.h) if that saves an eighth. One that is changed
// there, or becomes the first or the last, is opened and stays so until it comes by again. A queue that keeps up never folds.
//
//   I1  No node is empty. A node has more than `fill` allows only if it holds one element.
//   I2  An element of large_bytes_min bytes or more is a node of its own, not in a listpack.
//   I3  The compress_depth nodes at either end are not compressed; others are, if that saves anything worth it (I4).
//       Without a depth nodes may be folded, but not the first and the last.
//   I4  A node that would not shrink by kSavedBytesMin, or is smaller than kCompressBytesMin, stays as it is.
//
// Runs anywhere, never parks. Indices count from 0.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "engine/structs/listpack.h"
#include "engine/structs/packed_node.h"

namespace norn {

struct QuicklistLimits {
  // list-max-listpack-size: a count of elements, or -1 .. -5 for 4, 8, 16, 32, 64 KiB.
  int32_t fill = -2;
  // list-compress-depth: nodes at each end that stay uncompressed; 0: all do.
  uint32_t compress_depth = 0;
  // DEBUG QUICKLIST-PACKED-THRESHOLD; 0: what `fill` says a node holds.
  size_t large_bytes_min = 0;

  // Whether a listpack of that size is within `fill`.
  bool Allow(size_t bytes, size_t count) const;
  // Whether an element of that length is a node of its own (I2).
  bool IsLarge(size_t bytes) const;
};

enum class ListEnd : uint8_t { kFront, kBack };

class Quicklist {
 public:
  using Node = PackedNode;

  explicit Quicklist(const QuicklistLimits& limits) : limits_(limits) {}
  const QuicklistLimits& limits() const { return limits_; }
  size_t size() const { return size_; }
  size_t node_count() const { return nodes_.size(); }
  // All of it, itself included.
  size_t UsedBytes() const { return sizeof(*this) + node_bytes_ + row_bytes_; }

  // ---- elements. Values must not lie in this list. ----
  void Push(ListEnd end, const PackedValue& value);
  // Requires size() > 0.
  std::string Pop(ListEnd end);
  // Before the element at `index`; requires index <= size().
  void Insert(size_t index, const PackedValue& value);
  void Replace(size_t index, const PackedValue& value);
  // Requires index + count <= size().
  void Erase(size_t index, size_t count);
  // Erases up to `count_max` elements equal to `value`, from that end; returns how many there were.
  size_t EraseEqual(const PackedValue& value, size_t count_max, ListEnd from);

  // ---- nodes, for codecs ----
  const Node& node(size_t node) const { return nodes_[node]; }
  // A node as it is stored: a listpack, or the bytes of one large element. `bytes` lie in the node or in `scratch`.
  struct NodeBytes {
    std::string_view bytes;
    bool is_large = false;
  };
  NodeBytes ReadNode(size_t node, std::string& scratch) const;
  // Requires a valid listpack with elements; one that is beyond the limits stays so until it is changed.
  void AppendListpack(std::string_view listpack);
  void AppendLarge(std::string_view element);

  // Frees about `effort` nodes of a list that is good for nothing else any more; true when none is left.
  bool FreeSome(size_t effort);

  void CheckInvariants() const;  // for tests; reads everything

  static constexpr size_t kCompressBytesMin = 48;
  static constexpr size_t kSavedBytesMin = 8;
  static constexpr size_t kFoldDepth = 4;
  static constexpr size_t kFoldBytesMin = 512;

 private:
  friend class QuicklistReader;
  // An element: its node, and its index there.
  struct Place {
    size_t node = 0;
    size_t index = 0;
  };

  // What the nodes stand in.
  static size_t RowBytes(size_t nodes);
  Place Locate(size_t index) const;
  bool HasRoom(size_t node, const PackedValue& value) const;
  void PutInto(size_t node, size_t index, const PackedValue& value);
  void InsertNode(size_t node, Node&& made);
  void RemoveNode(size_t node);
  void SplitNode(size_t node, size_t index);
  void EraseInNode(size_t node, size_t index, size_t count);
  size_t EraseEqualInNode(size_t node, const PackedValue& value, size_t count_max, ListEnd from);
  bool MergeWithNext(size_t node);
  bool IsInner(size_t node) const;
  // Around every change of a node: Open makes it writable, Settle compresses it again and accounts for it.
  void Open(size_t node);
  void Settle(size_t node);
  // After the number of nodes changed: I3 where it may have broken, and folding.
  void SettleEnds();
  void CompressEnds();
  void OpenNode(size_t node);
  void FoldNode(size_t node);

  QuicklistLimits limits_;
  std::deque<Node> nodes_;
  size_t size_ = 0;
  size_t node_bytes_ = 0;  // what the nodes own
  size_t row_bytes_ = RowBytes(0);
};

// A walk over the elements. The list must not change meanwhile.
class QuicklistReader {
 public:
  // Begins at that element, done at once when there is none, and walks away from `from`.
  QuicklistReader(const Quicklist& list, size_t index, ListEnd from);

  bool done() const { return node_ >= list_->nodes_.size(); }
  // Valid until Next.
  PackedValue value() const;
  void Next();

 private:
  void Enter(size_t node);

  const Quicklist* list_;
  ListEnd from_;
  size_t node_;
  std::string_view bytes_;
  ListpackView::Position at_ = 0;
  std::string scratch_;
};

}  // namespace norn
