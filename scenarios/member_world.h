#pragma once
// Many cluster members in one process, for questions about elections alone: how long until every slot is served again, does a
// healthy cluster stay quiet, can two thousand nodes lose five hundred. Real Members and real bytes between them; the machine
// below is a model: one queue of events, virtual nanoseconds, links with latencies, a sync that takes its time, replication as
// an offset that follows another. What it leaves out (streams, executors, keys) sim::World has, at a hundred times the price.
//
//   W1  Bytes of one link arrive in order, whole messages only.
//   W2  Nothing behind a durable Save is carried out before the drawn time of the sync is over (A1 of member.h).
//   W3  The same options and seed give the same run.
//
// Not thread-safe; a world is one thread's.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/time.h"
#include "engine/cluster/member.h"

namespace norn::scenarios {

struct MemberWorldOptions {
  uint32_t shards = 3;
  uint32_t replicas = 1;  // of each shard
  Duration node_timeout = Duration::Seconds(2);
  uint64_t seed = 1;
  Duration latency_min = Duration::Micros(50);
  Duration latency_max = Duration::Micros(150);
  // Of these links every message takes ten times as long.
  uint32_t slow_links_percent = 0;
  Duration sync_min = Duration::Micros(200);
  Duration sync_max = Duration::Millis(3);
  Duration connect_timeout = Duration::Seconds(1);
  bool old_bus = false;  // MemberOptions', of all nodes
  // Each node's file is kept as text, so that it can be restarted. Off for thousands.
  bool keep_files = true;
};

class MemberWorld {
 public:
  // A formed cluster, as if all its nodes had been restarted within half a node timeout. Nodes 0 to shards - 1 are the primaries;
  // node i + k * shards is a replica of i.
  explicit MemberWorld(const MemberWorldOptions& options);
  ~MemberWorld();
  MemberWorld(const MemberWorld&) = delete;
  MemberWorld& operator=(const MemberWorld&) = delete;

  Instant now() const { return now_; }
  void Run(Duration span) { RunUntil(now_ + span, {}); }
  // Until `done`, asked every millisecond, says so; false: it never did.
  bool RunUntil(Instant end, const std::function<bool()>& done);

  size_t size() const { return nodes_.size(); }
  cluster::Member& member(size_t node) { return *nodes_[node].member; }
  bool IsUp(size_t node) const { return nodes_[node].state == State::kUp; }
  bool IsPaused(size_t node) const { return nodes_[node].paused; }

  // The host is gone without a word: links to it stay up, nothing answers.
  void Silence(size_t node);
  // The process is gone: links are reset, connecting is refused.
  void Kill(size_t node);
  // After Kill. From its file.
  void Restart(size_t node);
  // The process stands still; what is sent to it waits.
  void Pause(size_t node, Duration span);

  // Somebody in each shard may write now and sees a cluster that is ok.
  bool IsServed() const;
  // ... and every living node sends clients to it.
  bool IsRouted() const;

  // Since the last ForgetEvents: nodes that became primaries by election, the first suspicion, the first verdict.
  uint64_t promotions() const { return promotions_; }
  std::optional<Instant> first_suspicion() const { return first_suspicion_; }
  std::optional<Instant> first_verdict() const { return first_verdict_; }
  void ForgetEvents();

  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; }
  // Each log line of a member, with its node.
  std::function<void(size_t, const std::string&)> on_log;

 private:
  enum class State : uint8_t { kUp, kSilent, kDead };
  struct Node {
    std::unique_ptr<cluster::Member> member;
    State state = State::kUp;
    bool paused = false;
    uint32_t life = 0;
    std::vector<uint32_t> connections;
    std::deque<cluster::MemberAction> todo;
    bool syncing = false;
    Instant saver_free_at = Instant::Past();  // one file at a time
    uint64_t syncing_version = 0;
    uint64_t durable_version = 0;
    std::string syncing_text;
    std::string file;
    Instant step_at = Instant::Never();
    Instant beat_at;  // the next regular step
    // Replication, as a model.
    StreamOffset offset = 0;
    Instant offset_at;
    bool writes_paused = false;
    std::optional<size_t> follows;
    Instant synced_at;
    Instant data_at;
    bool has_data = true;
  };
  struct Connection {
    uint32_t ends[2];  // nodes: who connected, who accepted
    bool open[2] = {false, false};
    bool slow = false;
    Instant last_at[2] = {Instant::Past(),
                          Instant::Past()};  // arrival of the last thing sent to that end
  };
  enum class Kind : uint8_t {
    kStep,
    kMessage,
    kClosed,
    kAccepted,
    kConnected,
    kFailed,
    kSynced,
    kResume
  };
  struct Event {
    Instant at;
    uint64_t seq = 0;
    Kind kind;
    uint32_t node;
    uint32_t life = 0;                          // of the node; those of an earlier one are void
    uint32_t what = 0;                          // connection
    uint32_t text = 0;                          // of a message
    bool flag = false;                          // at the end that accepted; kFailed: refused
    bool operator<(const Event& other) const {  // the top of the queue is the earliest
      return at != other.at ? at > other.at : seq > other.seq;
    }
  };

  cluster::NodeId IdOf(size_t node) const { return ids_[node]; }
  cluster::LinkFacts FactsOf(const Connection& connection, int end) const;
  std::optional<size_t> NodeAt(const std::string& ip) const;
  cluster::NodesFile FormedFile() const;
  void Create(size_t node, std::optional<cluster::NodesFile> file);
  void Push(Event event);
  Duration Latency(const Connection& connection);
  // Arrival at that end of what is sent now.
  Instant ArrivalAt(Connection& connection, int end);
  uint32_t StoreText(std::string text);
  void Handle(const Event& event);
  void HandleLink(const Event& event);
  void HandleMessage(const Event& event);
  void Step(size_t node);
  cluster::DataFacts DataOf(size_t node);
  void AfterEvent(size_t node);
  void Drain(size_t node);
  void Perform(size_t node, cluster::MemberAction& action);
  void Send(size_t node, const cluster::member_action::Send& send);
  void Connect(size_t node, const cluster::member_action::Connect& connect);
  void CloseEnd(uint32_t connection, int end);
  void Follow(size_t node, const cluster::member_action::Follow& follow);
  void StartSync(size_t node, const cluster::member_action::Save& save);
  const cluster::Member* WriterOf(size_t shard) const;
  WallTime wall() const { return {1'700'000'000'000'000 + now_.ns / 1000}; }

  MemberWorldOptions options_;
  Prng random_;
  Instant now_{};
  std::vector<cluster::NodeId> ids_;
  std::vector<Node> nodes_;
  std::vector<Connection> connections_;
  std::priority_queue<Event> queue_;
  uint64_t next_seq_ = 0;
  std::vector<std::string> texts_;
  std::vector<uint32_t> free_texts_;
  std::vector<std::deque<Event>> held_;       // of paused nodes
  cluster::BusMessage message_;               // its memory is used again
  std::vector<cluster::MemberAction> taken_;  // likewise
  uint64_t promotions_ = 0;
  std::optional<Instant> first_suspicion_;
  std::optional<Instant> first_verdict_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  mutable size_t unserved_ = 0;  // a shard without a writer when last asked
};

}  // namespace norn::scenarios
