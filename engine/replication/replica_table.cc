#include "engine/replication/replica_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.h"

namespace norn {
namespace {

bool IsOnline(const Replica& replica) { return replica.state == ReplicaState::kOnline; }

std::string_view TypeName(const Replica& replica) {
  if (replica.facts.rdb_channel) return "rdb-channel";
  return replica.state == ReplicaState::kLoadsInParallel ? "main-channel" : "replica";
}

// Whole seconds, as Valkey compares them.
int64_t LagSeconds(const Replica& replica, Instant now) {
  return (now - replica.last_ack).ns / Duration::Seconds(1).ns;
}

}  // namespace

std::string_view ReplicaStateName(ReplicaState state) {
  switch (state) {
    case ReplicaState::kWaitSnapshot:
      return "wait_bgsave";
    case ReplicaState::kSendSnapshot:
      return "send_bulk";
    case ReplicaState::kOnline:
      return "online";
    case ReplicaState::kSnapshotDone:
      return "rdb_transmitted";
    case ReplicaState::kLoadsInParallel:
      break;
  }
  return "bg_transfer";
}

Replica& ReplicaTable::Add(ClientId id, ReplicaFacts facts, ReplicaState state, Instant now) {
  const auto [at, added] = replicas_.try_emplace(id.value);
  CHECK(added);
  at->second.facts = std::move(facts);
  at->second.state = state;
  at->second.last_ack = at->second.state_since = now;
  return at->second;
}

void ReplicaTable::Remove(ClientId id, Instant now) {
  if (replicas_.erase(id.value) > 0 && replicas_.empty()) empty_since_ = now;
}

Replica* ReplicaTable::Find(ClientId id) {
  const auto found = replicas_.find(id.value);
  return found == replicas_.end() ? nullptr : &found->second;
}

void ReplicaTable::SetState(ClientId id, ReplicaState state, Instant now) {
  Replica* replica = Find(id);
  CHECK(replica != nullptr);
  replica->state = state;
  replica->state_since = now;
  // A replica that comes online has a whole timeout for its first acknowledgement.
  if (state == ReplicaState::kOnline) replica->last_ack = now;
}

void ReplicaTable::RecordAck(ClientId id, StreamOffset acked, StreamOffset on_disk,
                             StreamOffset end, Instant now) {
  Replica* replica = Find(id);
  if (replica == nullptr) return;
  if (acked <= end) replica->acked = std::max(replica->acked, acked);
  if (on_disk <= end) replica->acked_on_disk = std::max(replica->acked_on_disk, on_disk);
  replica->last_ack = now;
}

size_t ReplicaTable::CountAcked(StreamOffset offset) const {
  return static_cast<size_t>(
      std::count_if(replicas_.begin(), replicas_.end(), [offset](const auto& entry) {
        return IsOnline(entry.second) && entry.second.acked >= offset;
      }));
}

size_t ReplicaTable::CountAckedOnDisk(StreamOffset offset) const {
  return static_cast<size_t>(
      std::count_if(replicas_.begin(), replicas_.end(), [offset](const auto& entry) {
        return IsOnline(entry.second) && entry.second.acked_on_disk >= offset;
      }));
}

size_t ReplicaTable::CountGood(int64_t lag_max_s, Instant now) const {
  return static_cast<size_t>(
      std::count_if(replicas_.begin(), replicas_.end(), [&](const auto& entry) {
        return IsOnline(entry.second) && LagSeconds(entry.second, now) <= lag_max_s;
      }));
}

std::vector<ClientId> ReplicaTable::CaughtUp(StreamOffset end) const {
  std::vector<ClientId> ids;
  for (const auto& [id, replica] : replicas_) {
    if (IsOnline(replica) && replica.acked == end) ids.push_back(ClientId{id});
  }
  return ids;
}

const Replica* ReplicaTable::FindByAddress(std::string_view ip, int64_t port) const {
  for (const auto& [id, replica] : replicas_) {
    if (replica.facts.ip() == ip && replica.facts.listening_port == port) return &replica;
  }
  return nullptr;
}

std::vector<ClientId> ReplicaTable::TimedOut(Duration timeout, Instant now) const {
  std::vector<ClientId> ids;
  for (const auto& [id, replica] : replicas_) {
    const bool watched = IsOnline(replica) && replica.facts.acknowledges;
    if (watched && now - replica.last_ack > timeout) ids.push_back(ClientId{id});
  }
  return ids;
}

std::string ReplicaTable::InfoLines(Instant now) const {
  std::string lines;
  int index = 0;
  for (const auto& [id, replica] : replicas_) {
    lines += fmt::format("slave{}:ip={},port={},state={},offset={},lag={},type={}\r\n", index++,
                         replica.facts.ip(), replica.facts.listening_port,
                         ReplicaStateName(replica.state), std::max<StreamOffset>(replica.acked, 0),
                         IsOnline(replica) ? LagSeconds(replica, now) : 0, TypeName(replica));
  }
  return lines;
}

}  // namespace norn
