#pragma once
// WATCH: which keys somebody waits on, and how often each has changed since.
//
// A session keeps the Version that Watch gave it and compares at EXEC; nobody is called back, so a session may live on
// another shard. Costs one branch a change while nobody watches anything. Runs under the shard's token.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/keyspace/db_key.h"

namespace norn {

class WatchTable {
 public:
  // Counts one watcher more; returns the key's version. The caller has deleted the key if it had expired (Db::Watch).
  uint64_t Watch(DbIndex db, std::string_view key);
  // Requires a Watch for it.
  void Unwatch(DbIndex db, std::string_view key);
  // Requires a watcher.
  uint64_t Version(DbIndex db, std::string_view key) const;

  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }

  // The key changed, appeared or went.
  void Bump(DbIndex db, std::string_view key) {
    if (!rows_.empty()) BumpRow(db, key);
  }
  // For every watched key of `db`: bump it if `changed(key)`.
  template <typename Changed>
  void BumpIf(DbIndex db, Changed&& changed) {
    for (auto row = FirstOf(db); row != rows_.end() && row->first.db == db; ++row) {
      if (changed(std::string_view(row->first.key))) ++row->second.version;
    }
  }

 private:
  struct Row {
    uint64_t watchers = 0;
    uint64_t version = 0;
  };
  using Rows = std::map<DbKey, Row, DbKeyLess>;

  Rows::iterator FirstOf(DbIndex db) { return rows_.lower_bound(DbKeyView{db, {}}); }
  void BumpRow(DbIndex db, std::string_view key);

  Rows rows_;
};

}  // namespace norn
