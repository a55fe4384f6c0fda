#pragma once
// SortedMembers: a big sorted set: a hash table that finds a member by name, and a tree that has them in order of score. Both
// point to the same ScoredMember, so a member costs its bytes once, 12 in the table and 16 over the fill in the tree.
//
// Runs anywhere, never parks. Scores are never NaN.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/prng.h"
#include "engine/structs/by_name.h"
#include "engine/structs/hash_table.h"
#include "engine/structs/score_tree.h"

namespace norn {

class SortedMembers {
 public:
  explicit SortedMembers(uint64_t hash_seed) : table_(ByName<ScoredMember>{hash_seed}) {}
  SortedMembers(const SortedMembers& other);
  SortedMembers(SortedMembers&&) = delete;
  SortedMembers& operator=(SortedMembers&&) = delete;
  ~SortedMembers();

  size_t size() const { return table_.size(); }
  size_t UsedBytes() const {
    return sizeof(*this) + table_.UsedBytes() + tree_.UsedBytes() + member_bytes_;
  }
  const ScoreTree& tree() const { return tree_; }

  // The member, until the next change; null when there is none.
  const ScoredMember* Find(std::string_view name) const;
  // Two steps of what Find will read, as HashTable's.
  uint64_t HashOf(std::string_view name) const { return table_.traits().HashOf(name); }
  void PrefetchLine(uint64_t hash) const { table_.PrefetchLine(hash); }
  void PrefetchItem(uint64_t hash) const { table_.PrefetchItem(hash); }
  // True when there was no such member. Requires that score is a number.
  bool Set(std::string_view name, double score);
  // False when there is no such member.
  bool Erase(std::string_view name);
  void EraseRanks(size_t first, size_t count);  // Requires first + count <= size()
  // Each equally likely; null when there is none.
  const ScoredMember* Random(Prng& prng) const;
  // As HashTable::Scan.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, size_t count, Visit&& visit) const {
    return table_.Scan(cursor, count, [&](const ScoredMember& member) { visit(member); });
  }

  // Frees about `effort` allocations of what is good for nothing else any more; true when none is left.
  bool FreeSome(size_t effort);

  void CheckInvariants() const;  // for tests

 private:
  using Table = HashTable<ByName<ScoredMember>>;

  void EraseFound(Table::Found found);

  Table table_;
  ScoreTree tree_;
  size_t member_bytes_ = 0;
};

}  // namespace norn
