// HashTable against std::map: whatever is done in whatever order, with a scan and a snapshot under way all the time.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/hash_table.h"

namespace norn {
namespace {

struct Item {
  uint64_t key;
  uint64_t value;
};

struct GoodHash {
  static uint64_t Of(uint64_t key) { return SplitMix64(key); }
};
// Few distinct prefixes, then a gap, so that segments grow beyond a page and splits do not divide.
struct LumpyHash {
  static uint64_t Of(uint64_t key) {
    const uint64_t good = GoodHash::Of(key);
    return (good & 0x000000ff0000ffffULL) | (good % 5) << 61;
  }
};
// Differences only in bits that neither position nor tag sees.
struct NarrowHash {
  static uint64_t Of(uint64_t key) { return (GoodHash::Of(key) % 9) << 60 | (key & 0xff) << 8; }
};

template <typename HashFunction>
struct ItemTraits {
  using Item = norn::Item;
  using Key = uint64_t;
  uint64_t Hash(const Item& item) const { return HashFunction::Of(item.key); }
  bool Equal(const Item& item, uint64_t key) const { return item.key == key; }
};

struct Phase {
  int kind;
  uint64_t amount;
  uint64_t seed;
};

rc::Gen<std::vector<Phase>> Phases() {
  return rc::gen::container<std::vector<Phase>>(rc::gen::apply(
      [](int kind, uint64_t amount, uint64_t seed) {
        return Phase{kind, amount, seed};
      },
      rc::gen::inRange(0, 9), rc::gen::inRange<uint64_t>(0, 1500), rc::gen::arbitrary<uint64_t>()));
}

template <typename HashFunction>
class Session {
 public:
  ~Session() {
    if (table_.snapshot_running()) table_.EndSnapshot();
  }

  void Run(const Phase& phase) {
    Prng prng(phase.seed);
    switch (phase.kind) {
      case 0:
      case 1:
        for (uint64_t i = 0; i < phase.amount; ++i) Insert(prng.Below(6000), prng);
        break;
      case 2:
        for (uint64_t i = 0; i < phase.amount; ++i) EraseSome(prng, false);
        break;
      case 3:
        for (uint64_t i = 0; i < phase.amount; ++i) EraseSome(prng, true);
        break;
      case 4:
        for (uint64_t i = 0; i < phase.amount / 4; ++i) Change(prng);
        break;
      case 5:
        table_.CompactSome(phase.amount % 40);
        break;
      case 6:
        ScanOn(phase.amount % 300);
        break;
      case 7:
        SnapshotOn(phase.amount % 60);
        break;
      case 8:
        EraseMarked(phase.amount % 30 + 1);
        break;
    }
    Check();
  }

  void Finish() {
    while (scanning_) ScanOn(50);
    while (table_.snapshot_running()) SnapshotOn(SIZE_MAX);
    for (const auto& [key, state] : model_) {
      auto found = Find(key);
      RC_ASSERT(static_cast<bool>(found));
      RC_ASSERT(found.item->value == state.value);
    }
  }

 private:
  using Table = HashTable<ItemTraits<HashFunction>>;
  struct State {
    uint64_t value;
    bool mark;
  };

  typename Table::Found Find(uint64_t key) { return table_.Find(key, HashFunction::Of(key)); }

  void Insert(uint64_t key, Prng& prng) {
    const bool mark = prng.OneIn(3);
    auto found = Find(key);
    RC_ASSERT(static_cast<bool>(found) == (model_.count(key) == 1));
    items_.push_back({key, prng.Next()});
    if (found) {
      table_.Replace(found.at, &items_.back(), mark);
    } else {
      table_.Insert(&items_.back(), HashFunction::Of(key), mark);
    }
    model_[key] = {items_.back().value, mark};
  }

  void Forget(uint64_t key) {
    model_.erase(key);
    throughout_.erase(key);
  }

  void EraseSome(Prng& prng, bool keep_size) {
    if (model_.empty()) return;
    auto row = model_.lower_bound(prng.Below(6000));
    if (row == model_.end()) row = model_.begin();
    const uint64_t key = row->first;
    auto found = Find(key);
    RC_ASSERT(static_cast<bool>(found));
    if (keep_size) {
      table_.EraseKeepingSize(found.at);
    } else {
      table_.Erase(found.at);
    }
    found.item->value = ~uint64_t{0};  // a snapshot that looks later would see it
    Forget(key);
  }

  void Change(Prng& prng) {
    if (model_.empty()) return;
    auto row = model_.lower_bound(prng.Below(6000));
    if (row == model_.end()) row = model_.begin();
    auto found = Find(row->first);
    RC_ASSERT(static_cast<bool>(found));
    table_.BeforeWrite(found.at);
    found.item->value = row->second.value = prng.Next();
    row->second.mark = prng.OneIn(2);
    table_.SetMark(found.at, row->second.mark);
  }

