#include "engine/commands/typed_key.h"

namespace norn {

void StoreResult(CommandContext& c, const Key& key, LoosePlace& result, ValueType type,
                 uint32_t kind, std::string_view event) {
  Db& db = c.DbFor(key);
  if (result.exists()) {
    db.Put(key, result.Take(type), kNoDeadline, c.moment);
    c.Notify(kind, event, key.bytes);
  } else if (db.Erase(key, c.moment)) {
    c.Notify(config::kNotifyGeneric, "del", key.bytes);
  }
}

}  // namespace norn
