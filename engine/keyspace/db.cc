// Lookup, life and housekeeping of a database's keys; db_strings.cc has the strings.

#include "engine/keyspace/db.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/keyspace/keyspace.h"

namespace norn {

Db::Db(Keyspace& keyspace, DbIndex index)
    : keyspace_(&keyspace), index_(index), contents_(keyspace.hash_seed(), keyspace.slot_share()) {}

Db::~Db() = default;

// ---- lookup ----

EntryRef Db::FindAny(const Key& key) const {
  const EntryTables::Found found = contents_.tables.Find(key);
  return EntryRef(found.item, found.at);
}

EntryRef Db::Lookup(const Key& key, const Moment& moment) {
  const EntryRef ref = FindAny(key);
  if (!ref || !ref->ExpiredAt(moment.expired_up_to_ms())) return ref;
  if (moment.deletes_expired) DeleteExpired(ref, Table::kMayShrink);
  return {};
}

void Db::Touch(Entry* entry, int64_t now_ms) {
  const AccessPolicy& policy = keyspace_->access_policy();
  const uint32_t access = TouchedAccess(entry->access(), now_ms, policy, keyspace_->prng());
  // Written only when it differs: reads of hot keys leave their cache lines clean.
  if (access != entry->access()) entry->set_access(access);
}

EntryRef Db::Find(const Key& key, const Moment& moment) {
  const EntryRef ref = Lookup(key, moment);
  KeyspaceStats& stats = keyspace_->stats();
  if (!ref) {
    stats.misses += moment.count ? 1 : 0;
    if (moment.count) {
      keyspace_->events().Add(config::kNotifyKeyMiss, "keymiss", index_, key.bytes);
    }
    return ref;
  }
  stats.hits += moment.count ? 1 : 0;
  if (moment.touch) Touch(ref.entry_, moment.now_ms);
  return ref;
}

EntryRef Db::FindForWrite(const Key& key, const Moment& moment) {
  const EntryRef ref = Lookup(key, moment);
  if (ref && moment.touch) Touch(ref.entry_, moment.now_ms);
  return ref;
}

// ---- life ----

void Db::NoteChanges(const Key& key, size_t changes) {
  keyspace_->stats().changes += changes;
  keyspace_->NoteKeyChange(index_, key.bytes);
}

void Db::Remove(EntryRef ref, Table table) {
  Entry* entry = ref.entry_;
  if (table == Table::kMayShrink) {
    contents_.tables.Erase(*entry, ref.at_);
  } else {
    contents_.tables.EraseKeepingSize(*entry, ref.at_);
  }
  DropOutside(entry);
  EntryBuilder::FreeShell(contents_.pool, entry);
}

void Db::DropOutside(Entry* entry) {
  contents_.RemoveOutside(*entry);
  FreeOutside(entry);
}

void Db::FreeOutside(Entry* entry) {
  if (entry->encoding() == Encoding::kObject &&
      entry->object()->FreeEffort() > Reclaimer::kEffortAtOnce) {
    keyspace_->reclaimer().Discard(std::unique_ptr<Object>(entry->object()));
    return;
  }
  EntryBuilder::FreeOutside(entry->value());
}

void Db::DeleteExpired(EntryRef ref, Table table) {
  ++keyspace_->stats().expired_keys;
  keyspace_->NoteKeyChange(index_, ref->key());
  keyspace_->RecordDeletion(index_, keyspace_->deletion_words().expired, ref->key());
  keyspace_->events().Add(config::kNotifyExpired, "expired", index_, ref->key());
  Remove(ref, table);
}

bool Db::Erase(const Key& key, const Moment& moment) {
  const EntryRef ref = Lookup(key, moment);
  if (!ref) return false;
  Erase(key, ref);
  return true;
}

void Db::Erase(const Key& key, EntryRef found) {
  NoteChange(key);
  Remove(found, Table::kMayShrink);
}

void Db::Evict(const Key& key, EntryRef found) {
  ++keyspace_->stats().evicted_keys;
  keyspace_->NoteKeyChange(index_, key.bytes);
  keyspace_->RecordDeletion(index_, keyspace_->deletion_words().evicted, key.bytes);
  keyspace_->events().Add(config::kNotifyEvicted, "evicted", index_, key.bytes);
  Remove(found, Table::kMayShrink);
}

void Db::SetDeadline(const Key& key, EntryRef found, int64_t deadline_ms) {
  if (!found->has_deadline() && deadline_ms == kNoDeadline) return;
  NoteChange(key);
  if (found->has_deadline() && deadline_ms != kNoDeadline) {
    contents_.tables.BeforeWrite(*found, found.at_);
    EntryBuilder::OverwriteDeadline(found.entry_, deadline_ms);
    return;
  }
  Rebuild(found, found->value(), deadline_ms);
}

void Db::SetAccess(EntryRef found, uint32_t access) { found.entry_->set_access(access); }

Entry* Db::Rebuild(EntryRef found, const ValueView& value, int64_t deadline_ms) {
  Entry* old = found.entry_;
  Entry* entry = EntryBuilder::New(contents_.pool, old->key(), deadline_ms, old->access(), value);
  contents_.tables.Replace(*old, found.at_, entry, entry->has_deadline());
  EntryBuilder::FreeShell(contents_.pool, old);
  return entry;
}

void Db::Store(const Key& key, EntryRef found, const ValueView& value, int64_t deadline_ms,
               uint32_t access) {
  if (!found) {
    Entry* entry = EntryBuilder::New(contents_.pool, key.bytes, deadline_ms, access, value);
    contents_.AddOutside(*entry);
    contents_.tables.Insert(entry, key, entry->has_deadline());
    keyspace_->events().Add(config::kNotifyNew, "new", index_, key.bytes);
    return;
  }
  contents_.tables.BeforeWrite(*found, found.at_);
  Entry* entry = found.entry_;
  DropOutside(entry);
  if (entry->has_deadline() != (deadline_ms != kNoDeadline) ||
      !EntryBuilder::Overwrite(entry, value)) {
    entry = Rebuild(found, value, deadline_ms);
  } else if (entry->has_deadline()) {
    EntryBuilder::OverwriteDeadline(entry, deadline_ms);
  }
  contents_.AddOutside(*entry);
}

// ---- objects ----

EntryRef Db::SetObject(const Key& key, EntryRef found, ValueType type,
                       std::unique_ptr<Object> object, const Moment& moment) {
  ValueView value;
  value.type = type;
  value.encoding = Encoding::kObject;
  value.word = reinterpret_cast<uint64_t>(object.release());
  Store(key, found, value, kNoDeadline, InitialAccess(moment.now_ms, keyspace_->access_policy()));
  return FindAny(key);
}

void Db::ChangeObject(EntryRef found, absl::FunctionRef<void(Object&)> change) {
  contents_.tables.BeforeWrite(*found, found.at_);
  const bool was_timed = DbContents::IsTimed(*found);
  contents_.outside_bytes -= found->OutsideBytes();
  change(*found->object());
  contents_.outside_bytes += found->OutsideBytes();
  const bool is_timed = DbContents::IsTimed(*found);
  if (is_timed && !was_timed) contents_.NoteTimed(found->key());
  if (was_timed && !is_timed) contents_.ForgetTimed(found->key());
}

EntryRef Db::Unpack(EntryRef found, std::unique_ptr<Object> object) {
  CHECK(found->IsPacked());
  Entry* entry = found.entry_;
  ValueView value;
  value.type = entry->type();
  value.encoding = Encoding::kObject;
  value.word = reinterpret_cast<uint64_t>(object.release());
  contents_.tables.BeforeWrite(*entry, found.at_);
  DropOutside(entry);
  if (!EntryBuilder::Overwrite(entry, value)) entry = Rebuild(found, value, entry->deadline_ms());
  contents_.AddOutside(*entry);
  return EntryRef(entry, found.at_);
}

// ---- values between keys ----

DetachedValue::DetachedValue(DetachedValue&& other) noexcept { *this = std::move(other); }

DetachedValue& DetachedValue::operator=(DetachedValue&& other) noexcept {
  std::swap(type_, other.type_);
  std::swap(encoding_, other.encoding_);
  std::swap(modified_, other.modified_);
  std::swap(access_, other.access_);
  std::swap(embedded_, other.embedded_);
  std::swap(word_, other.word_);
  return *this;
}

DetachedValue::~DetachedValue() { EntryBuilder::FreeOutside(View()); }

ValueView DetachedValue::View() const {
  ValueView view;
  view.type = type_;
  view.encoding = encoding_;
  view.modified = modified_;
  view.embedded = embedded_;
  view.word = word_;
  return view;
}

DetachedValue DetachedValue::OfObject(ValueType type, std::unique_ptr<Object> object) {
  DetachedValue value;
  value.type_ = type;
  value.encoding_ = Encoding::kObject;
  value.word_ = reinterpret_cast<uint64_t>(object.release());
  return value;
}

DetachedValue Db::Take(const Key& key, EntryRef found) {
  const ValueView view = found->value();
  DetachedValue value;
  value.type_ = view.type;
  value.encoding_ = view.encoding;
  value.modified_ = view.modified;
  value.access_ = found->access();
  value.embedded_ = view.embedded;
  value.word_ = view.word;
  keyspace_->NoteKeyChange(index_, key.bytes);
  contents_.RemoveOutside(*found);
  contents_.tables.Erase(*found, found.at_);
  EntryBuilder::FreeShell(contents_.pool, found.entry_);
  return value;
}

DetachedValue Db::Copy(EntryRef found) const {
  const ValueView view = found->value();
  DetachedValue value;
  value.type_ = view.type;
  value.modified_ = view.modified;
  value.access_ = found->access();
  value.embedded_ = view.embedded;
  if (view.encoding == Encoding::kOutside) {
    value.word_ = reinterpret_cast<uint64_t>(StringBlock::New(view.block()->view()));
  } else if (view.encoding == Encoding::kObject) {
    value.word_ = reinterpret_cast<uint64_t>(view.object()->Copy().release());
  } else {
    value.word_ = view.word;
  }
  value.encoding_ = view.encoding;
  return value;
}

void Db::Put(const Key& key, DetachedValue value, int64_t deadline_ms, const Moment& moment) {
  const EntryRef found = Lookup(key, moment);
  NoteChange(key);
  if (found) found.entry_->set_access(value.access_);
  Store(key, found, value.View(), deadline_ms, value.access_);
  value.encoding_ = Encoding::kEmbedded;  // what it owned is the entry's now
}

bool Db::Load(const Key& key, DetachedValue value, int64_t deadline_ms, OnDuplicate on_duplicate) {
  const EntryRef found = FindAny(key);
  if (found && on_duplicate == OnDuplicate::kRefuse) return false;
  if (found) found.entry_->set_access(value.access_);
  Store(key, found, value.View(), deadline_ms, value.access_);
  value.encoding_ = Encoding::kEmbedded;  // what it owned is the entry's now
  return true;
}

// ---- WATCH ----

uint64_t Db::Watch(const Key& key, const Moment& moment) {
  Lookup(key, moment);
  return keyspace_->watch().Watch(index_, key.bytes);
}

bool Db::ChangedSince(const Key& key, uint64_t version, const Moment& moment) const {
  if (keyspace_->watch().Version(index_, key.bytes) != version) return true;
  const EntryRef ref = FindAny(key);
  return ref && ref->ExpiredAt(moment.expired_up_to_ms());
}

void Db::Unwatch(const Key& key) { keyspace_->watch().Unwatch(index_, key.bytes); }

// ---- the whole ----

void Db::Clear(Free when) {
  keyspace_->watch().BumpIf(index_, [this](std::string_view key) {
    return static_cast<bool>(FindAny(keyspace_->MakeKey(key)));
  });
  keyspace_->waits().TouchAll(index_);
  keyspace_->stats().changes += Size();
  DbContents old(std::move(contents_));
  expire_walk_ = {};
  average_ttl_ms_ = 0;
  const bool snapshot_needs_it = old.tables.snapshot_running();
  if (when == Free::kLater || snapshot_needs_it) keyspace_->reclaimer().Discard(std::move(old));
}

size_t Db::CountInSlot(SlotId slot) const {
  const SlotTables* slots = contents_.tables.slots();
  CHECK(slots != nullptr && slot.value < kSlotCount);
  return slots->share().Has(slot) ? slots->TableOf(slot).size() : 0;
}

size_t Db::DeadlinesInSlot(SlotId slot) const {
  const SlotTables* slots = contents_.tables.slots();
  CHECK(slots != nullptr && slot.value < kSlotCount);
  return slots->share().Has(slot) ? slots->TableOf(slot).marked_size() : 0;
}

void Db::VisitSlot(SlotId slot, size_t count_max,
                   absl::FunctionRef<void(const Entry&)> visit) const {
  if (count_max == 0 || CountInSlot(slot) == 0) return;
  size_t visited = 0;
  contents_.tables.slots()->TableOf(slot).Scan(0, count_max, [&](const Entry& entry) {
    if (visited++ < count_max) visit(entry);
  });
}

size_t Db::ClearSlot(SlotId slot, Free when) {
  const size_t keys = CountInSlot(slot);
  if (keys == 0) return 0;
  keyspace_->watch().BumpIf(index_, [&](std::string_view bytes) {
    const Key key = keyspace_->MakeKey(bytes);
    return key.slot == slot && FindAny(key);
  });
  keyspace_->waits().TouchAll(index_);
  keyspace_->stats().changes += keys;
  contents_.tables.slots()->Detach(slot);
  if (when == Free::kNow) ReclaimSome(SIZE_MAX);
  return keys;
}

bool Db::ReclaimSome(size_t effort) {
  SlotTables* slots = contents_.tables.slots();
  if (slots == nullptr) return true;
  // A segment has some 300 entries at most.
  return slots->ClearDetachedSome(std::max<size_t>(effort / 256, 1), [this](Entry& entry) {
    // Not RemoveOutside: a key of that name may have come since.
    if (entry.encoding() >= Encoding::kOutside) {
      contents_.outside_bytes -= entry.OutsideBytes();
      --contents_.outside_count;
    }
    FreeOutside(&entry);
    EntryBuilder::FreeShell(contents_.pool, &entry);
  });
}

EntryRef Db::Sample(Prng& prng, bool volatile_only) const {
  const EntryTables::Found found = contents_.tables.Random(prng, volatile_only);
  return EntryRef(found.item, found.at);
}

EntryRef Db::Random(Prng& prng, const Moment& moment) {
  constexpr int kHiddenMax = 100;
  int hidden = 0;
  for (;;) {
    const EntryRef ref = Sample(prng, false);
    if (!ref || !ref->ExpiredAt(moment.expired_up_to_ms())) return ref;
    // Where expired keys stay, a database may hold nothing else: after some tries one of them is as good as none.
    if (!moment.deletes_expired) {
      if (++hidden == kHiddenMax) return {};
      continue;
    }
    DeleteExpired(ref, Table::kMayShrink);
  }
}

size_t Db::ExpireSome(size_t buckets, int64_t now_ms) {
  constexpr size_t kLinesAtOnce = 8;
  size_t deleted = 0, met = 0;
  double ttl_sum_ms = 0;  // deadlines may be near the end of int64
  while (buckets > 0 && DeadlineCount() > 0) {
    std::array<EntryRef, 7 * kLinesAtOnce> due;
    size_t due_count = 0;
    const size_t work = contents_.tables.VisitMarked(
        &expire_walk_, std::min(buckets, kLinesAtOnce),
        [&](Entry& entry, EntryTables::Position at) {
          ++met;
          if (entry.ExpiredAt(now_ms)) {
            due[due_count++] = EntryRef(&entry, at);
          } else {
            ttl_sum_ms += static_cast<double>(entry.deadline_ms()) - static_cast<double>(now_ms);
          }
        });
    const SlotId slot = due_count == 0 ? SlotId() : contents_.tables.SlotOf(*due[0]);
    for (size_t i = 0; i < due_count; ++i) DeleteExpired(due[i], Table::kKeepSize);
    contents_.tables.CompactSlot(slot, due_count / 8 + 1);
    deleted += due_count;
    buckets -= std::min(buckets, work);
    if (expire_walk_.AtStart()) break;
  }
  if (met > deleted) {
    const double mean_ms = ttl_sum_ms / static_cast<double>(met - deleted);
    average_ttl_ms_ = average_ttl_ms_ == 0 ? mean_ms : average_ttl_ms_ * 0.98 + mean_ms * 0.02;
  }
  if (met > 0) {
    double& stale = keyspace_->stats().expired_stale_percent;
    stale = stale * 0.95 + 100.0 * static_cast<double>(deleted) / static_cast<double>(met) * 0.05;
  }
  return deleted;
}

const std::string* Db::TimedObjectFrom(std::string_view from) const {
  const auto at = contents_.timed_objects.lower_bound(from);
  return at == contents_.timed_objects.end() ? nullptr : &*at;
}

void Db::CompactSome(size_t segments) { contents_.tables.CompactSome(segments); }

size_t Db::UsedBytesOf(const Entry& entry) const {
  const size_t table_share = Size() == 0 ? 0 : OverheadBytes() / Size();
  return entry.SizeBytes() + entry.OutsideBytes() + table_share;
}

void Db::CheckInvariants() const {
  contents_.tables.CheckInvariants();
  contents_.pool.CheckInvariants();
  uint64_t entry_bytes = 0, outside_bytes = 0, outside_count = 0, deadlines = 0;
  const auto add = [&](const Entry& entry) {
    entry_bytes += entry.SizeBytes();
    outside_bytes += entry.OutsideBytes();
    outside_count += entry.encoding() >= Encoding::kOutside ? 1 : 0;
  };
  ForEach([&](const Entry& entry) {
    add(entry);
    deadlines += entry.has_deadline() ? 1 : 0;
    CHECK(!DbContents::IsTimed(entry) || contents_.timed_objects.contains(entry.key()));
  });
  if (contents_.tables.slots() != nullptr) contents_.tables.slots()->ForEachDetached(add);
  CHECK(entry_bytes == contents_.pool.UsedBytes());
  CHECK(outside_bytes == contents_.outside_bytes);
  CHECK(outside_count == contents_.outside_count);
  CHECK(deadlines == DeadlineCount());
}

}  // namespace norn
