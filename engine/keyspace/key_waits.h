#pragma once
// Who waits for a key to be filled, and which of those keys changed since somebody looked.
//
//   rows_:   (db 0, "jobs") -> [client 7, client 9]     first come, first served
//            (db 0, "mail") -> [client 7]
//   ready_:  "mail", then "jobs"                        in the order in which they changed
//
// The keyspace says of every change which key it was (Touch) and knows nothing else of waiting: who runs commands takes what is
// ready, and decides whether a waiter got what it waits for. Costs one branch a change while nobody waits. Runs under the
// shard's token; rows belong to the number of a database, so SWAPDB leaves waiters where they are.

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>

#include "engine/keyspace/db_key.h"
#include "engine/keyspace/entry.h"

namespace norn {

// What waits; whoever adds it knows what it is.
struct KeyWaiter {
  ValueType type = ValueType::kList;  // of a value that ends the wait
  bool on_any_change = false;         // so does whatever else happens to the key
};

class KeyWaits {
 public:
  using Queue = std::list<KeyWaiter*>;

 private:
  struct Row {
    Queue queue;
    size_t on_any_change = 0;
    bool ready = false;
  };
  using Rows = std::map<DbKey, Row, DbKeyLess>;

 public:
  // Where a waiter stands, until Remove.
  class Place {
   private:
    friend KeyWaits;
    Rows::iterator row_;
    Queue::iterator at_;
  };

  // At the end of the key's queue. `waiter` stays where it is until Remove.
  Place Add(DbIndex db, std::string_view key, KeyWaiter& waiter);
  void Remove(const Place& place);

  // Those who wait for the key, the first first; null: nobody. Void after the last was removed.
  Queue* Find(DbIndex db, std::string_view key);

  // The key changed, appeared or went.
  void Touch(DbIndex db, std::string_view key) {
    if (!rows_.empty()) TouchRow(rows_.find(DbKeyView{db, key}));
  }
  // As if every key of the database had.
  void TouchAll(DbIndex db);

  bool has_ready() const { return !ready_.empty(); }
  // The key touched first since it was last taken; nobody may wait for it any more.
  std::optional<DbKey> TakeReady();

  // Keys waited for; those whose deletion ends a wait.
  size_t KeyCount() const { return rows_.size(); }
  size_t OnAnyChangeCount() const;

 private:
  void TouchRow(Rows::iterator row);

  Rows rows_;
  std::deque<DbKey> ready_;
};

}  // namespace norn
