// The source's copy of slots: what makes their keys, put into the stream of what changes them.

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/number.h"
#include "engine/persist/dump_payload.h"
#include "engine/shard/gather.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"
#include "net/slot_migration.h"

namespace norn::net {

using cluster::SlotSet;

namespace {

constexpr uint64_t kQueuedBytesMax = 1024 * 1024;
// Slots of more are copied in portions of so many at most.
constexpr size_t kCopyKeys = 1000;
constexpr size_t kCopySlotBytes = 1024 * 1024;
// Of one token's time, and of slots that go in one go.
constexpr size_t kCopyBytes = 64 * 1024;
constexpr size_t kCopySlots = 64;

// Makes the key, as it is.
void CopyKey(DbIndex db, const Entry& entry, const persist::RdbEncodeOptions& encode,
             EffectLog& log) {
  ByteBuffer payload;
  persist::AppendDumpPayload(entry, encode, payload);
  const Int64Text deadline(entry.has_deadline() ? entry.deadline_ms() : 0);
  log.Add(db, {"RESTORE", entry.key(), deadline.view(), payload.view(), "REPLACE", "ABSTTL"});
}

void CopySlot(Keyspace& keyspace, SlotId slot, const persist::RdbEncodeOptions& encode,
              EffectLog& log) {
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    const DbIndex index{i};
    const Db* db = keyspace.FindDb(index);
    if (db == nullptr) continue;
    db->VisitSlot(slot, SIZE_MAX, [&](const Entry& entry) { CopyKey(index, entry, encode, log); });
  }
}

// In all databases, there or not.
void CopyName(Keyspace& keyspace, const std::string& key, const persist::RdbEncodeOptions& encode,
              EffectLog& log) {
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    const DbIndex index{i};
    const Db* db = keyspace.FindDb(index);
    if (db == nullptr) continue;
    const EntryRef found = db->FindAny(keyspace.MakeKey(key));
    if (found) {
      CopyKey(index, *found, encode, log);
    } else {
      log.Add(index, {"DEL", key});
    }
  }
}

// Whether clients would wait long for a copy in one go. By its keys, and what keys take on average.
bool IsBig(const Keyspace& keyspace, SlotId slot) {
  size_t keys = 0;
  size_t bytes = 0;
  for (uint32_t i = 0; i < keyspace.database_count(); ++i) {
    const Db* db = keyspace.FindDb(DbIndex{i});
    if (db == nullptr || db->Size() == 0) continue;
    keys += db->CountInSlot(slot);
    bytes += db->UsedBytes() / db->Size() * db->CountInSlot(slot);
  }
  return keys > kCopyKeys || bytes > kCopySlotBytes;
}

// A few keys of the slot, from `cursor` on (0: from the first); returns the cursor to go on from, 0 at the end.
uint64_t CopyFrom(const Db& db, DbIndex index, SlotId slot, uint64_t cursor,
                  const persist::RdbEncodeOptions& encode, EffectLog& log) {
  const uint64_t begin = uint64_t{slot.value} << Db::kScanCursorBits;
  uint64_t next = begin + cursor;
  size_t keys = 0;
  while (keys < kCopyKeys && log.bytes() < kCopyBytes) {
    next = db.Scan(next, 1, [&](const Entry& entry) {
      if (KeySlot(entry.key()) != slot) return;  // it has gone on into the next one
      CopyKey(index, entry, encode, log);
      ++keys;
    });
    if (next >> Db::kScanCursorBits != slot.value || next == begin) return 0;
  }
  return next - begin;
}

}  // namespace

// A few slots of one shard, or of a slot of many keys a few.
void SlotMigrations::CopySome(Export& job) {
  if (job.queued_bytes >= kQueuedBytesMax || job.uncopied.empty()) return SendSome(job);
  if (job.part) return CopyPortion(job);
  const uint32_t shards = node_.executor_count();
  const uint32_t shard = job.uncopied.NextFrom(0)->value % shards;
  std::vector<SlotId> next;
  for (const SlotId slot : job.uncopied) {
    if (slot.value % shards == shard && next.size() < kCopySlots) next.push_back(slot);
  }
  bool big = false;
  CopyUnderToken(job, shard, [&](ExecutorState& state, EffectLog& copy) {
    SlotSet copied;
    const auto encode =
        persist::RdbEncodeOptionsOf(state.options(), state.env.clock().Wall().unix_ms());
    for (const SlotId slot : next) {
      big = IsBig(state.home().keyspace(), slot);
      if (big) break;
      CopySlot(state.home().keyspace(), slot, encode, copy);
      copied.Set(slot);
      if (copy.bytes() >= kCopyBytes) break;
    }
    return copied;
  });
  if (big && job.uncopied.Contains(next[0])) job.part = Part{.slot = next[0]};
}

