#include "net/replication.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/plant.h"
#include "engine/commands/errors.h"
#include "engine/fiber/spawn.h"
#include "net/zero.h"

namespace norn::net {
namespace {

constexpr Duration kTick = Duration::Millis(100);
constexpr int32_t kVersion8 = 8 << 16;

// WAIT's parked fiber.
class AckWaitCall : public BlockedCall {
 public:
  explicit AckWaitCall(env::Executor& executor) : executor_(executor), fiber_(executor.Self()) {}
  void Unblock(End end) override {
    if (ended_) return;
    ended_ = true;
    end_ = end;
    executor_.Wake(fiber_);
  }
  void Await(Instant deadline) {
    while (!ended_ && executor_.Park(deadline) == env::ParkResult::kWoken) {
    }
    ended_ = true;
  }
  End end() const { return end_; }

 private:
  env::Executor& executor_;
  env::FiberId fiber_;
  bool ended_ = false;
  End end_ = End::kTimeout;
};

}  // namespace

Replication::Replication(Node& node, ReplicationHost& host)
    : node_(node),
      host_(host),
      stream_(static_cast<size_t>(node.state(0).options().repl_backlog_size),
              Prng(node.env().entropy().Next())),
      feeds_(node, host, stream_),
      waits_(node.env().executor(), stream_),
      link_(node, host, stream_, *this),
      following_(node.executor_count(), 0),
      role_turn_(node.env().executor()),
      acked_(node.env().executor()) {
  stream_.SetWake([this] { WakeFeedsSoon(); });
}

void Replication::Start() {
  current_at_ = Now();
  const config::ReplicaOf& configured = state().options().replicaof;
  if (stream_.active()) host_.SetJournaling(true);
  const config::ReplicaOf& first = configured.host.empty() ? first_primary_ : configured;
  if (!first.host.empty()) BecomeReplica(first.host, first.port, false);
  has_copy_ = node_.replication_host().found_data();  // no primary that becomes a replica
  next_second_ = Now() + Duration::Seconds(1);
  SpawnFiber(node_.env().executor(), [this] { RunCron(); });
}

void Replication::OnLogSynced() { waits_.Check(host_.LogSyncedOffset()); }

Replication::DataPosition Replication::Position() {
  const LinkStatus& status = link_.status();
  DataPosition position{
      .has_data = has_copy_, .synced = synced_, .offset = stream_.offset(), .age = {}};
  if (primary_host_.empty()) return position;
  // Valkey: a link that is up is as old as its last byte, one that is down as the time since it broke. What was no replica's
  // before is as old as its end as a primary.
  const Instant since = link_up_        ? status.last_io
                        : status.was_up ? std::max(status.down_since, current_at_)
                                        : current_at_;
  position.age = Now() - since;
  return position;
}

void Replication::OnBacklogSize(size_t bytes) { stream_.SetBacklogBytes(bytes); }

// All appends of a turn share one wake.
void Replication::WakeFeedsSoon() {
  PostCall(node_.env().executor(), 0, [this] { feeds_.WakeStreams(); });
}

// ---- feeds ----

Admission Replication::Admit(ClientId id, const ReplicaFacts& facts, const SyncRequest& request,
                             FeedPort* port) {
  if (failover_ != FailoverState::kNone) {
    return {false, "-NOMASTERLINK Can't SYNC while failing over\r\n"};
  }
  if (!primary_host_.empty() && !link_up_) {
    return {false, "-NOMASTERLINK Can't SYNC while not connected with my master\r\n"};
  }
  if (primary_host_.empty() && leads_ && !leads_()) {
    return {false, "-NOMASTERLINK Can't SYNC while leading no shard\r\n"};
  }
  return feeds_.Admit(id, facts, request, port);
}

void Replication::OnAck(ClientId id, StreamOffset acked, StreamOffset on_disk) {
  feeds_.OnAck(id, acked, on_disk);
  waits_.Check(host_.LogSyncedOffset());
  acked_.WakeAll();
}

std::string Replication::TakeOver(const std::string& id) {
  state().log.Notice("Failover request received for replid {}.", id);
  if (primary_host_.empty()) return "-ERR PSYNC FAILOVER can't be sent to a master.\r\n";
  if (id != stream_.lineage().id()) {
    return "-ERR PSYNC FAILOVER replid must match my replid.\r\n";
  }
  ChangeRole("", 0, "failover request");
  return "";
}

// ---- time ----

void Replication::RunCron() {
  for (;;) {
    node_.env().executor().Park(Now() + kTick);
    Tick(Now());
  }
}

void Replication::Tick(Instant now) {
  feeds_.Tick(now);
  StepFailover(now);
  if (now < next_second_) return;
  next_second_ = now + Duration::Seconds(1);
  EverySecond(now);
}

void Replication::EverySecond(Instant now) {
  const config::Options& options = state().options();
  ++seconds_;
  link_.Tick();
  feeds_.SendKeepAlives();
  // A stream that is held for a failover, or for the end of the node, stays as the replicas have it.
  const Pause& pause = state().pause;
  const bool held = pause.mode != PauseMode::kNone && pause.until == Instant::Never();
  const bool pinging = primary_host_.empty() && stream_.active() && !held &&
                       failover_ == FailoverState::kNone && !stream_.replicas().empty();
  if (pinging && seconds_ % options.repl_ping_replica_period == 0) stream_.AppendPing();
  RefreshGates();
  const Duration ttl = Duration::Seconds(options.repl_backlog_ttl);
  if (!primary_host_.empty() || !stream_.BacklogExpired(ttl, now)) return;
  stream_.Deactivate();
  host_.SetJournaling(false);
  state().log.Notice("Replication backlog freed after {} seconds without connected replicas.",
                     options.repl_backlog_ttl);
}

void Replication::RequestAcks() {
  if (!primary_host_.empty() || !stream_.active() || stream_.replicas().empty()) return;
  if (acks_requested_at_ == stream_.offset()) return;
  stream_.AppendGetAck();
  acks_requested_at_ = stream_.offset();
}

void Replication::RefreshGates() {
  if (setting_gates_) return;  // whoever sets them now looks again
  setting_gates_ = true;
  for (;;) {
    const config::Options& options = state().options();
    const ReplicationGates wanted{
        .following = !primary_host_.empty(),
        .link_up = link_up_,
        .good_replicas = stream_.replicas().CountGood(options.min_replicas_max_lag, Now())};
    if (wanted == gates_) break;
    gates_ = wanted;
    OnEveryExecutor(node_.env().executor(), node_.executor_count(),
                    [this, &wanted](uint32_t i) { following_[i] = wanted.following ? 1 : 0; });
    host_.SetGates(wanted);
  }
  setting_gates_ = false;
  role_turn_.WakeAll();
}

// ---- orders for replicas ----

void Replication::AppendOrder(std::span<const std::string_view> words) {
  ByteBuffer order;
  AppendCommand(&order, words);
  stream_.Append(stream_.stream_db().value_or(DbIndex{0}), order.view());
}

std::set<uint64_t> Replication::OnlineReplicas() const {
  std::set<uint64_t> online;
  for (const auto& [id, replica] : stream_.replicas().all()) {
    if (replica.state == ReplicaState::kOnline) online.insert(id);
  }
  return online;
}

Replication::Told Replication::TellReplicas(std::span<const std::string_view> words,
                                            Duration timeout) {
  // Redis and Valkey 7 would refuse it.
  std::set<uint64_t> told = OnlineReplicas();
  const auto present = [this](uint64_t id) { return stream_.replicas().Find(ClientId{id}); };
  std::erase_if(told, [&](uint64_t id) { return present(id)->facts.version < kVersion8; });
  if (told.empty() || !primary_host_.empty()) return Told::kNobodyThere;
  AppendOrder(words);
  const StreamOffset end = stream_.offset();
  RequestAcks();
  const Instant deadline = timeout == Duration() ? Instant::Never() : Now() + timeout;
  while (true) {
    // Who has left cannot answer. Who stays has it, and with it the better history when the shard elects.
    std::erase_if(told, [&](uint64_t id) { return present(id) == nullptr; });
    const bool all =
        std::ranges::all_of(told, [&](uint64_t id) { return present(id)->acked >= end; });
    if (all) return told.empty() ? Told::kTooLate : Told::kAll;
    const bool late = acked_.Wait(std::min(deadline, Now() + kTick)) == env::ParkResult::kDeadline;
    if (!primary_host_.empty()) return Told::kTooLate;
    if (late && Now() >= deadline) break;
  }
  for (const uint64_t id : told) {
    const Replica* replica = present(id);
    if (replica == nullptr || replica->acked >= end) continue;
    state().log.Warning("Replica {} did not answer an order within {} ms: it has {} of {}",
                        feeds_.Describe(ClientId{id}), timeout.millis(), replica->acked, end);
  }
  return Told::kTooLate;
}

// ---- what commands ask ----

bool Replication::following() { return following_[node_.env().executor().Current()] != 0; }

ReplicationView Replication::View() {
  ReplicationView view;
  AtZero(node_.env().executor(), [&] { view = ViewHere(); });
  return view;
}

ReplicationStats Replication::Stats() {
  ReplicationStats stats;
  AtZero(node_.env().executor(), [&] {
    const FeedDirectory::Counters& counters = feeds_.counters();
    const uint64_t buffer_bytes = stream_.backlog().memory_bytes();
    stats = {.full_syncs = counters.full_syncs,
             .partial_syncs = counters.partial_syncs,
             .refused_partial_syncs = counters.refused_partial_syncs,
             .sent_bytes = counters.sent_bytes,
             .received_bytes = link_.received_bytes(),
             .buffer_bytes = buffer_bytes,
             .backlog_bytes = std::min<uint64_t>(buffer_bytes, stream_.backlog().limit_bytes())};
  });
  return stats;
}

void Replication::ResetStats() {
  AtZero(node_.env().executor(), [&] {
    feeds_.ResetCounters();
    link_.ResetReceivedBytes();
  });
}

ReplicationView Replication::ViewHere() {
  const config::Options& options = state().options();
  const Instant now = Now();
  ReplicationView view;
  view.following = !primary_host_.empty();
  view.primary_host = primary_host_;
  view.primary_port = primary_port_;
  view.link_state = link_.status().RoleName();
  view.offset = view.following && !link_up_ ? -1 : stream_.offset();
  for (const auto& [id, replica] : stream_.replicas().all()) {
    if (replica.state != ReplicaState::kOnline) continue;
    view.replicas.push_back({replica.facts.ip(), replica.facts.listening_port,
                             std::max<StreamOffset>(replica.acked, 0)});
  }
  view.info = fmt::format("role:{}\r\n", view.following ? "slave" : "master");
  if (view.following) {
    view.info += link_.status().InfoLines(stream_.offset(), now);
    view.info += fmt::format("slave_priority:{}\r\nslave_read_only:{}\r\nreplica_announced:{}\r\n",
                             options.replica_priority, options.replica_read_only ? 1 : 0,
                             options.replica_announced ? 1 : 0);
  }
  view.info += fmt::format("connected_slaves:{}\r\n", stream_.replicas().size());
  if (options.min_replicas_to_write > 0 && options.min_replicas_max_lag > 0) {
    view.info += fmt::format("min_slaves_good_slaves:{}\r\n",
                             stream_.replicas().CountGood(options.min_replicas_max_lag, now));
  }
  view.info += stream_.replicas().InfoLines(now);
  view.info += fmt::format("replicas_waiting_psync:{}\r\nmaster_failover_state:{}\r\n",
                           feeds_.waiting_for_main_channel(), FailoverName());
  view.info += stream_.InfoLines();
  return view;
}

bool Replication::DropPrimaryLink() {
  bool dropped = false;
  AtZero(node_.env().executor(), [&] { dropped = link_.Drop(); });
  return dropped;
}

bool Replication::KnowsCopyClient(ClientId id) {
  bool known = false;
  AtZero(node_.env().executor(), [&] { known = feeds_.KnowsCopyClient(id); });
  return known;
}

AckCounts Replication::AwaitAcks(Session& session, const AckWait& wait) {
  env::Executor& executor = node_.env().executor();
  AckWaitCall call(executor);
  AckWaits::Waiter waiter{.offset = NORN_PLANTED("B51") ? 0 : host_.WriteOffsetOf(session),
                          .wanted = wait,
                          .executor = executor.Current(),
                          .call = &call,
                          .woken = false};
  bool waits = false;
  AckCounts counts;
  const auto count = [&] {
    counts = waits_.Count(waiter.offset, wait.on_disk, host_.LogSyncedOffset());
  };
  AtZero(executor, [&] {
    waits = waits_.Register(&waiter, host_.LogSyncedOffset());
    if (waits) RequestAcks();
    count();
  });
  if (!waits) return counts;
  session.blocked = true;
  session.blocked_call = &call;
  call.Await(wait.timeout_ms == 0 ? Instant::Never()
                                  : node_.env().clock().Now() + Duration::Millis(wait.timeout_ms));
  session.blocked = false;
  session.blocked_call = nullptr;
  // Through a post even at executor 0: a wake that is under way comes before it.
  OnExecutor(executor, 0, [&] {
    waits_.Unregister(&waiter);
    count();
  });
  if (call.end() == BlockedCall::End::kError) counts.error = kUnblockedByClient;
  if (call.end() == BlockedCall::End::kRoleChange) {
    counts.error = kUnblockedByRole;
    session.close_after_reply = true;
  }
  return counts;
}

}  // namespace norn::net
