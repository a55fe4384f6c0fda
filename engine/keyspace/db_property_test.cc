// Db against a std::map with deadlines, under random commands and a clock that moves: with one table, with one a slot, and
// as one of three shards that share the slots. A third of the keys share slots.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

enum class Mode { kOneTable, kSlots, kThirdOfSlots };

constexpr uint32_t kShardIndex = 1;

KeyspaceOptions OptionsOf(Mode mode) {
  KeyspaceOptions options{.hash_seed = 11, .prng_seed = 12, .slots = mode != Mode::kOneTable};
  if (mode == Mode::kThirdOfSlots) {
    options.shard_index = kShardIndex;
    options.shard_count = 3;
  }
  return options;
}

class Model {
 public:
  Model(uint64_t seed, Mode mode) : prng_(seed), mode_(mode), keyspace_(OptionsOf(mode)) {
    for (int i = 0; names_.size() < 300; ++i) {
      std::string name = "key" + std::to_string(i);
      if (i % 3 == 0) name = "{" + std::to_string(i % 7) + "}" + name;
      if (mode != Mode::kThirdOfSlots || KeySlot(name).value % 3 == kShardIndex) {
        names_.push_back(std::move(name));
      }
    }
  }

  void Step() {
    const std::string name = AnyName();
    const Key key = keyspace_.MakeKey(name);
    now_.now_ms += static_cast<int64_t>(prng_.Below(3));
    ForgetExpired();
    switch (prng_.Below(13)) {
      case 0:
      case 1:
      case 2:
        Set(name, key);
        break;
      case 3:
        RC_ASSERT(db_.Erase(key, now_) == (rows_.erase(name) == 1));
        break;
      case 4:
        Resize(name, key);
        break;
      case 5:
        SetDeadline(name, key);
        break;
      case 6:
        Rename(name, key);
        break;
      case 7:
        db_.ExpireSome(prng_.Below(40) + 1, now_.now_ms);
        break;
      case 8:
        db_.CompactSome(prng_.Below(4));
        break;
      case 9:
        RandomKey();
        break;
      case 10:
        if (prng_.OneIn(200)) {
          db_.Clear(prng_.OneIn(2) ? Db::Free::kNow : Db::Free::kLater);
          rows_.clear();
        }
        keyspace_.ReclaimSome(prng_.Below(50));
        break;
      case 11:
        if (mode_ != Mode::kOneTable) Slot(key.slot);
        break;
      default:
        break;
    }
    Compare(name, key);
  }

  void Finish() {
    db_.CheckInvariants();
    for (const auto& [name, row] : rows_) Compare(name, keyspace_.MakeKey(name));
    RC_ASSERT(db_.Size() >= rows_.size());  // expired ones may linger
  }

 private:
  struct Row {
    std::string value;
    int64_t deadline_ms;
  };

  const std::string& AnyName() { return names_[prng_.Below(names_.size())]; }

  void Slot(SlotId slot) {
    std::map<std::string, int> visited;
    db_.VisitSlot(slot, SIZE_MAX, [&](const Entry& entry) {
      RC_ASSERT(KeySlot(entry.key()) == slot);
      ++visited[std::string(entry.key())];
    });
    RC_ASSERT(db_.CountInSlot(slot) == visited.size());
    size_t some = 0;
    const size_t wanted = prng_.Below(5);
    db_.VisitSlot(slot, wanted, [&](const Entry&) { ++some; });
    RC_ASSERT(some == std::min(wanted, visited.size()));
    const bool clear = prng_.OneIn(10);
    for (auto row = rows_.begin(); row != rows_.end();) {
      if (KeySlot(row->first) != slot) {
        ++row;
        continue;
      }
      RC_ASSERT(visited[row->first] == 1);
      row = clear ? rows_.erase(row) : std::next(row);
    }
    if (!clear) return;
    const uint64_t changes = keyspace_.stats().changes;
    const size_t cleared = db_.ClearSlot(slot, prng_.OneIn(2) ? Db::Free::kNow : Db::Free::kLater);
    RC_ASSERT(keyspace_.stats().changes == changes + cleared);
    RC_ASSERT(db_.CountInSlot(slot) == 0u);
    if (prng_.OneIn(4)) db_.CheckInvariants();
  }

