#include "engine/structs/score_tree.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "engine/base/check.h"

namespace norn {
namespace {

constexpr size_t kLeafMax = 62;
constexpr size_t kInnerMax = 31;
constexpr size_t kDepthMax = 16;

// Moves a[from..count) by one to the right, or to the left over a[from - 1].
template <typename T>
void OpenGap(T* a, size_t from, size_t count) {
  std::memmove(static_cast<void*>(a + from + 1), a + from, (count - from) * sizeof(T));
}
template <typename T>
void CloseGap(T* a, size_t from, size_t count) {
  std::memmove(static_cast<void*>(a + from), a + from + 1, (count - from - 1) * sizeof(T));
}
template <typename T>
void CopyTo(T* to, const T* from, size_t count) {
  std::memcpy(static_cast<void*>(to), from, count * sizeof(T));
}

}  // namespace

// ---- ScoredMember ----

ScoredMember* ScoredMember::New(double score, std::string_view name) {
  CHECK(name.size() <= UINT32_MAX - kNameOffset);
  // At least the struct itself, whose last bytes are padding.
  auto* member = static_cast<ScoredMember*>(
      std::malloc(std::max(sizeof(ScoredMember), kNameOffset + name.size())));
  CHECK(member != nullptr);
  member->score = score;
  member->size_bytes = static_cast<uint32_t>(name.size());
  if (!name.empty())
    std::memcpy(reinterpret_cast<char*>(member) + kNameOffset, name.data(), name.size());
  return member;
}

void ScoredMember::Free(ScoredMember* member) { std::free(member); }

// ---- nodes ----

struct ScoreTree::Node {
  uint32_t count = 0;
  bool is_leaf = false;
};

struct ScoreTree::Leaf : Node {
  Leaf* previous = nullptr;
  Leaf* next = nullptr;
  double scores[kLeafMax];
  ScoredMember* members[kLeafMax];
};

struct ScoreTree::Order {
  double score;
  const ScoredMember* member;
};

struct ScoreTree::Inner : Node {
  struct Child {
    size_t size;  // members below
    Order first;  // the least of them
    Node* node;
  };
  uint64_t reserved[2];
  Child children[kInnerMax];
};

// inner[i] at level i (0: the root), index[i] the child taken; then the leaf, and the index in it.
struct ScoreTree::Way {
  Inner* inner[kDepthMax];
  size_t index[kDepthMax];
  Leaf* leaf = nullptr;
  size_t at = 0;
};

double ScoreTree::Place::score() const { return leaf_->scores[index_]; }
ScoredMember& ScoreTree::Place::operator*() const { return *leaf_->members[index_]; }

ScoreTree::Leaf* ScoreTree::NewLeaf() {
  static_assert(sizeof(Leaf) <= kNodeBytes);
  Leaf* leaf = new (std::malloc(kNodeBytes)) Leaf;
  leaf->is_leaf = true;
  ++nodes_;
  return leaf;
}

ScoreTree::Inner* ScoreTree::NewInner() {
  static_assert(sizeof(Inner) <= kNodeBytes);
  ++nodes_;
  return new (std::malloc(kNodeBytes)) Inner;
}

void ScoreTree::FreeNode(Node* node) {
  std::free(node);
  --nodes_;
}

ScoreTree::ScoreTree(ScoreTree&& other) noexcept
    : root_(std::exchange(other.root_, nullptr)),
      depth_(std::exchange(other.depth_, 0)),
      size_(std::exchange(other.size_, 0)),
      nodes_(std::exchange(other.nodes_, 0)) {}

ScoreTree& ScoreTree::operator=(ScoreTree&& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(depth_, other.depth_);
  std::swap(size_, other.size_);
  std::swap(nodes_, other.nodes_);
  return *this;
}

ScoreTree::~ScoreTree() {
  while (!FreeSome(SIZE_MAX)) {
  }
}

bool ScoreTree::FreeSome(size_t effort) {
  // Always the last leaf, and each parent that has lost its last child.
  for (; root_ != nullptr && effort > 0; --effort) {
    Inner* parent = nullptr;
    Node* node = root_;
    while (!node->is_leaf && node->count > 0) {
      parent = static_cast<Inner*>(node);
      node = parent->children[node->count - 1].node;
    }
    if (parent != nullptr) {
      --parent->count;
    } else {
      root_ = nullptr;
    }
    FreeNode(node);
  }
  return root_ == nullptr;
}

// ---- order ----

ScoreTree::Order ScoreTree::OrderOf(const ScoredMember& member) { return {member.score, &member}; }

bool ScoreTree::IsBefore(const Order& a, double score, const ScoredMember* member) {
  if (score != a.score) return score < a.score;
  return member != a.member && member->name() < a.member->name();
}

ScoreTree::Order ScoreTree::FirstOf(const Node* node) {
  if (!node->is_leaf) return static_cast<const Inner*>(node)->children[0].first;
  const Leaf* leaf = static_cast<const Leaf*>(node);
  return {leaf->scores[0], leaf->members[0]};
}

size_t ScoreTree::SizeOf(const Node* node) {
  if (node->is_leaf) return node->count;
  const Inner* inner = static_cast<const Inner*>(node);
  size_t size = 0;
  for (size_t i = 0; i < inner->count; ++i) size += inner->children[i].size;
  return size;
}

ScoreTree::Way ScoreTree::Descend(const Order& order) const {
  Way way;
  Node* node = root_;
  for (size_t level = 0; level < depth_; ++level) {
    Inner* inner = static_cast<Inner*>(node);
    // The last child whose first is not behind the order; the first child takes what lies before everything.
    const Inner::Child* children = inner->children;
    const Inner::Child* behind =
        std::partition_point(children + 1, children + inner->count, [&](const Inner::Child& child) {
          return !IsBefore(child.first, order.score, order.member);
        });
    way.inner[level] = inner;
    way.index[level] = static_cast<size_t>(behind - children) - 1;
    node = inner->children[way.index[level]].node;
  }
  way.leaf = static_cast<Leaf*>(node);
  size_t begin = 0;
  for (size_t count = way.leaf->count; count > 0;) {
    const size_t half = count / 2;
    const size_t middle = begin + half;
    if (IsBefore(order, way.leaf->scores[middle], way.leaf->members[middle])) {
      begin = middle + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  way.at = begin;
  return way;
}

// ---- changes ----

void ScoreTree::Insert(ScoredMember* member) {
  if (root_ == nullptr) root_ = NewLeaf();
  Way way = Descend(OrderOf(*member));
  Leaf* leaf = way.leaf;
  CHECK(way.at == leaf->count || leaf->scores[way.at] != member->score ||
        leaf->members[way.at]->name() != member->name());  // I1
  Leaf* right = nullptr;
  Leaf* into = leaf;
  size_t at = way.at;
  if (leaf->count == kLeafMax) {
    right = NewLeaf();
    // What comes in ascending order leaves full nodes behind.
    const bool at_end = leaf->next == nullptr && at == leaf->count;
    const size_t kept = at_end ? leaf->count : leaf->count / 2;
    right->count = static_cast<uint32_t>(leaf->count - kept);
    CopyTo(right->scores, leaf->scores + kept, right->count);
    CopyTo(right->members, leaf->members + kept, right->count);
    leaf->count = static_cast<uint32_t>(kept);
    right->previous = leaf;
    right->next = leaf->next;
    if (right->next != nullptr) right->next->previous = right;
    leaf->next = right;
    if (at > kept || at_end) {
      into = right;
      at -= kept;
    }
  }
  OpenGap(into->scores, at, into->count);
  OpenGap(into->members, at, into->count);
  into->scores[at] = member->score;
  into->members[at] = member;
  ++into->count;
  ++size_;
  Refresh(way);
  if (right != nullptr) Grow(way, depth_, leaf, right);
}

void ScoreTree::Refresh(const Way& way) {
  const Node* below = way.leaf;
  for (size_t level = depth_; level-- > 0;) {
    Inner::Child& child = way.inner[level]->children[way.index[level]];
    child.size = SizeOf(below);
    if (below->count > 0) child.first = FirstOf(below);
    below = way.inner[level];
  }
}

void ScoreTree::Grow(Way& way, size_t level, Node* node, Node* right) {
  const Inner::Child added{SizeOf(right), FirstOf(right), right};
  if (level == 0) {
    Inner* root = NewInner();
    root->children[0] = {SizeOf(node), FirstOf(node), node};
    root->children[1] = added;
    root->count = 2;
    root_ = root;
    CHECK(++depth_ <= kDepthMax);
    return;
  }
  Inner* parent = way.inner[level - 1];
  size_t at = way.index[level - 1] + 1;
  Inner* sibling = nullptr;
  Inner* into = parent;
  if (parent->count == kInnerMax) {
    sibling = NewInner();
    const size_t kept = at == parent->count ? parent->count - 1 : parent->count / 2;
    sibling->count = static_cast<uint32_t>(parent->count - kept);
    CopyTo(sibling->children, parent->children + kept, sibling->count);
    parent->count = static_cast<uint32_t>(kept);
    if (at > kept) {
      into = sibling;
      at -= kept;
    }
  }
  OpenGap(into->children, at, into->count);
  into->children[at] = added;
  ++into->count;
  // The sizes above did not change, unless this node gave some of its children away.
  for (size_t above = level - 1; above-- > 0;) {
    Inner::Child& child = way.inner[above]->children[way.index[above]];
    child.size = SizeOf(way.inner[above + 1]);
  }
  if (sibling != nullptr) Grow(way, level - 1, parent, sibling);
}

void ScoreTree::Erase(const ScoredMember& member) {
  CHECK(root_ != nullptr);
  Way way = Descend(OrderOf(member));
  Leaf* leaf = way.leaf;
  CHECK(way.at < leaf->count);
  CHECK(leaf->members[way.at] == &member);
  CloseGap(leaf->scores, way.at, leaf->count);
  CloseGap(leaf->members, way.at, leaf->count);
  --leaf->count;
  --size_;
  Refresh(way);
  Shrink(way);
}

// Merges the node on the way at each level with a neighbour where that is due, from the leaf upwards.
void ScoreTree::Shrink(Way& way) {
  for (size_t level = depth_; level-- > 0;) {
    Inner* parent = way.inner[level];
    const size_t index = way.index[level];
    const bool merged = (index > 0 && MergeChildren(parent, index - 1)) ||
                        (index + 1 < parent->count && MergeChildren(parent, index));
    const Node* below =
        level + 1 < depth_ ? static_cast<const Node*>(way.inner[level + 1]) : way.leaf;
    CHECK(merged || below->count > 0 || parent->count == 1);
    if (!merged) break;  // what is above did not lose a child
  }
  while (depth_ > 0 && root_->count == 1) {
    Node* child = static_cast<Inner*>(root_)->children[0].node;
    FreeNode(root_);
    root_ = child;
    --depth_;
  }
  if (size_ == 0) {
    FreeNode(root_);
    root_ = nullptr;
    CHECK(nodes_ == 0);
  }
}

bool ScoreTree::MergeChildren(Inner* parent, size_t left) {
  Inner::Child& kept = parent->children[left];
  Inner::Child& gone = parent->children[left + 1];
  const size_t count = kept.node->count + gone.node->count;
  const size_t count_max = kept.node->is_leaf ? kLeafMax : kInnerMax;
  const bool one_is_empty = kept.node->count == 0 || gone.node->count == 0;
  if (count > count_max * 3 / 4 && !one_is_empty) return false;
  if (kept.node->is_leaf) {
    Leaf* to = static_cast<Leaf*>(kept.node);
    Leaf* from = static_cast<Leaf*>(gone.node);
    CopyTo(to->scores + to->count, from->scores, from->count);
    CopyTo(to->members + to->count, from->members, from->count);
    to->next = from->next;
    if (to->next != nullptr) to->next->previous = to;
  } else {
    Inner* to = static_cast<Inner*>(kept.node);
    Inner* from = static_cast<Inner*>(gone.node);
    CopyTo(to->children + to->count, from->children, from->count);
  }
  kept.node->count = static_cast<uint32_t>(count);
  kept.size += gone.size;
  if (count > 0) kept.first = FirstOf(kept.node);
  FreeNode(gone.node);
  CloseGap(parent->children, left + 1, parent->count);
  --parent->count;
  return true;
}

void ScoreTree::SetScore(ScoredMember& member, double score) {
  CHECK(root_ != nullptr);
  const Way way = Descend(OrderOf(member));
  Leaf* leaf = way.leaf;
  CHECK(way.at < leaf->count);
  CHECK(leaf->members[way.at] == &member);
  const Order order{score, &member};
  const bool first = way.at == 0;
  const bool last = way.at + 1 == leaf->count;
  const bool behind_left =
      first ? leaf->previous == nullptr
            : IsBefore(order, leaf->scores[way.at - 1], leaf->members[way.at - 1]);
  const bool before_right =
      last ? leaf->next == nullptr
           : !IsBefore(order, leaf->scores[way.at + 1], leaf->members[way.at + 1]);
  if (behind_left && before_right) {
    leaf->scores[way.at] = score;
    member.score = score;
    if (first) Refresh(way);
    return;
  }
  Erase(member);
  member.score = score;
  Insert(&member);
}

// ---- reading ----

size_t ScoreTree::CountWhile(
    absl::FunctionRef<bool(double score, const ScoredMember& member)> before) const {
  if (root_ == nullptr) return 0;
  size_t counted = 0;
  const Node* node = root_;
  while (!node->is_leaf) {
    const Inner* inner = static_cast<const Inner*>(node);
    const Inner::Child* end = inner->children + inner->count;
    const Inner::Child* behind = std::partition_point(
        inner->children + 1, end,
        [&](const Inner::Child& child) { return before(child.first.score, *child.first.member); });
    for (const Inner::Child* child = inner->children; child + 1 < behind; ++child)
      counted += child->size;
    node = (behind - 1)->node;
  }
  const Leaf* leaf = static_cast<const Leaf*>(node);
  size_t begin = 0;
  for (size_t count = leaf->count; count > 0;) {
    const size_t half = count / 2;
    if (before(leaf->scores[begin + half], *leaf->members[begin + half])) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return counted + begin;
}

size_t ScoreTree::RankOf(const ScoredMember& member) const {
  const Order order = OrderOf(member);
  return CountWhile(
      [&](double score, const ScoredMember& other) { return IsBefore(order, score, &other); });
}

ScoreTree::Place ScoreTree::AtRank(size_t rank) const {
  if (rank >= size_) return {};
  Node* node = root_;
  while (!node->is_leaf) {
    const Inner::Child* child = static_cast<Inner*>(node)->children;
    for (; rank >= child->size; ++child) rank -= child->size;
    node = child->node;
  }
  return {static_cast<Leaf*>(node), rank};
}

ScoreTree::Place ScoreTree::Next(Place at) const {
  if (at.index_ + 1 < at.leaf_->count) return {at.leaf_, at.index_ + 1};
  return {at.leaf_->next, 0};
}

ScoreTree::Place ScoreTree::Previous(Place at) const {
  if (at.index_ > 0) return {at.leaf_, at.index_ - 1};
  Leaf* previous = at.leaf_->previous;
  return {previous, previous == nullptr ? 0 : previous->count - 1};
}

// ---- invariants ----

void ScoreTree::CheckInvariants() const {
  if (root_ == nullptr) {
    CHECK(size_ == 0);
    return;
  }
  const ScoredMember* last = nullptr;
  CheckNode(root_, 0, &last);
  CHECK(SizeOf(root_) == size_);
  size_t walked = 0;
  for (Place at = AtRank(0); at; at = Next(at)) ++walked;
  CHECK(walked == size_);
}

void ScoreTree::CheckNode(const Node* node, size_t depth, const ScoredMember** last) const {
  CHECK(node->count > 0);                     // I3
  CHECK(node->is_leaf == (depth == depth_));  // I3
  if (node->is_leaf) {
    const Leaf* leaf = static_cast<const Leaf*>(node);
    for (size_t i = 0; i < leaf->count; ++i) {
      const ScoredMember* member = leaf->members[i];
      CHECK(leaf->scores[i] == member->score);
      if (*last != nullptr) CHECK(IsBefore(OrderOf(*member), (*last)->score, *last));  // I1
      *last = member;
    }
    return;
  }
  const Inner* inner = static_cast<const Inner*>(node);
  for (size_t i = 0; i < inner->count; ++i) {
    const Inner::Child& child = inner->children[i];
    CHECK(child.size == SizeOf(child.node));                  // I2
    CHECK(child.first.member == FirstOf(child.node).member);  // I2
    CHECK(child.first.score == FirstOf(child.node).score);    // I2
    CheckNode(child.node, depth + 1, last);
  }
}

}  // namespace norn
