#pragma once
// The feeds of all attached replicas, seen from executor 0: what each gets next, and the full copies that some wait for.
//
//   waits for a copy --(cut)--> takes the copy --(last byte; its first ACK)--> takes the stream
//        a keep-alive a second       from the spool                               from the backlog
//   resumes ------------------------------------------------------------------------^
//
// Replicas that ask within repl-diskless-sync-delay of each other share one snapshot.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/node/node.h"
#include "engine/replication/host.h"
#include "engine/replication/primary.h"
#include "net/output.h"
#include "net/replica_feed.h"
#include "net/snapshot_payload.h"

namespace norn::net {

// The answer to PSYNC or SYNC.
struct Admission {
  bool admitted = false;  // the connection is a feed; `line` may be empty
  std::string line = {};
};

struct FeedPull {
  size_t bytes = 0;   // written to the buffer; 0: the port will be woken when there is more
  bool gone = false;  // the connection must end
};

class FeedDirectory {
 public:
  struct Counters {
    uint64_t full_syncs = 0;
    uint64_t partial_syncs = 0;
    uint64_t refused_partial_syncs = 0;
    uint64_t sent_bytes = 0;
  };

  FeedDirectory(Node& node, ReplicationHost& host, PrimaryStream& stream);

  Admission Admit(ClientId id, const ReplicaFacts& facts, const SyncRequest& request,
                  FeedPort* port);
  // As log lines name it.
  std::string Describe(ClientId id) const;
  FeedPull Pull(ClientId id, std::span<char> out);
  void Leave(ClientId id);
  void OnAlive(ClientId id);
  void OnAck(ClientId id, StreamOffset acked, StreamOffset on_disk);
  // Ends every feed: replicas must ask again, because the history changed.
  void DropAll();
  void WakeStreams();
  // Ten times a second: full copies that are due, silent replicas, those over their output limits.
  void Tick(Instant now);
  // Once a second.
  void SendKeepAlives();

  bool KnowsCopyClient(ClientId id) const;
  size_t waiting_for_main_channel() const;
  const Counters& counters() const { return counters_; }
  void ResetCounters() { counters_ = {}; }

 private:
  enum class Phase : uint8_t { kWaitCopy, kCopy, kAwaitAck, kStream };
  struct Entry {
    FeedPort* port = nullptr;
    Phase phase = Phase::kWaitCopy;
    bool idle = false;  // the feed waits to be woken
    bool gone = false;
    bool keep_alive_due = false;
    bool marked =
        false;  // the copy ends with a mark, so the stream must wait for an acknowledgement
    bool acknowledged = false;  // the copy, before the feed had noticed that all of it was read
    std::string preamble;
    std::shared_ptr<SnapshotPayload> payload;
    SnapshotPayload::ReaderId reader;
    Instant since;
    Instant last_progress;
    OutputLimiter limiter;
  };

  size_t PullCopy(ClientId id, Entry& entry, std::span<char> out);
  void BeginStream(ClientId id, Entry& entry);
  void EndCopy(ClientId id, Entry& entry);
  void Wake(Entry& entry);
  void Drop(ClientId id, Entry& entry);
  void ReleaseCopy(Entry& entry);
  bool CopyIsDue(Instant now) const;
  void StartCopy();
  void RunCopy(std::vector<ClientId> ids, bool on_disk);
  void Attach(ClientId id, const std::shared_ptr<SnapshotPayload>& payload, std::string header);
  SnapshotPlace Cut(const std::vector<ClientId>& ids);
  absl::Status CopyThroughMemory(const std::vector<ClientId>& ids, int rdb_version);
  absl::Status CopyThroughDisk(const std::vector<ClientId>& ids, int rdb_version);
  absl::Status SendFile(const std::vector<ClientId>& ids, const std::string& path);
  void CheckLimits(ClientId id, Entry& entry, Instant now);
  void Count(const SyncRequest& request, SyncAnswer::Kind answer);
  ExecutorState& state() { return node_.state(0); }
  Instant Now();

  Node& node_;
  ReplicationHost& host_;
  PrimaryStream& stream_;
  std::map<uint64_t, Entry> entries_;
  bool copying_ = false;
  uint64_t copies_ = 0;
  Prng marks_;
  Counters counters_;
};

}  // namespace norn::net
