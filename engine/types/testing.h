#pragma once
// One key of one database, for tests of the types.

#include <cstdint>

#include "engine/config/table.h"
#include "engine/keyspace/keyspace.h"
#include "engine/types/type_rules.h"
#include "engine/types/value_place.h"

namespace norn {

class TypeRoom {
 public:
  explicit TypeRoom(ValueType type) : type_(type) {}

  EntryRef found() { return db_.FindAny(key_); }
  KeyPlace Place() { return KeyPlace(db_, key_, found(), type_, moment_); }
  TypeRules rules() const { return {options_, 7}; }
  config::Options& options() { return options_; }
  Db& db() { return db_; }
  const Key& key() const { return key_; }
  uint64_t changes() const { return keyspace_.stats().changes; }

 private:
  ValueType type_;
  config::Options options_ = config::Defaults();
  Keyspace keyspace_{KeyspaceOptions{}};
  Db& db_ = keyspace_.db(DbIndex{0});
  Key key_ = keyspace_.MakeKey("key");
  Moment moment_;
};

}  // namespace norn