  void ForgetExpired() {
    for (auto row = rows_.begin(); row != rows_.end();) {
      const bool expired =
          row->second.deadline_ms != kNoDeadline && row->second.deadline_ms <= now_.now_ms;
      row = expired ? rows_.erase(row) : std::next(row);
    }
  }

  std::string Value() {
    if (prng_.OneIn(3)) return std::to_string(static_cast<int64_t>(prng_.Next()));
    const size_t size = prng_.Below(prng_.OneIn(5) ? 1000 : 60);
    return std::string(size, static_cast<char>('a' + prng_.Below(26)));
  }
  int64_t Deadline() {
    return prng_.OneIn(2) ? kNoDeadline : now_.now_ms + 1 + static_cast<int64_t>(prng_.Below(900));
  }

  void Set(const std::string& name, const Key& key) {
    const std::string value = Value();
    const int64_t deadline_ms = Deadline();
    const bool keep = prng_.OneIn(4);
    db_.SetString(key, value, {.deadline_ms = deadline_ms, .keep_deadline = keep}, now_);
    const auto row = rows_.find(name);
    const int64_t kept_ms = row == rows_.end() ? kNoDeadline : row->second.deadline_ms;
    rows_[name] = {value, keep ? kept_ms : deadline_ms};
  }

  void Resize(const std::string& name, const Key& key) {
    const size_t size = prng_.Below(prng_.OneIn(4) ? 700 : 70);
    const std::span<char> bytes = db_.ResizeString(key, db_.FindForWrite(key, now_), size, now_);
    RC_ASSERT(bytes.size() == size);
    const auto row = rows_.emplace(name, Row{"", kNoDeadline}).first;
    row->second.value.resize(size, '\0');
    if (size > 0) bytes[size / 2] = row->second.value[size / 2] = 'R';
  }

  void SetDeadline(const std::string& name, const Key& key) {
    const EntryRef found = db_.FindForWrite(key, now_);
    if (!found) return;
    const int64_t deadline_ms = Deadline();
    db_.SetDeadline(key, found, deadline_ms);
    rows_.at(name).deadline_ms = deadline_ms;
  }

  void Rename(const std::string& name, const Key& key) {
    const EntryRef found = db_.FindForWrite(key, now_);
    if (!found) return;
    const std::string to = AnyName();
    const int64_t deadline_ms = found->deadline_ms();
    if (prng_.OneIn(2)) {
      db_.Put(keyspace_.MakeKey(to), db_.Copy(found), deadline_ms, now_);
      rows_[to] = Row(rows_.at(name));
    } else {
      db_.Put(keyspace_.MakeKey(to), db_.Take(key, found), deadline_ms, now_);
      const Row row = rows_.at(name);
      rows_.erase(name);
      rows_[to] = row;
    }
  }

  void RandomKey() {
    const EntryRef found = db_.Random(prng_, now_);
    RC_ASSERT(static_cast<bool>(found) == !rows_.empty());
    if (found) RC_ASSERT(rows_.count(std::string(found->key())) == 1);
  }

  void Compare(const std::string& name, const Key& key) {
    const EntryRef found = db_.Find(key, now_);
    const auto row = rows_.find(name);
    RC_ASSERT(static_cast<bool>(found) == (row != rows_.end()));
    if (!found) return;
    StringScratch scratch;
    RC_ASSERT(found->String(scratch) == row->second.value);
    RC_ASSERT(found->StringLength() == row->second.value.size());
    RC_ASSERT(found->deadline_ms() == row->second.deadline_ms);
  }

  Prng prng_;
  const Mode mode_;
  std::vector<std::string> names_;
  Keyspace keyspace_;
  Db& db_ = keyspace_.db({0});
  Moment now_{.now_ms = 1'700'000'000'000};
  std::map<std::string, Row> rows_;
};

void BehavesAsAMapWithDeadlines(uint64_t seed, Mode mode) {
  Model model(seed, mode);
  for (int step = 0; step < 1500; ++step) model.Step();
  model.Finish();
}

RC_GTEST_PROP(DbProperty, BehavesAsAMapWithDeadlines, (uint64_t seed)) {
  BehavesAsAMapWithDeadlines(seed, Mode::kOneTable);
}

RC_GTEST_PROP(DbProperty, BehavesAsAMapWithDeadlinesBySlot, (uint64_t seed)) {
  BehavesAsAMapWithDeadlines(seed, *rc::gen::element(Mode::kSlots, Mode::kThirdOfSlots));
}

}  // namespace
}  // namespace norn