  void EraseMarked(size_t lines) {
    std::vector<std::pair<uint64_t, typename Table::Position>> met;
    table_.VisitMarked(&marked_point_, lines, [&](Item& item, typename Table::Position at) {
      RC_ASSERT(model_.at(item.key).mark);
      met.emplace_back(item.key, at);
    });
    for (const auto& [key, at] : met) {
      if (key % 2 == 0) continue;
      table_.EraseKeepingSize(at);
      Forget(key);
    }
  }

  void ScanOn(size_t count) {
    if (!scanning_) {
      scanning_ = true;
      cursor_ = 0;
      returned_.clear();
      throughout_.clear();
      for (const auto& [key, state] : model_) throughout_.insert(key);
    }
    size_t visited = 0;
    cursor_ = table_.Scan(cursor_, count, [&](Item& item) {
      RC_ASSERT(model_.count(item.key) == 1);
      RC_ASSERT(returned_.insert(item.key).second);
      ++visited;
    });
    RC_ASSERT(visited >= count || cursor_ == 0);
    RC_ASSERT(cursor_ < uint64_t{1} << 48);
    if (cursor_ != 0) return;
    scanning_ = false;
    for (uint64_t key : throughout_) RC_ASSERT(returned_.count(key) == 1);
  }

  void SnapshotOn(size_t lines) {
    if (!table_.snapshot_running()) {
      expected_.clear();
      saved_.clear();
      for (const auto& [key, state] : model_) expected_[key] = state.value;
      table_.BeginSnapshot(
          [this](Item& item) { RC_ASSERT(saved_.emplace(item.key, item.value).second); });
      return;
    }
    if (!table_.SaveSome(lines)) return;
    table_.EndSnapshot();
    RC_ASSERT(saved_ == expected_);
  }

  void Check() {
    table_.CheckInvariants();
    RC_ASSERT(table_.size() == model_.size());
    std::set<uint64_t> keys;
    table_.ForEach([&](Item& item) { RC_ASSERT(keys.insert(item.key).second); });
    size_t marked = 0;
    for (const auto& [key, state] : model_) {
      RC_ASSERT(keys.count(key) == 1);
      marked += state.mark ? 1 : 0;
    }
    RC_ASSERT(marked == table_.marked_size());
    Prng prng(marked);
    auto random = table_.Random(prng);
    RC_ASSERT(static_cast<bool>(random) == !model_.empty());
    if (random) RC_ASSERT(Find(random.item->key).item == random.item);
    random = table_.RandomMarked(prng);
    RC_ASSERT(static_cast<bool>(random) == (marked > 0));
    if (random) RC_ASSERT(model_.at(random.item->key).mark);
  }

  std::deque<Item> items_;
  Table table_;
  std::map<uint64_t, State> model_;
  uint64_t marked_point_ = 0;

  bool scanning_ = false;
  uint64_t cursor_ = 0;
  std::set<uint64_t> throughout_;  // present since the scan began
  std::set<uint64_t> returned_;

  std::map<uint64_t, uint64_t> expected_;
  std::map<uint64_t, uint64_t> saved_;
};

template <typename HashFunction>
void RunSession() {
  Session<HashFunction> session;
  for (const Phase& phase : *Phases()) session.Run(phase);
  session.Finish();
}

RC_GTEST_PROP(HashTableProperty, BehavesAsAMapWithAGoodHash, ()) { RunSession<GoodHash>(); }
RC_GTEST_PROP(HashTableProperty, BehavesAsAMapWithALumpyHash, ()) { RunSession<LumpyHash>(); }
RC_GTEST_PROP(HashTableProperty, BehavesAsAMapWithANarrowHash, ()) { RunSession<NarrowHash>(); }

// One scan of small steps over a table that swings between empty and full the whole time.
RC_GTEST_PROP(HashTableProperty, ScanReturnsWhatStaysWhileTheTableSwings, (uint64_t seed)) {
  Prng prng(seed);
  std::deque<Item> items;
  HashTable<ItemTraits<GoodHash>> table;
  const auto insert = [&](uint64_t key) {
    items.push_back({key, 0});
    table.Insert(&items.back(), GoodHash::Of(key), false);
  };
  for (uint64_t key = 0; key < 300; ++key) insert(key);  // these stay
  uint64_t guests = 0, cursor = 0;
  std::set<uint64_t> returned;
  size_t low = SIZE_MAX, high = 0;
  do {
    const uint64_t wanted = prng.Below(20) * 200;
    for (; guests < wanted; ++guests) insert(1000 + guests);
    for (; guests > wanted; --guests) {
      table.Erase(table.Find(999 + guests, GoodHash::Of(999 + guests)).at);
    }
    table.CompactSome(prng.Below(50));
    const size_t segments = table.GetStats().segments;
    low = std::min(low, segments);
    high = std::max(high, segments);
    cursor = table.Scan(cursor, prng.Below(80) + 1,
                        [&](Item& item) { RC_ASSERT(returned.insert(item.key).second); });
  } while (cursor != 0);
  for (uint64_t key = 0; key < 300; ++key) RC_ASSERT(returned.count(key) == 1);
  RC_ASSERT(high > low);
}

}  // namespace
}  // namespace norn
