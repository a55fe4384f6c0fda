#pragma once
// A ReplicationControl for tests of handlers: it answers what a test put there and keeps what it was told.

#include <string>
#include <utility>
#include <vector>

#include "engine/commands/replication_control.h"

namespace norn {

class FakeReplication : public ReplicationControl {
 public:
  bool following() override { return view.following; }
  ReplicationView View() override { return view; }
  ReplicationStats Stats() override { return {}; }
  void ResetStats() override {}
  std::string ReplicaOf(const std::string& host, int64_t port, std::string_view) override {
    followed.emplace_back(host, port);
    return "+OK";
  }
  std::string Failover(const FailoverRequest& request) override {
    failovers.push_back(request);
    return "+OK";
  }
  bool DropPrimaryLink() override { return view.following; }
  bool KnowsCopyClient(ClientId id) override { return id == copy_client; }
  AckCounts AwaitAcks(Session&, const AckWait& wait) override {
    waits.push_back(wait);
    return counts;
  }

  ReplicationView view;
  AckCounts counts;
  ClientId copy_client;
  std::vector<std::pair<std::string, int64_t>> followed;
  std::vector<FailoverRequest> failovers;
  std::vector<AckWait> waits;
};

}  // namespace norn
