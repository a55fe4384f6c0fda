#include "engine/commands/typed_key.h"

namespace norn {

bool StoreResult(CommandContext& c, const Key& key, LoosePlace& result, ValueType type) {
  Db& db = c.DbFor(key);
  if (!result.exists()) return db.Erase(key, c.moment);
  db.Put(key, result.Take(type), kNoDeadline, c.moment);
  return true;
}

}  // namespace norn
