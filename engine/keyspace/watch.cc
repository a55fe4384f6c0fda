#include "engine/keyspace/watch.h"

#include "engine/base/check.h"

namespace norn {

uint64_t WatchTable::Watch(DbIndex db, std::string_view key) {
  auto row = rows_.find(DbKeyView{db, key});
  if (row == rows_.end()) row = rows_.emplace(DbKey{db, std::string(key)}, Row()).first;
  ++row->second.watchers;
  return row->second.version;
}

void WatchTable::Unwatch(DbIndex db, std::string_view key) {
  auto row = rows_.find(DbKeyView{db, key});
  CHECK(row != rows_.end());
  if (--row->second.watchers == 0) rows_.erase(row);
}

uint64_t WatchTable::Version(DbIndex db, std::string_view key) const {
  auto row = rows_.find(DbKeyView{db, key});
  CHECK(row != rows_.end());
  return row->second.version;
}

void WatchTable::BumpRow(DbIndex db, std::string_view key) {
  auto row = rows_.find(DbKeyView{db, key});
  if (row != rows_.end()) ++row->second.version;
}

}  // namespace norn
