// Replication's roles: REPLICAOF, and FAILOVER, which changes two nodes' roles without losing a write:
//
//   writes are held back -> a replica has acknowledged everything -> this node follows it, asking it in its PSYNC to take over

#include <fmt/format.h>

#include "engine/fiber/spawn.h"
#include "net/replication.h"
#include "net/zero.h"

namespace norn::net {

std::string Replication::ReplicaOf(const std::string& host, int64_t port, std::string_view who) {
  std::string reply;
  OnFiberAtZero(node_.env().executor(), [&] {
    reply = failover_ != FailoverState::kNone
                ? std::string("-ERR REPLICAOF not allowed while failing over.")
                : ChangeRole(host, port, who);
  });
  return reply;
}

std::string Replication::ChangeRole(const std::string& host, int64_t port, std::string_view who) {
  while (changing_role_) role_turn_.Wait(Instant::Never());
  if (host == primary_host_ && (host.empty() || port == primary_port_)) {
    if (host.empty()) return "+OK";
    state().log.Notice(
        "REPLICAOF would result into synchronization with the primary we are already connected "
        "with. No operation performed.");
    return "+OK Already connected to specified master";
  }
  changing_role_ = true;
  if (host.empty()) {
    BecomePrimary();
    state().log.Notice("PRIMARY MODE enabled (user request from '{}')", who);
  } else {
    BecomeReplica(host, port, false);
    state().log.Notice("REPLICAOF {}:{} enabled (user request from '{}')", host, port, who);
  }
  changing_role_ = false;
  role_turn_.WakeAll();
  return "+OK";
}

void Replication::BecomeReplica(const std::string& host, int64_t port, bool failover) {
  const bool was_primary = primary_host_.empty();
  has_copy_ |= was_primary;
  current_at_ = Now() - (was_primary ? Duration{} : Position().age);
  if (!was_primary) link_.Stop();
  primary_host_ = host;
  primary_port_ = port;
  link_up_ = synced_ = false;
  RefreshGates();  // writes that ran before are in the stream when it returns
  while (setting_gates_) role_turn_.Wait(Instant::Never());
  if (was_primary) {
    waits_.EndAll();
    // Replicas stay: they may go on from here, if this node can resume at its primary.
    stream_.Demote();
    host_.OnLineageChanged();
  }
  link_.Follow(host, port, failover);
}

void Replication::BecomePrimary() {
  link_.Stop();
  primary_host_.clear();
  primary_port_ = 0;
  link_up_ = false;
  stream_.Promote();
  host_.SetJournaling(true);
  // They may resume, and learn the new id by it.
  feeds_.DropAll();
  stream_.replicas().RestartEmptyTime(Now());
  host_.OnLineageChanged();
  RefreshGates();
  while (setting_gates_) role_turn_.Wait(Instant::Never());
}

void Replication::OnLinkUp(bool up) {
  link_up_ = up;
  synced_ |= up;
  has_copy_ |= up;
  RefreshGates();
}

// ---- FAILOVER ----

std::string_view Replication::FailoverName() const {
  switch (failover_) {
    case FailoverState::kNone:
      return "no-failover";
    case FailoverState::kWaitForSync:
      return "waiting-for-sync";
    case FailoverState::kInProgress:
      break;
  }
  return "failover-in-progress";
}

std::string Replication::Failover(const FailoverRequest& request) {
  std::string reply;
  OnFiberAtZero(node_.env().executor(), [&] { reply = BeginFailover(request); });
  return reply;
}

std::string Replication::BeginFailover(const FailoverRequest& request) {
  if (request.abort) {
    if (failover_ == FailoverState::kNone) return "-ERR No failover in progress.";
    EndFailover("Failover manually aborted", true);
    return "+OK";
  }
  if (failover_ != FailoverState::kNone) return "-ERR FAILOVER already in progress.";
  if (!primary_host_.empty()) return "-ERR FAILOVER is not valid when server is a replica.";
  if (stream_.replicas().empty()) return "-ERR FAILOVER requires connected replicas.";
  if (request.force && (request.timeout_ms == 0 || request.host.empty())) {
    return "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
  }
  if (!request.host.empty()) {
    const Replica* target = stream_.replicas().FindByAddress(request.host, request.port);
    if (target == nullptr) return "-ERR FAILOVER target HOST and PORT is not a replica.";
    if (target->state != ReplicaState::kOnline) {
      return "-ERR FAILOVER target replica is not online.";
    }
    state().log.Notice("FAILOVER requested to {}:{}.", request.host, request.port);
  } else {
    state().log.Notice("FAILOVER requested to any replica.");
  }
  failover_ = FailoverState::kWaitForSync;
  failover_request_ = request;
  failover_deadline_ =
      request.timeout_ms > 0 ? Now() + Duration::Millis(request.timeout_ms) : Instant::Never();
  host_.HoldWrites(true);
  RequestAcks();
  return "+OK";
}

void Replication::StepFailover(Instant now) {
  if (failover_ != FailoverState::kWaitForSync || changing_role_) return;
  const bool timed_out = now >= failover_deadline_;
  if (timed_out && !failover_request_.force) {
    return EndFailover("Replica never caught up before timeout", true);
  }
  RequestAcks();
  const Replica* target = nullptr;
  if (failover_request_.host.empty()) {
    const std::vector<ClientId> ready = stream_.replicas().CaughtUp(stream_.offset());
    if (!ready.empty()) target = stream_.replicas().Find(ready.front());
  } else {
    target = stream_.replicas().FindByAddress(failover_request_.host, failover_request_.port);
    if (target != nullptr && target->acked != stream_.offset()) target = nullptr;
  }
  if (target == nullptr && !timed_out) return;
  if (target != nullptr) {
    failover_request_.host = target->facts.ip();
    failover_request_.port = target->facts.listening_port;
  }
  failover_ = FailoverState::kInProgress;
  state().log.Notice("Failover target {}:{} {}, failing over.", failover_request_.host,
                     failover_request_.port, target != nullptr ? "is synced" : "time out exceeded");
  changing_role_ = true;
  BecomeReplica(failover_request_.host, failover_request_.port, true);
  changing_role_ = false;
  role_turn_.WakeAll();
}

void Replication::OnFailoverAnswer(std::string_view refusal) {
  if (failover_ != FailoverState::kInProgress) return;
  if (refusal.empty()) return EndFailover("", false);
  // Becoming a primary again ends the link whose fiber calls this.
  SpawnFiber(node_.env().executor(), [this, why = std::string(refusal)] {
    if (failover_ == FailoverState::kInProgress) EndFailover(why, true);
  });
}

void Replication::EndFailover(std::string_view why, bool aborted) {
  if (aborted) {
    state().log.Notice("FAILOVER to {} aborted: {}",
                       failover_request_.host.empty() ? "any replica" : failover_request_.host,
                       why);
  }
  const bool in_progress = failover_ == FailoverState::kInProgress;
  failover_ = FailoverState::kNone;
  if (aborted && in_progress) ChangeRole("", 0, "failover aborted");
  host_.HoldWrites(false);
}

}  // namespace norn::net
