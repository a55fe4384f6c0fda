#pragma once
// What a connection told about itself as a replica (REPLCONF), and what it asked for (PSYNC, SYNC).

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/ids.h"

namespace norn {

struct ReplicaFacts {
  std::string peer_ip = {};       // as the connection shows it
  std::string announced_ip = {};  // "ip-address"; empty: peer_ip
  int64_t listening_port = 0;
  bool capa_eof = false;
  bool capa_psync2 = false;
  bool capa_dual_channel = false;
  bool snapshot_only = false;  // "rdb-only"
  bool rdb_channel = false;    // "rdb-channel": the second connection of a dual channel sync
  bool acknowledges = true;    // false after SYNC, which old replicas and tools use
  int32_t version = 0;         // major * 65536 + minor * 256 + patch; 0: not told
  // "set-rdb-client-id": the connection that fetches the copy for this one.
  ClientId copy_client = {};
  bool operator==(const ReplicaFacts&) const = default;

  const std::string& ip() const { return announced_ip.empty() ? peer_ip : announced_ip; }
};

// PSYNC's or SYNC's question.
struct SyncRequest {
  bool psync = true;  // false: SYNC
  std::string id;     // "?": nothing to resume
  int64_t at = -1;  // the bytes of the stream that the replica has; PSYNC names the one behind them
  bool failover = false;  // PSYNC ... FAILOVER: take over first
};

struct ReplicaSide {
  ReplicaFacts facts;
  std::optional<SyncRequest> request;  // the connection turns into a feed
};

}  // namespace norn
