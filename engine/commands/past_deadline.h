#pragma once
// A command that gives a key a deadline that is over deletes the key at once: EXPIRE, GETEX, SET. To whoever watches, the key has
// expired as any other: it counts in expired_keys, and its event is "expired". Others are told with an UNLINK, or a DEL, since their
// clock may say something else.

#include "engine/commands/command.h"
#include "engine/config/options.h"
#include "engine/keyspace/deletion_word.h"

namespace norn {

// Requires the token of the key's shard.
inline void CountExpired(CommandContext& c, const Key& key) {
  ++c.keys.shard(c.keys.map().ShardOf(key)).stats().expired_keys;
}

inline void RepeatExpiry(CommandContext& c, std::string_view key) {
  c.effect.Instead({DeletionWord(c.options.lazyfree_lazy_expire), key});
}

// Requires: `found` is the live entry of `key` in `db`.
inline void ExpireNow(CommandContext& c, Db& db, const Key& key, EntryRef found) {
  db.Erase(key, found);
  CountExpired(c, key);
  c.Notify(config::kNotifyExpired, "expired", key.bytes);
  RepeatExpiry(c, key.bytes);
}

}  // namespace norn
