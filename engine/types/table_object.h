#pragma once
// A big hash or set, as the keyspace owns it.

#include <cstddef>
#include <memory>

#include "engine/keyspace/object.h"
#include "engine/structs/field_table.h"

namespace norn {

class TableObject final : public Object {
 public:
  explicit TableObject(uint64_t hash_seed) : table(hash_seed) {}
  explicit TableObject(const FieldTable& other) : table(other) {}

  size_t UsedBytes() const override { return sizeof(Object) + table.UsedBytes(); }
  std::unique_ptr<Object> Copy() const override { return std::make_unique<TableObject>(table); }
  size_t FreeEffort() const override { return table.size(); }
  bool FreeSome(size_t effort) override { return table.FreeSome(effort); }
  bool HasDeadlines() const override { return table.DeadlineCount() > 0; }

  static TableObject& Of(Object& object) { return static_cast<TableObject&>(object); }
  static const TableObject& Of(const Object& object) {
    return static_cast<const TableObject&>(object);
  }

  FieldTable table;
};

}  // namespace norn
