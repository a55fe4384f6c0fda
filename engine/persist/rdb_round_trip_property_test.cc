// What is written comes back: random databases through encoders of several shards, one stream, and a loader with another
// count of shards (I17).

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/keyspace/keyspace.h"
#include "engine/persist/dump_payload.h"
#include "engine/persist/rdb_encoder.h"
#include "engine/persist/rdb_loader.h"
#include "engine/persist/rdb_reader.h"
#include "engine/persist/rdb_stream.h"
#include "engine/persist/testing.h"

namespace norn::persist {
namespace {

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr uint32_t kDatabases = 3;

// Value, deadline, access bits by database and key.
using Contents =
    std::map<std::pair<uint32_t, std::string>, std::tuple<std::string, int64_t, uint32_t>>;

class Shards {
 public:
  Shards(uint32_t count, bool lfu) {
    for (uint32_t i = 0; i < count; ++i) {
      owned_.push_back(std::make_unique<Keyspace>(
          KeyspaceOptions{.hash_seed = 9, .prng_seed = i, .databases = kDatabases}));
      owned_.back()->set_access_policy({.lfu = lfu});
      all.push_back(owned_.back().get());
    }
  }

  Db& DbOf(const Key& key, uint32_t db) {
    const KeyMap map{.shard_count = static_cast<uint32_t>(all.size())};
    return all[map.ShardOf(key)]->db(DbIndex{db});
  }
  Contents Read() const {
    Contents contents;
    for (Keyspace* shard : all) {
      for (uint32_t i = 0; i < kDatabases; ++i) {
        shard->db(DbIndex{i}).ForEach([&](const Entry& entry) {
          StringScratch scratch;
          contents[{i, std::string(entry.key())}] = {std::string(entry.String(scratch)),
                                                     entry.deadline_ms(), entry.access()};
        });
      }
    }
    return contents;
  }

  std::vector<Keyspace*> all;

 private:
  std::vector<std::unique_ptr<Keyspace>> owned_;
};

std::string RandomText() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return std::to_string(*rc::gen::arbitrary<int64_t>() >> *rc::gen::inRange(0, 63));
    case 1:
      return *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    case 2: {
      const std::string part = *rc::gen::container<std::string>(rc::gen::inRange('a', 'f'));
      std::string text;
      for (int i = *rc::gen::inRange(0, 200); i > 0; --i) text += part;
      return text;
    }
    default:
      return std::string(static_cast<size_t>(*rc::gen::inRange(0, 70000)),
                         *rc::gen::arbitrary<char>());
  }
}

void Fill(Shards& shards) {
  for (int i = *rc::gen::inRange(0, 40); i > 0; --i) {
    const std::string name = RandomText();
    const Key key = shards.all[0]->MakeKey(name);
    SetStringOptions options;
    if (*rc::gen::arbitrary<bool>()) options.deadline_ms = kNowMs + *rc::gen::inRange(1, 1 << 30);
    Db& db = shards.DbOf(key, *rc::gen::inRange(0u, kDatabases));
    db.SetString(key, RandomText(), options, {.now_ms = kNowMs});
    if (*rc::gen::inRange(0, 4) == 0) {
      const std::span<char> grown = db.ResizeString(key, db.FindAny(key), 3, {.now_ms = kNowMs});
      std::fill(grown.begin(), grown.end(), 'm');
    }
    // Whole seconds and minutes come back exactly; the LRU clock counts nothing finer.
    const bool lfu = shards.all[0]->access_policy().lfu;
    const uint32_t idle = *rc::gen::inRange(0u, lfu ? 256u : 100'000u);
    db.SetAccess(db.FindAny(key),
                 lfu ? LfuPack(idle, kNowMs) : LruClock(kNowMs - int64_t{idle} * 1000));
  }
}

std::string Encode(Shards& shards, const RdbEncodeOptions& options, bool checksum) {
  StringSink sink;
  RdbStream stream(sink, checksum);
  ByteBuffer out;
  RdbEncoder(options).Header(out);
  RC_ASSERT(stream.Write(out.view()).ok());
  for (Keyspace* shard : shards.all) {
    RdbEncoder encoder(options);
    for (uint32_t i = 0; i < kDatabases; ++i) {
      const Db& db = shard->db(DbIndex{i});
      out.Clear();
      encoder.SelectDb(DbIndex{i}, out);
      encoder.Sizes(db.Size(), db.DeadlineCount(), out);
      db.ForEach([&](const Entry& entry) { encoder.AddEntry(entry, out); });
      RC_ASSERT(stream.Write(out.view()).ok());
    }
  }
  RC_ASSERT(stream.Finish().ok());
  return sink.text;
}

RC_GTEST_PROP(RdbRoundTrip, ADatabaseComesBack, ()) {
  const bool lfu = *rc::gen::arbitrary<bool>();
  Shards from(*rc::gen::inRange(1u, 5u), lfu);
  Fill(from);
  RdbEncodeOptions options;
  options.version = *rc::gen::inRange(9, 12);
  options.compress = *rc::gen::arbitrary<bool>();
  options.access = lfu ? RdbEncodeOptions::Access::kFrequency : RdbEncodeOptions::Access::kIdle;
  options.policy.lfu = lfu;
  options.now_ms = kNowMs;
  const std::string file = Encode(from, options, *rc::gen::arbitrary<bool>());

  Shards to(*rc::gen::inRange(1u, 5u), lfu);
  StringSource source(file, *rc::gen::inRange(size_t{1}, size_t{100'000}));
  RdbReader reader(source, {});
  RdbLoader loader(to.all, {.now_ms = kNowMs});
  RC_ASSERT(reader.Read(loader).ok());
  RC_ASSERT(reader.consumed_bytes() == file.size());
  RC_ASSERT(to.Read() == from.Read());
  for (Keyspace* shard : to.all) {
    for (uint32_t i = 0; i < kDatabases; ++i) shard->db(DbIndex{i}).CheckInvariants();
  }
}

RC_GTEST_PROP(RdbRoundTrip, AValueComesBackFromItsDumpPayload, ()) {
  Shards shards(1, false);
  Db& db = shards.all[0]->db(DbIndex{0});
  const std::string value = RandomText();
  const Key key = shards.all[0]->MakeKey("k"), copy = shards.all[0]->MakeKey("copy");
  db.SetString(key, value, {}, {.now_ms = kNowMs});
  ByteBuffer payload;
  payload.Append("before");
  AppendDumpPayload(*db.FindAny(key), {.compress = *rc::gen::arbitrary<bool>()}, payload);
  const std::string_view bytes = payload.view().substr(6);
  RC_ASSERT(DumpPayloadIsWhole(bytes, false));
  std::optional<DetachedValue> read = ReadDumpPayload(bytes, {});
  RC_ASSERT(read.has_value());
  db.Put(copy, *std::move(read), kNoDeadline, {.now_ms = kNowMs});
  StringScratch scratch;
  RC_ASSERT(db.FindAny(copy)->String(scratch) == value);
  RC_ASSERT(db.FindAny(copy)->encoding() == db.FindAny(key)->encoding());
}

}  // namespace
}  // namespace norn::persist
