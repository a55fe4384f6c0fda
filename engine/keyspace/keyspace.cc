#include "engine/keyspace/keyspace.h"

#include <utility>

#include "engine/base/check.h"

namespace norn {

Keyspace::Keyspace(const KeyspaceOptions& options)
    : key_map_{options.hash_seed, options.shard_count, options.slots},
      slot_share_(options.slots ? std::optional(SlotShare{options.shard_index, options.shard_count})
                                : std::nullopt),
      prng_(options.prng_seed),
      dbs_(options.databases) {}

Keyspace::~Keyspace() = default;

Db& Keyspace::MakeDb(DbIndex index) {
  dbs_[index.value] = std::make_unique<Db>(*this, index);
  return *dbs_[index.value];
}

Db* Keyspace::FindDb(DbIndex index) {
  CHECK(index.value < dbs_.size());
  return dbs_[index.value].get();
}

const Db* Keyspace::FindDb(DbIndex index) const {
  CHECK(index.value < dbs_.size());
  return dbs_[index.value].get();
}

void Keyspace::SwapDb(DbIndex a, DbIndex b, const Moment& moment) {
  if (a == b) return;
  const auto exists = [&](DbIndex index, std::string_view key) {
    return static_cast<bool>(db(index).Lookup(MakeKey(key), moment));
  };
  // Expired watched keys go first, in both: an expired key for an absent one is no change.
  const auto changed = [&](std::string_view key) {
    const bool in_a = exists(a, key);
    const bool in_b = exists(b, key);
    return in_a || in_b;
  };
  watch_.BumpIf(a, changed);
  watch_.BumpIf(b, changed);
  waits_.TouchAll(a);
  waits_.TouchAll(b);
  std::swap(db(a).index_, db(b).index_);
  std::swap(dbs_[a.value], dbs_[b.value]);
  ++stats_.changes;
}

size_t Keyspace::Flush(Db::Free when) {
  const size_t keys = KeyCount();
  for (auto& db : dbs_) {
    if (db != nullptr) db->Clear(when);
  }
  return keys;
}

void Keyspace::Adopt(Keyspace& staged) {
  CHECK(staged.hash_seed() == hash_seed() && staged.dbs_.size() == dbs_.size());
  CHECK(staged.slot_share_ == slot_share_);
  CHECK(!staged.snapshot_running());
  const uint64_t changes = stats_.changes;
  Flush(Db::Free::kLater);
  stats_.changes = changes;
  eviction_pool_.Clear();
  for (uint32_t i = 0; i < dbs_.size(); ++i) {
    watch_.BumpIf(DbIndex{i}, [](std::string_view) { return true; });
    waits_.TouchAll(DbIndex{i});
    if (staged.dbs_[i] == nullptr) continue;
    dbs_[i] = std::move(staged.dbs_[i]);
    dbs_[i]->keyspace_ = this;
  }
}

uint64_t Keyspace::UsedBytes() const {
  uint64_t bytes = reclaimer_.UsedBytes();
  for (const auto& db : dbs_) bytes += db == nullptr ? 0 : db->UsedBytes();
  return bytes;
}

size_t Keyspace::KeyCount() const {
  size_t count = 0;
  for (const auto& db : dbs_) count += db == nullptr ? 0 : db->Size();
  return count;
}

bool Keyspace::ReclaimSome(size_t effort) {
  for (auto& db : dbs_) {
    if (db != nullptr && !db->ReclaimSome(effort)) return false;
  }
  return reclaimer_.ReclaimSome(effort);
}

void Keyspace::BeginSnapshot(SnapshotVisit visit) {
  CHECK(snapshot_visit_ == nullptr);
  snapshot_visit_ = std::make_unique<SnapshotVisit>(std::move(visit));
  for (auto& db : dbs_) {
    if (db == nullptr) continue;
    db->contents_.tables.BeginSnapshot([shared = snapshot_visit_.get(), index = db->index()](
                                           const Entry& entry) { (*shared)(index, entry); });
  }
}

bool Keyspace::SaveSome(size_t lines) {
  CHECK(snapshot_visit_ != nullptr);
  if (!reclaimer_.SaveSome(lines)) return false;
  for (auto& db : dbs_) {
    if (db == nullptr || !db->contents_.tables.snapshot_running()) continue;
    if (!db->contents_.tables.SaveSome(lines)) return false;
    db->contents_.tables.EndSnapshot();  // a complete part needs no more branches
  }
  return true;
}

void Keyspace::EndSnapshot() {
  reclaimer_.EndSnapshot();
  for (auto& db : dbs_) {
    if (db != nullptr) db->contents_.tables.EndSnapshot();
  }
  snapshot_visit_.reset();
}

size_t Keyspace::CountShown(DbIndex index) const {
  const Db* db = FindDb(index);
  if (db == nullptr) return 0;
  return db->Size() - HiddenSum([db](SlotId slot) { return db->CountInSlot(slot); });
}

size_t Keyspace::CountShownDeadlines(DbIndex index) const {
  const Db* db = FindDb(index);
  if (db == nullptr) return 0;
  return db->DeadlineCount() - HiddenSum([db](SlotId slot) { return db->DeadlinesInSlot(slot); });
}

size_t Keyspace::HiddenSum(absl::FunctionRef<size_t(SlotId)> count) const {
  if (!hides_some() || !slot_share_) return 0;
  size_t sum = 0;
  for (size_t place = 0; place < slot_share_->Places(); ++place) {
    const SlotId slot = slot_share_->SlotAt(place);
    if (hidden_slots_[slot.value]) sum += count(slot);
  }
  return sum;
}

}  // namespace norn