void SlotMigrations::CopyPortion(Export& job) {
  Part& part = *job.part;
  const uint32_t shard = part.slot.value % node_.executor_count();
  const bool scanned = part.db >= node_.state(0).keyspaces[shard]->database_count();
  // What was changed meanwhile is sent in portions too, until it is little.
  std::set<std::string> again;
  if (scanned) {
    if (part.again.size() <= kCopyKeys) return FinishPart(job);
    auto end = part.again.begin();
    std::advance(end, kCopyKeys);
    again.insert(part.again.begin(), end);
    part.again.erase(part.again.begin(), end);
  }
  CopyUnderToken(job, shard, [&](ExecutorState& state, EffectLog& copy) {
    Keyspace& keyspace = state.home().keyspace();
    const auto encode =
        persist::RdbEncodeOptionsOf(state.options(), state.env.clock().Wall().unix_ms());
    for (const std::string& key : again) CopyName(keyspace, key, encode, copy);
    while (part.db < keyspace.database_count()) {
      const DbIndex index{part.db};
      const Db* db = keyspace.FindDb(index);
      part.cursor = db == nullptr ? 0 : CopyFrom(*db, index, part.slot, part.cursor, encode, copy);
      if (part.cursor != 0) break;
      ++part.db;
    }
    return SlotSet();
  });
}

// From here on the target has all keys of the slot as they are.
void SlotMigrations::FinishPart(Export& job) {
  const Part& part = *job.part;
  const uint32_t shard = part.slot.value % node_.executor_count();
  EffectLog copy;
  TokenSet tokens(node_.env().executor(), node_.state(0).shards);
  tokens.Collect({shard});
  node_.journal().Settle();
  const auto encode = persist::RdbEncodeOptionsOf(options(), node_.env().clock().Wall().unix_ms());
  for (const std::string& key : part.again) {
    CopyName(*node_.state(0).keyspaces[shard], key, encode, copy);
  }
  job.uncopied.Clear(part.slot);
  Hand(job, copy);
  job.part.reset();
}

// Hands on what `copy` makes of the shard, between the effects before it and behind it. The slots that it returns are copied.
void SlotMigrations::CopyUnderToken(
    Export& job, uint32_t shard,
    const std::function<SlotSet(ExecutorState&, EffectLog&)>& copy_some) {
  env::Executor& executor = node_.env().executor();
  const env::FiberId self = executor.Self();
  bool arrived = false;
  OnExecutorFiber(executor, shard, [&] {
    ExecutorState& state = node_.state(shard);
    EffectLog copy;
    TokenSet tokens(executor, state.shards);
    tokens.Collect({shard});
    const SlotSet copied = copy_some(state, copy);
    const auto hand = [this, &job](const SlotSet& slots, const EffectLog& what) {
      job.uncopied -= slots;
      job.live |= slots;
      if (job.part) job.live.Set(job.part->slot);
      Hand(job, what);
    };
    // On the way of the journal's effects.
    if (executor.Count() == 1) {
      hand(copied, copy);
      arrived = true;
      return;
    }
    PostCall(executor, 0, [&, hand, copied, copy = std::move(copy)] {
      hand(copied, copy);
      arrived = true;
      executor.Wake(self);
    });
  });
  while (!arrived) executor.Park(Instant::Never());
}

void SlotMigrations::Hand(Export& job, const EffectLog& copy) {
  copy.ForEach([&](DbIndex db, std::string_view resp, bool, bool) {
    job.pieces.push_back({db, std::string(resp)});
    job.queued_bytes += resp.size();
  });
}

}  // namespace norn::net
