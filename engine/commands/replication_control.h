#pragma once
// What the replication commands ask of the node (REPLICAOF, ROLE, WAIT, WAITAOF, FAILOVER, INFO). Implemented by net's
// Replication; an interface because commands stand below it on the ladder. All calls may come from any executor.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session/session.h"

namespace norn {

struct ReplicaAddress {
  std::string ip;
  int64_t port = 0;
  int64_t acked = 0;
};

struct ReplicationView {
  bool following = false;
  std::string primary_host;
  int64_t primary_port = 0;
  std::string link_state;                // ROLE's word, when following
  int64_t offset = 0;                    // of the stream; -1: following and not connected
  std::vector<ReplicaAddress> replicas;  // online
  std::string info;                      // INFO's lines, without the title
};

// Counters and memory of INFO.
struct ReplicationStats {
  uint64_t full_syncs = 0;
  uint64_t partial_syncs = 0;
  uint64_t refused_partial_syncs = 0;  // a replica wanted to resume and had to copy
  uint64_t sent_bytes = 0;             // to replicas
  uint64_t received_bytes = 0;         // from the primary
  uint64_t buffer_bytes = 0;   // the stream's memory: backlog and what replicas have yet to read
  uint64_t backlog_bytes = 0;  // of it, as much as the backlog may have
};

struct FailoverRequest {
  std::string host;  // empty: any replica
  int64_t port = 0;
  int64_t timeout_ms = 0;  // 0: none
  bool force = false;
  bool abort = false;
};

struct AckCounts {
  int64_t local = 0;
  int64_t replicas = 0;
  std::string_view
      error;  // not empty: the wait ended by CLIENT UNBLOCK ERROR or because the node's role changed
};

class ReplicationControl {
 public:
  virtual ~ReplicationControl() = default;

  // As the current executor knows it; never parks.
  virtual bool following() = 0;

  virtual ReplicationView View() = 0;    // parks
  virtual ReplicationStats Stats() = 0;  // parks
  virtual void ResetStats() = 0;         // CONFIG RESETSTAT; parks

  // The whole reply line without its line end: "+OK", "+OK Already connected ...", "-ERR ...". An empty host: no one. `who`
  // describes the client for the log. Parks.
  virtual std::string ReplicaOf(const std::string& host, int64_t port, std::string_view who) = 0;
  virtual std::string Failover(const FailoverRequest& request) = 0;  // parks

  // Resets the link to the primary, which comes back by itself. False: there is none. Parks.
  virtual bool DropPrimaryLink() = 0;

  // REPLCONF set-rdb-client-id: whether this connection fetches a copy whose stream waits for another. Parks.
  virtual bool KnowsCopyClient(ClientId id) = 0;

  // Parks until so many replicas have what the session wrote (`on_disk`: and this node, for `local`, synced it), the time is
  // over (`timeout_ms` 0: none), or the session is unblocked. `may_wait` false: does not park for that. The counts are those at
  // the end.
  struct AckWait {
    int64_t replicas = 0;
    int64_t local = 0;
    bool on_disk = false;
    int64_t timeout_ms = 0;
    bool may_wait = true;
  };
  virtual AckCounts AwaitAcks(Session& session, const AckWait& wait) = 0;
};

}  // namespace norn
