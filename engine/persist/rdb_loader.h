#pragma once
// Fills the keyspaces of a node from a snapshot. They must be nobody's yet: at start, or staging ones that replace the old data
// once all is read and verified.

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/keyspace/keyspace.h"
#include "engine/persist/rdb_reader.h"

namespace norn::persist {

struct RdbLoadOptions {
  int64_t now_ms = 0;  // unix; also what idle times are relative to
  // A primary leaves out keys whose time has passed. A replica, and the preamble of an append log, keep them: the delete
  // is part of the stream. So does a primary whose file says where it stands in a stream: replicas that go on from there
  // have those keys, and wait for their deletes.
  bool drop_expired = true;
  // A key that comes twice: the later one wins. Else it is an error, because then the file is not what it claims to be.
  bool allow_duplicates = false;
  // Told what was left out that a user may miss.
  std::function<void(std::string_view)> warn = [](std::string_view) {};
};

// What the aux fields of the file said, as far as norn uses it.
struct RdbInfo {
  std::string server_version;  // valkey-ver or redis-ver
  std::optional<int64_t> created_unix_s;
  std::optional<uint64_t> used_memory_bytes;
  // Where the data stands in its primary's stream. Present together, or not.
  std::string replication_id;
  std::optional<int64_t> replication_offset;
  std::optional<int64_t> replication_db;
  // Which shard's data it is ("": no shard's any more); Valkey and earlier versions do not say.
  std::optional<std::string> cluster_shard;
  bool aof_base = false;
};

class RdbLoader : public RdbVisitor {
 public:
  // One keyspace a shard, in the order of KeyMap::ShardOf, all with the same hash seed, slots and count of databases; their access
  // policies are set already. They must outlive the loader.
  RdbLoader(std::span<Keyspace* const> shards, RdbLoadOptions options);

  absl::Status OnAux(std::string_view key, std::string_view value) override;
  absl::Status OnDb(DbIndex db) override;
  absl::Status OnEntry(const RdbEntry& entry, DetachedValue value) override;
  absl::Status OnFunction(std::string_view library) override;
  absl::Status OnModuleAux(std::string_view module) override;

  const RdbInfo& info() const { return info_; }
  uint64_t keys_loaded() const { return keys_loaded_; }
  uint64_t keys_expired() const { return keys_expired_; }

 private:
  std::vector<Keyspace*> shards_;
  KeyMap key_map_;
  RdbLoadOptions options_;
  RdbInfo info_;
  uint64_t keys_loaded_ = 0;
  uint64_t keys_expired_ = 0;
  bool warned_of_functions_ = false;
};

// The access bits that an entry gets from what a file or RESTORE says; those of a new key where it says nothing that the
// policy has a use for.
uint32_t RestoredAccess(const AccessPolicy& policy, int64_t now_ms,
                        std::optional<uint64_t> idle_seconds, std::optional<uint8_t> frequency);

}  // namespace norn::persist
