#include "engine/keyspace/reclaimer.h"

#include <utility>

namespace norn {

void Reclaimer::Discard(DbContents contents) {
  const size_t keys = contents.tables.size();
  databases_.push_back({std::move(contents), keys});
}

void Reclaimer::Discard(std::unique_ptr<Object> object) { objects_.push_back(std::move(object)); }

bool Reclaimer::ReclaimSome(size_t effort) {
  if (!objects_.empty()) {
    if (!objects_.front()->FreeSome(effort)) return false;
    objects_.pop_front();
    ++reclaimed_;
    return objects_.empty() && databases_.empty();
  }
  if (databases_.empty() || databases_.front().contents.tables.snapshot_running()) return true;
  if (!databases_.front().contents.FreeSome(effort)) return false;
  reclaimed_ += databases_.front().keys;
  databases_.pop_front();
  return databases_.empty();
}

bool Reclaimer::SaveSome(size_t lines) {
  for (Pending& pending : databases_) {
    EntryTables& tables = pending.contents.tables;
    if (!tables.snapshot_running()) continue;
    if (!tables.SaveSome(lines)) return false;
    tables.EndSnapshot();
  }
  return true;
}

void Reclaimer::EndSnapshot() {
  for (Pending& pending : databases_) pending.contents.tables.EndSnapshot();
}

uint64_t Reclaimer::UsedBytes() const {
  uint64_t bytes = 0;
  for (const Pending& pending : databases_) bytes += pending.contents.UsedBytes();
  for (const auto& object : objects_) bytes += object->UsedBytes();
  return bytes;
}

size_t Reclaimer::PendingCount() const {
  size_t count = objects_.size();
  for (const Pending& pending : databases_) count += pending.keys;
  return count;
}

}  // namespace norn
