// Walks of a database that is written meanwhile, with one table and with one a slot: a SCAN and a snapshot are always under way,
// while slots fill, empty, are cleared whole, and the database is flushed.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/keyspace/keyspace.h"

namespace norn {
namespace {

// Its keys lie in a few hundred slots of one key and four of many.
class Walks {
 public:
  Walks(uint64_t seed, bool slots)
      : prng_(seed),
        slots_(slots),
        keyspace_({.hash_seed = seed, .prng_seed = 2, .slots = slots}) {}

  void Step() {
    const std::string name = Name();
    // Phases of growing and of shrinking.
    if (prng_.OneIn(150)) fill_percent_ = prng_.Below(101);
    if (prng_.Below(100) < fill_percent_) {
      Set(name);
    } else {
      Erase(name);
    }
    if (prng_.OneIn(5)) SetDeadline(Name());
    if (prng_.OneIn(40)) ScanSome();
    if (prng_.OneIn(30)) SnapshotSome();
    if (prng_.OneIn(20)) db().CompactSome(prng_.Below(20));
    if (prng_.OneIn(20)) keyspace_.ReclaimSome(prng_.Below(2000));
    if (prng_.OneIn(400)) Expire();
    if (slots_ && prng_.OneIn(150)) ClearSlot(name);
    if (prng_.OneIn(1500)) Flush();
  }

  // However it ends, everything is freed and accounted for.
  void Finish() {
    db().CheckInvariants();
    if (cut_) keyspace_.EndSnapshot();
    Flush();
    while (!keyspace_.ReclaimSome(100)) {
    }
    RC_ASSERT(keyspace_.UsedBytes() == 0u);
  }

 private:
  using Row = std::pair<std::string, int64_t>;  // value, deadline
  struct Cut {
    std::map<std::string, Row> expected;
    std::map<std::string, Row> seen;
  };

  Db& db() { return keyspace_.db({0}); }
  Db::Free AnyFree() { return prng_.OneIn(2) ? Db::Free::kNow : Db::Free::kLater; }

  std::string Name() {
    if (prng_.OneIn(3)) return "lone" + std::to_string(prng_.Below(400));
    return "{" + std::to_string(prng_.Below(4)) + "}" + std::to_string(prng_.Below(1200));
  }

  void Set(const std::string& name) {
    const std::string value(prng_.Below(300), static_cast<char>('a' + prng_.Below(26)));
    const int64_t deadline_ms = Deadline();
    db().SetString(keyspace_.MakeKey(name), value, {.deadline_ms = deadline_ms}, now_);
    rows_[name] = {value, deadline_ms};
  }
  int64_t Deadline() {
    return prng_.OneIn(5) ? now_.now_ms + 1 + static_cast<int64_t>(prng_.Below(20)) : kNoDeadline;
  }
  void SetDeadline(const std::string& name) {
    const Key key = keyspace_.MakeKey(name);
    const EntryRef found = db().FindForWrite(key, now_);
    RC_ASSERT(static_cast<bool>(found) == (rows_.count(name) == 1));
    if (!found) return;
    const int64_t deadline_ms = Deadline();
    db().SetDeadline(key, found, deadline_ms);
    rows_[name].second = deadline_ms;
  }
  void Erase(const std::string& name) {
    RC_ASSERT(db().Erase(keyspace_.MakeKey(name), now_) == (rows_.erase(name) == 1));
    throughout_.erase(name);
  }
  template <typename Gone>
  void Forget(Gone&& gone) {
    for (auto row = rows_.begin(); row != rows_.end();) {
      if (gone(*row)) {
        throughout_.erase(row->first);
        row = rows_.erase(row);
      } else {
        ++row;
      }
    }
  }
  void Expire() {
    now_.now_ms += static_cast<int64_t>(prng_.Below(15));
    Forget([&](const auto& row) {
      return row.second.second != kNoDeadline && row.second.second <= now_.now_ms;
    });
    // Each call may end with the round; the second has gone round whole.
    db().ExpireSome(SIZE_MAX, now_.now_ms);
    db().ExpireSome(SIZE_MAX, now_.now_ms);
    RC_ASSERT(db().Size() == rows_.size());
  }
  void ClearSlot(const std::string& name) {
    const SlotId slot = KeySlot(name);
    const size_t before = rows_.size();
    Forget([&](const auto& row) { return KeySlot(row.first) == slot; });
    RC_ASSERT(db().ClearSlot(slot, AnyFree()) == before - rows_.size());
  }
  void Flush() {
    db().Clear(AnyFree());
    rows_.clear();
    throughout_.clear();
  }

  // I4 of slot_tables.h and hash_table.h.
  void ScanSome() {
    if (cursor_ == 0) {
      for (const auto& [name, row] : rows_) throughout_.insert(name);
      scanned_.clear();
    }
    cursor_ = db().Scan(cursor_, 1 + prng_.Below(200),
                        [&](const Entry& entry) { ++scanned_[std::string(entry.key())]; });
    if (cursor_ != 0) return;
    for (const std::string& name : throughout_) RC_ASSERT(scanned_[name] == 1);
    throughout_.clear();
  }

  // I5: the whole, or, once in a while, ended early.
  void SnapshotSome() {
    if (!cut_) {
      cut_.emplace();
      cut_->expected = rows_;
      keyspace_.BeginSnapshot([this](DbIndex, const Entry& entry) {
        StringScratch scratch;
        const Row row(entry.String(scratch), entry.deadline_ms());
        RC_ASSERT(cut_->seen.emplace(entry.key(), row).second);
      });
      return;
    }
    const bool done = keyspace_.SaveSome(prng_.Below(60));
    if (!done && !prng_.OneIn(60)) return;
    keyspace_.EndSnapshot();
    if (done) RC_ASSERT(cut_->seen == cut_->expected);
    cut_.reset();
  }

  Prng prng_;
  const bool slots_;
  Keyspace keyspace_;
  Moment now_{.now_ms = 1'700'000'000'000};
  uint64_t fill_percent_ = 90;
  std::map<std::string, Row> rows_;
  uint64_t cursor_ = 0;
  std::set<std::string> throughout_;  // there at each moment since the scan began
  std::map<std::string, int> scanned_;
  std::optional<Cut> cut_;
};

void AreTheInstantAndMissNothing(uint64_t seed, bool slots) {
  Walks walks(seed, slots);
  for (int step = 0; step < 6000; ++step) walks.Step();
  walks.Finish();
}

RC_GTEST_PROP(DbWalks, AreTheInstantAndMissNothing, (uint64_t seed)) {
  AreTheInstantAndMissNothing(seed, false);
}

RC_GTEST_PROP(DbWalks, AreTheInstantAndMissNothingBySlot, (uint64_t seed)) {
  AreTheInstantAndMissNothing(seed, true);
}

}  // namespace
}  // namespace norn
