// Against a std::map, in nodes of all sizes; and whatever is done to a node's bytes, reading them is safe or refused.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/stream_log.h"

namespace norn {
namespace {

using Fields = std::vector<std::string>;  // field, value, field, value ...
using Plain = std::map<StreamId, Fields>;
using Listed = std::vector<std::pair<StreamId, Fields>>;

Listed ListOf(const StreamLog& log, StreamId min, StreamId max, StreamDirection direction) {
  Listed listed;
  log.Visit(min, max, direction, [&](const StreamEntry& entry) {
    Fields fields;
    entry.ForEachField([&](const PackedValue& field, const PackedValue& value) {
      fields.push_back(field.ToString());
      fields.push_back(value.ToString());
    });
    EXPECT_EQ(fields.size(), 2 * entry.fields());
    listed.emplace_back(entry.id(), std::move(fields));
    return true;
  });
  return listed;
}

class Room {
 public:
  Room(uint64_t seed, StreamNodeLimits limits) : prng_(seed), limits_(limits) {}

  void Append() {
    const bool new_ms = prng_.OneIn(3);
    last_ = new_ms ? StreamId{last_.ms + 1 + prng_.Below(1000), prng_.Below(4)}
                   : StreamId{last_.ms, last_.seq + 1 + prng_.Below(5)};
    if (last_.ms < uint64_t{1} << 62 && prng_.OneIn(100)) last_.ms += uint64_t{1} << 62;
    Fields fields;
    const bool usual = !prng_.OneIn(4);
    for (uint64_t i = usual ? 2 : 1 + prng_.Below(3); i > 0; --i) {
      fields.push_back(usual ? "f" + std::to_string(i) : std::to_string(prng_.Below(3)));
      fields.push_back(std::string(prng_.Below(30), 'v') + std::to_string(prng_.Below(500)));
    }
    const std::vector<std::string_view> words(fields.begin(), fields.end());
    log_.Append(last_, words, limits_);
    plain_.emplace(last_, std::move(fields));
  }

  void Erase() {
    const StreamId id = Any();
    RC_ASSERT(log_.Contains(id) == plain_.contains(id));
    RC_ASSERT(log_.Erase(id) == (plain_.erase(id) > 0));
  }

  void TrimExactly() {
    StreamTrim trim;
    size_t erased = 0;
    if (prng_.OneIn(2)) {
      trim.length_max = prng_.Below(plain_.size() + 10);
      for (; plain_.size() > trim.length_max; ++erased) plain_.erase(plain_.begin());
    } else {
      trim.kind = StreamTrim::Kind::kId;
      trim.id_min = Any();
      for (; !plain_.empty() && plain_.begin()->first < trim.id_min; ++erased) {
        plain_.erase(plain_.begin());
      }
    }
    RC_ASSERT(log_.Trim(trim) == erased);
  }

  // What goes goes from the front, no more than asked for, and nodes as a whole.
  void TrimNodes() {
    StreamTrim trim{.whole_nodes = true, .erased_max = prng_.Below(40)};
    trim.length_max = prng_.Below(plain_.size() + 10);
    const size_t nodes = log_.node_count();
    const uint64_t erased = log_.Trim(trim);
    RC_ASSERT(erased <= plain_.size());
    RC_ASSERT(erased == 0 || plain_.size() - erased >= trim.length_max);
    RC_ASSERT(trim.erased_max == 0 || erased <= trim.erased_max);
    RC_ASSERT((erased > 0) == (log_.node_count() < nodes));
    for (uint64_t i = 0; i < erased; ++i) plain_.erase(plain_.begin());
  }

  void Compare() {
    log_.CheckInvariants();
    RC_ASSERT(log_.size() == plain_.size());
    RC_ASSERT(log_.first_id() == (plain_.empty() ? StreamId{} : plain_.begin()->first));
    RC_ASSERT(log_.last_id() == (plain_.empty() ? StreamId{} : plain_.rbegin()->first));
    CompareRange(kStreamIdMin, kStreamIdMax);
    CompareRange(Any(), Any());
    CompareCopies();
  }

