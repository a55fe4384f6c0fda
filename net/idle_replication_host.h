#pragma once
// A ReplicationHost for a node that has nothing to replicate with: it can be asked about its role, and no more.

#include "engine/replication/host.h"

namespace norn::net {

class IdleReplicationHost : public ReplicationHost {
 public:
  void SetJournaling(bool) override {}
  void SetGates(const ReplicationGates&) override {}
  absl::Status WriteSnapshot(int, const std::function<SnapshotPlace()>&,
                             persist::ByteSink&) override {
    return absl::UnimplementedError("this node cannot write snapshots");
  }
  absl::StatusOr<LoadedSnapshot> LoadSnapshot(
      persist::ByteSource&, const std::function<void(const LoadedSnapshot&)>&) override {
    return absl::UnimplementedError("this node cannot load snapshots");
  }
  void ResetPrimarySession(DbIndex) override {}
  void Apply(std::span<const StreamCommand>) override {}
  StreamOffset WriteOffsetOf(const Session&) override { return 0; }
  StreamOffset LogSyncedOffset() override { return -1; }
  void SetFailoverPause(bool) override {}
  void OnLineageChanged() override {}
};

}  // namespace norn::net
