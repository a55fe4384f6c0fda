#include "engine/keyspace/key_waits.h"

#include <algorithm>
#include <utility>

namespace norn {

KeyWaits::Place KeyWaits::Add(DbIndex db, std::string_view key, KeyWaiter& waiter) {
  auto row = rows_.find(DbKeyView{db, key});
  if (row == rows_.end()) row = rows_.emplace(DbKey{db, std::string(key)}, Row()).first;
  row->second.on_any_change += waiter.on_any_change ? 1 : 0;
  Place place;
  place.row_ = row;
  place.at_ = row->second.queue.insert(row->second.queue.end(), &waiter);
  return place;
}

void KeyWaits::Remove(const Place& place) {
  Row& row = place.row_->second;
  row.on_any_change -= (*place.at_)->on_any_change ? 1 : 0;
  row.queue.erase(place.at_);
  if (row.queue.empty()) rows_.erase(place.row_);
}

KeyWaits::Queue* KeyWaits::Find(DbIndex db, std::string_view key) {
  const auto row = rows_.find(DbKeyView{db, key});
  return row == rows_.end() ? nullptr : &row->second.queue;
}

void KeyWaits::TouchRow(Rows::iterator row) {
  if (row == rows_.end() || row->second.ready) return;
  row->second.ready = true;
  ready_.push_back(row->first);
}

void KeyWaits::TouchAll(DbIndex db) {
  for (auto row = rows_.lower_bound(DbKeyView{db, {}}); row != rows_.end() && row->first.db == db;
       ++row) {
    TouchRow(row);
  }
}

std::optional<DbKey> KeyWaits::TakeReady() {
  if (ready_.empty()) return std::nullopt;
  DbKey key = std::move(ready_.front());
  ready_.pop_front();
  const auto row = rows_.find(key);
  if (row != rows_.end()) row->second.ready = false;
  return key;
}

size_t KeyWaits::OnAnyChangeCount() const {
  return static_cast<size_t>(
      std::ranges::count_if(rows_, [](const auto& row) { return row.second.on_any_change > 0; }));
}

}  // namespace norn