 private:
  void CompareRange(StreamId min, StreamId max) {
    Listed up;
    if (min <= max) up.assign(plain_.lower_bound(min), plain_.upper_bound(max));
    RC_ASSERT(ListOf(log_, min, max, StreamDirection::kUp) == up);
    RC_ASSERT(ListOf(log_, min, max, StreamDirection::kDown) == Listed(up.rbegin(), up.rend()));
  }

  void CompareCopies() {
    const StreamLog copy(log_);
    copy.CheckInvariants();
    StreamLog loaded;
    log_.ForEachNode([&](StreamId id, std::string_view bytes) {
      RC_ASSERT(StreamNodeIsValid(id, bytes));
      RC_ASSERT(loaded.AppendNode(id, bytes));
    });
    loaded.CheckInvariants();
    const Listed all(plain_.begin(), plain_.end());
    RC_ASSERT(ListOf(copy, kStreamIdMin, kStreamIdMax, StreamDirection::kUp) == all);
    RC_ASSERT(ListOf(loaded, kStreamIdMin, kStreamIdMax, StreamDirection::kUp) == all);
    RC_ASSERT(loaded.first_id() == log_.first_id());
  }

  // An id that is there, or was, or lies between.
  StreamId Any() {
    if (plain_.empty() || prng_.OneIn(20)) return {prng_.Below(last_.ms + 2), prng_.Below(9)};
    auto at = plain_.lower_bound({prng_.Below(last_.ms) + 1, 0});
    if (at == plain_.end()) at = plain_.begin();
    StreamId id = at->first;
    if (prng_.OneIn(4)) id.Increment();
    return id;
  }

  Prng prng_;
  StreamNodeLimits limits_;
  StreamId last_{5, 0};
  StreamLog log_;
  Plain plain_;
};

RC_GTEST_PROP(StreamLogProperty, IsAMapOfEntries, ()) {
  const StreamNodeLimits limits{
      .bytes_max = *rc::gen::elementOf(std::vector<size_t>{0, 64, 300, 4096}),
      .entries_max = *rc::gen::elementOf(std::vector<size_t>{0, 1, 3, 10, 200})};
  Room room(*rc::gen::arbitrary<uint64_t>(), limits);
  const int rounds = *rc::gen::inRange(1, 12);
  for (int round = 0; round < rounds; ++round) {
    for (int i = *rc::gen::inRange(0, 60); i > 0; --i) room.Append();
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i) room.Erase();
    if (*rc::gen::inRange(0, 3) == 0) room.TrimExactly();
    if (*rc::gen::inRange(0, 3) == 0) room.TrimNodes();
    room.Compare();
  }
}

RC_GTEST_PROP(StreamLogProperty, DamagedNodesAreRefusedOrSound, ()) {
  StreamLog log;
  for (uint64_t i = 1; i < 8; ++i) {
    const std::vector<std::string_view> words = {"a", "1", i == 5 ? "odd" : "b", "text"};
    log.Append({i, 0}, words, {});
  }
  log.Erase({3, 0});
  log.ForEachNode([&](StreamId id, std::string_view node) {
    std::string bytes(node);
    for (int i = *rc::gen::inRange(0, 3); i >= 0; --i) {
      bytes[*rc::gen::inRange(size_t{6}, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    if (!StreamNodeIsValid(id, bytes)) return;
    StreamLog damaged;
    RC_ASSERT(damaged.AppendNode(id, bytes));
    damaged.CheckInvariants();
    ListOf(damaged, kStreamIdMin, kStreamIdMax, StreamDirection::kDown);
    damaged.Trim({.length_max = 2});
    damaged.CheckInvariants();
  });
}

}  // namespace
}  // namespace norn
