#include "engine/structs/sorted_members.h"

#include <algorithm>
#include <cmath>

#include "engine/base/check.h"

namespace norn {

SortedMembers::SortedMembers(const SortedMembers& other) : table_(other.table_.traits()) {
  // In order: the copy's tree has no gaps.
  for (auto at = other.tree_.AtRank(0); at; at = other.tree_.Next(at)) Set(at->name(), at->score);
}

SortedMembers::~SortedMembers() {
  while (!FreeSome(SIZE_MAX)) {
  }
}

const ScoredMember* SortedMembers::Find(std::string_view name) const {
  return table_.Find(name, table_.traits().HashOf(name)).item;
}

bool SortedMembers::Set(std::string_view name, double score) {
  CHECK(!std::isnan(score));
  const uint64_t hash = table_.traits().HashOf(name);
  const Table::Found found = table_.Find(name, hash);
  if (found) {
    tree_.SetScore(*found.item, score);
    return false;
  }
  ScoredMember* member = ScoredMember::New(score, name);
  member_bytes_ += member->AllocatedBytes();
  table_.Insert(member, hash, false);
  tree_.Insert(member);
  return true;
}

void SortedMembers::EraseFound(Table::Found found) {
  ScoredMember* member = found.item;
  tree_.Erase(*member);
  table_.Erase(found.at);
  member_bytes_ -= member->AllocatedBytes();
  ScoredMember::Free(member);
}

bool SortedMembers::Erase(std::string_view name) {
  const Table::Found found = table_.Find(name, table_.traits().HashOf(name));
  if (!found) return false;
  EraseFound(found);
  return true;
}

void SortedMembers::EraseRanks(size_t first, size_t count) {
  CHECK(count <= size());
  CHECK(first <= size() - count);
  for (; count > 0; --count) {
    const ScoredMember& member = *tree_.AtRank(first);
    EraseFound(table_.Find(member.name(), table_.traits().Hash(member)));
  }
}

const ScoredMember* SortedMembers::Random(Prng& prng) const { return table_.Random(prng).item; }

bool SortedMembers::FreeSome(size_t effort) {
  if (!tree_.FreeSome(effort)) return false;
  // A segment has some 300 members at most.
  return table_.ClearSome(std::max<size_t>(effort / 256, 1),
                          [](ScoredMember& member) { ScoredMember::Free(&member); });
}

void SortedMembers::CheckInvariants() const {
  table_.CheckInvariants();
  tree_.CheckInvariants();
  CHECK(tree_.size() == table_.size());
  size_t bytes = 0;
  for (auto at = tree_.AtRank(0); at; at = tree_.Next(at)) {
    CHECK(Find(at->name()) == &*at);
    bytes += at->AllocatedBytes();
  }
  CHECK(bytes == member_bytes_);
}

}  // namespace norn
