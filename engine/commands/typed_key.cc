#include "engine/commands/typed_key.h"

#include <utility>

namespace norn {

void StoreResult(CommandContext& c, const Key& key, LoosePlace& result, ValueType type,
                 uint32_t kind, std::string_view event) {
  Db& db = c.DbFor(key);
  if (result.exists()) {
    DetachedValue value = result.Take(type);
    value.set_access(
        InitialAccess(c.moment.now_ms, c.keys.ShardFor(key).access_policy()));  // used just now
    db.Put(key, std::move(value), kNoDeadline, c.moment);
    c.Notify(kind, event, key.bytes);
  } else if (db.Erase(key, c.moment)) {
    c.Notify(config::kNotifyGeneric, "del", key.bytes);
  }
}

}  // namespace norn
