// The commands about whole databases, which hold every shard: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB, RANDOMKEY; and MEMORY USAGE.

#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"

namespace norn::handlers {
namespace {

constexpr int kRandomDraws = 100;

// Whether to free now or later; nullopt: the error is replied.
std::optional<Db::Free> ReadFree(CommandContext& c) {
  if (c.count() == 1) return c.options.lazyfree_lazy_user_flush ? Db::Free::kLater : Db::Free::kNow;
  if (c.count() == 2 && WordIs(c.word(1), "sync")) return Db::Free::kNow;
  if (c.count() == 2 && WordIs(c.word(1), "async")) return Db::Free::kLater;
  c.reply.Error(kSyntaxError);
  return std::nullopt;
}

size_t KeysIn(CommandContext& c, uint32_t shard) {
  return c.keys.shard(shard).CountShown(c.session.db);
}

// A shard of this database, the more keys it has the likelier.
uint32_t RandomShard(CommandContext& c, size_t keys) {
  uint64_t at = c.keys.shard(0).prng().Below(keys);
  uint32_t shard = 0;
  while (shard + 1 < c.keys.shard_count() && at >= KeysIn(c, shard)) at -= KeysIn(c, shard++);
  return shard;
}

}  // namespace

void DbSize(CommandContext& c) {
  size_t keys = 0;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) keys += KeysIn(c, shard);
  c.reply.Integer(static_cast<int64_t>(keys));
}

void FlushDb(CommandContext& c) {
  const std::optional<Db::Free> when = ReadFree(c);
  if (!when) return;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) {
    c.keys.shard(shard).db(c.session.db).Clear(*when);
  }
  c.effect.Always();  // a replica that has what we have not must lose it too
  c.reply.Ok();
}

void FlushAll(CommandContext& c) {
  const std::optional<Db::Free> when = ReadFree(c);
  if (!when) return;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) {
    c.keys.shard(shard).Flush(*when);
  }
  c.node.NoteFlushed();
  c.effect.Always();
  c.reply.Ok();
}

void SwapDb(CommandContext& c) {
  if (c.options.cluster_enabled) return c.reply.Error("ERR SWAPDB is not allowed in cluster mode");
  constexpr ErrorText kFirst = "ERR invalid first DB index";
  constexpr ErrorText kSecond = "ERR invalid second DB index";
  const std::optional<int64_t> first = Int32At(c, 1, kFirst);
  if (!first) return;
  const std::optional<int64_t> second = Int32At(c, 2, kSecond);
  if (!second) return;
  const auto outside = [&](int64_t db) { return db < 0 || db >= c.options.databases; };
  if (outside(*first) || outside(*second)) return c.reply.Error(kDbOutOfRange);
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) {
    c.keys.shard(shard).SwapDb(DbIndex{static_cast<uint32_t>(*first)},
                               DbIndex{static_cast<uint32_t>(*second)}, c.moment);
  }
  c.reply.Ok();
}

void RandomKey(CommandContext& c) {
  size_t keys = 0;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) keys += KeysIn(c, shard);
  if (keys == 0) return c.reply.Null();
  const uint32_t first = RandomShard(c, keys);
  // The chosen shard may turn out to hold expired keys only: then another one answers.
  for (uint32_t i = 0; i < c.keys.shard_count(); ++i) {
    Keyspace& shard = c.keys.shard((first + i) % c.keys.shard_count());
    // Slots that are on their way here give up soon: a few draws find another key, as a rule.
    for (int draw = 0; draw < kRandomDraws; ++draw) {
      const EntryRef found = shard.db(c.session.db).Random(shard.prng(), WithoutTouch(c));
      if (!found) break;
      if (!shard.Hides(found->key())) return c.reply.Bulk(found->key());
    }
  }
  c.reply.Null();
}

// The samples are for values of many parts; a string has one.
void MemoryUsage(CommandContext& c) {
  for (size_t i = 3; i < c.count(); i += 2) {
    if (!WordIs(c.word(i), "samples") || i + 1 == c.count()) return c.reply.Error(kSyntaxError);
    const std::optional<int64_t> samples = IntegerAt(c, i + 1);
    if (!samples) return;
    if (*samples < 0) return c.reply.Error(kSyntaxError);
  }
  const Key key = c.KeyAt(2);
  const Db& db = c.DbFor(key);
  const EntryRef found = db.FindAny(key);
  if (!found) return c.reply.Null();
  c.reply.Integer(static_cast<int64_t>(db.UsedBytesOf(*found)));
}

}  // namespace norn::handlers
