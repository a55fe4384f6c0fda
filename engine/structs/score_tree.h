#pragma once
// ScoreTree: members of a sorted set in order of score, those of one score in order of their bytes, found by order, by
// score or by rank in log n steps. The order half of a big sorted set; the members belong to its other half.
//
// A B+ tree (Comer 1979) whose inner nodes count what is below each child (an order-statistic tree). Nodes are 1 KiB:
//
//     leaf    | header | 62 scores | 62 members |          inner   | header | 31 x {count, score, member, child} |
//
// Scores stand beside the pointers, so a search touches a member only where scores are equal. A skip list (Pugh 1990, what
// Redis and Valkey use) has a node, hence a cache miss, a step, and 32 bytes and more a member; here it is 8 steps within a
// line or two a level, and 16 bytes over the fill (0.7 for random order, 1.0 for ascending).
//
//   I1  Over all leaves from left to right, (score, bytes) ascend strictly.
//   I2  An inner node's entry holds its child's number of members, and the score and member that are the child's first.
//   I3  All leaves are equally deep; no node is empty, but for a root that is a leaf.
//   I4  Nodes shrink by merging with a neighbour of the same parent as soon as both fit into three quarters of one.
//
// Runs anywhere, never parks. Ranks count from 0.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/base/allocation.h"

namespace norn {

// A member of a sorted set with its score. Allocated with its bytes behind it, by New.
struct ScoredMember {
  double score;
  uint32_t size_bytes;

  std::string_view name() const {
    return {reinterpret_cast<const char*>(this) + kNameOffset, size_bytes};
  }

  static ScoredMember* New(double score, std::string_view name);
  static void Free(ScoredMember* member);
  size_t AllocatedBytes() const { return AllocationBytes(kNameOffset + size_bytes); }

  static constexpr size_t kNameOffset = sizeof(double) + sizeof(uint32_t);
};

class ScoreTree {
 public:
  struct Leaf;

  // Where a member stands; dies with the next change. False: nowhere, behind the last or before the first.
  class Place {
   public:
    Place() = default;
    explicit operator bool() const { return leaf_ != nullptr; }
    ScoredMember& operator*() const;
    ScoredMember* operator->() const { return &**this; }
    double score() const;  // the member's, without a look at it

   private:
    friend class ScoreTree;
    Place(Leaf* leaf, size_t index) : leaf_(leaf), index_(index) {}
    Leaf* leaf_ = nullptr;
    size_t index_ = 0;
  };

  ScoreTree() = default;
  ScoreTree(ScoreTree&& other) noexcept;
  ScoreTree& operator=(ScoreTree&& other) noexcept;
  ~ScoreTree();

  size_t size() const { return size_; }
  size_t UsedBytes() const { return nodes_ * kNodeBytes; }  // without the members

  // Requires that none with this score and name is there. Ascending order is cheapest and leaves no gaps.
  void Insert(ScoredMember* member);
  // Requires that it is there. The member itself stays.
  void Erase(const ScoredMember& member);
  // Gives a member that is there another score: in place where the order stays.
  void SetScore(ScoredMember& member, double score);

  // How many members there are before the first for which `before` is false. Requires that it is false for all behind that.
  size_t CountWhile(absl::FunctionRef<bool(double score, const ScoredMember& member)> before) const;
  size_t RankOf(const ScoredMember& member) const;
  Place AtRank(size_t rank) const;  // nowhere when rank >= size()
  Place Next(Place at) const;
  Place Previous(Place at) const;

  // Frees up to `effort` nodes of a tree that is good for nothing else any more; true when none is left.
  bool FreeSome(size_t effort);

  void CheckInvariants() const;  // for tests; reads everything

  static constexpr size_t kNodeBytes = 1024;

 private:
  struct Node;
  struct Inner;
  struct Order;  // score and member, as one key
  struct Way;    // from the root to a leaf

  static Order OrderOf(const ScoredMember& member);
  // Whether (score, member) lies before `a`.
  static bool IsBefore(const Order& a, double score, const ScoredMember* member);
  static Order FirstOf(const Node* node);
  static size_t SizeOf(const Node* node);

  Leaf* NewLeaf();
  Inner* NewInner();
  void FreeNode(Node* node);
  void FreeAll();

  // To the leaf that holds the member of `order`, or would.
  Way Descend(const Order& order) const;
  // A node right of `node` took half of what it held; the parents learn of it.
  void Grow(Way& way, size_t level, Node* node, Node* right);
  // Writes what the parents say about the nodes on the way anew.
  void Refresh(const Way& way);
  void Shrink(Way& way);
  bool MergeChildren(Inner* parent, size_t left);
  void CheckNode(const Node* node, size_t depth, const ScoredMember** last) const;

  Node* root_ = nullptr;
  size_t depth_ = 0;  // inner levels
  size_t size_ = 0;
  size_t nodes_ = 0;
};

}  // namespace norn
