#include "engine/persist/rdb_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/keyspace/access.h"

namespace norn::persist {

uint32_t RestoredAccess(const AccessPolicy& policy, int64_t now_ms,
                        std::optional<uint64_t> idle_seconds, std::optional<uint8_t> frequency) {
  if (policy.lfu && frequency) return LfuPack(*frequency, now_ms);
  if (!policy.lfu && idle_seconds) {
    // The clock has 24 bits: longer than it counts is as long as it counts.
    const uint64_t idle_s = std::min<uint64_t>(*idle_seconds, kLruClockMax - 1);
    return (LruClock(now_ms) - static_cast<uint32_t>(idle_s)) & kLruClockMax;
  }
  return InitialAccess(now_ms, policy);
}

RdbLoader::RdbLoader(std::span<Keyspace* const> shards, RdbLoadOptions options)
    : shards_(shards.begin(), shards.end()), options_(std::move(options)) {
  CHECK(!shards_.empty());
  key_map_ = {.hash_seed = shards_[0]->hash_seed(),
              .shard_count = static_cast<uint32_t>(shards_.size()),
              .slots = shards_[0]->slots()};
  for (const Keyspace* shard : shards_) {
    CHECK(shard->hash_seed() == shards_[0]->hash_seed());
    CHECK(shard->slots() == shards_[0]->slots());
    CHECK(shard->database_count() == shards_[0]->database_count());
  }
}

absl::Status RdbLoader::OnAux(std::string_view key, std::string_view value) {
  if (key == "valkey-ver" || key == "redis-ver") {
    info_.server_version = value;
  } else if (key == "ctime") {
    info_.created_unix_s = ParseInt64(value);
  } else if (key == "used-mem") {
    info_.used_memory_bytes = ParseUint64(value);
  } else if (key == "repl-id") {
    info_.replication_id = value;
  } else if (key == "repl-offset") {
    info_.replication_offset = ParseInt64(value);
  } else if (key == "repl-stream-db") {
    info_.replication_db = ParseInt64(value);
  } else if (key == "norn-shard") {
    info_.cluster_shard = value;
  } else if (key == "aof-base" || key == "aof-preamble") {
    info_.aof_base = value == "1";
  }
  return absl::OkStatus();  // others are for others
}

absl::Status RdbLoader::OnDb(DbIndex db) {
  const uint32_t count = shards_[0]->database_count();
  if (db.value < count) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the snapshot has keys in database {}, this server has {} databases; raise the "
                  "option `databases`",
                  db.value, count));
}

absl::Status RdbLoader::OnEntry(const RdbEntry& entry, DetachedValue value) {
  const bool expired = entry.deadline_ms != kNoDeadline && entry.deadline_ms < options_.now_ms;
  const bool in_a_stream = !info_.replication_id.empty();
  if (expired && options_.drop_expired && !in_a_stream) {
    ++keys_expired_;
    return absl::OkStatus();
  }
  const Key key = key_map_.MakeKey(entry.key);
  Keyspace& shard = *shards_[key_map_.ShardOf(key)];
  value.set_access(
      RestoredAccess(shard.access_policy(), options_.now_ms, entry.idle_seconds, entry.frequency));
  const Db::OnDuplicate on_duplicate =
      options_.allow_duplicates ? Db::OnDuplicate::kReplace : Db::OnDuplicate::kRefuse;
  if (!shard.db(entry.db).Load(key, std::move(value), entry.deadline_ms, on_duplicate)) {
    return absl::DataLossError(fmt::format("the snapshot has the key '{}' twice in database {}",
                                           entry.key, entry.db.value));
  }
  ++keys_loaded_;
  return absl::OkStatus();
}

absl::Status RdbLoader::OnFunction(std::string_view) {
  if (!std::exchange(warned_of_functions_, true)) {
    options_.warn("the snapshot has function libraries, which this build cannot run: left out");
  }
  return absl::OkStatus();
}

absl::Status RdbLoader::OnModuleAux(std::string_view module) {
  options_.warn(fmt::format("the snapshot has data of the module '{}': left out", module));
  return absl::OkStatus();
}

}  // namespace norn::persist
