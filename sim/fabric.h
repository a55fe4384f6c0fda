#pragma once
// The network between the hosts of a world: who has which address, what every link is like, which
// connections exist. One host a node.
//
// The second half of the class are the hooks of tests and of `faults`. They act at once, are called
// between steps (from World::At and the like), and each counts what it did.

#include "engine/base/prng.h"
#include "sim/address.h"
#include "sim/connection.h"
#include "sim/executor_set.h"
#include "sim/link.h"
#include "sim/scheduler.h"
#include "sim/trace.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace norn::sim {

struct FabricOptions {
  LinkOptions link = {};  // between any two hosts, until SetLink
  LinkOptions loopback{.latency = Duration::Micros(5), .jitter = Duration::Micros(15)};
  uint64_t partial_read_one_in = 8;    // that often Read returns a random part; 0: never
  uint64_t partial_write_one_in = 16;  // and Write takes a random part; 0: never
  // Send and receive buffers of one direction together, drawn for each connection.
  size_t window_bytes_min = 16 * 1024;
  size_t window_bytes_max = 256 * 1024;
  Duration connect_timeout_max = Duration::Seconds(127);
  Duration syn_retry = Duration::Seconds(1);
  // A connection whose segments got nowhere for that long is given up by its sender.
  Duration retransmit_timeout = Duration::Seconds(900);
};

// What happened so far, for "a fault that does nothing is a bug of the testbed".
struct FabricCounters {
  uint64_t connects = 0;
  uint64_t refused = 0;
  uint64_t accepted = 0;
  uint64_t resets_seen = 0;  // by an end that was open
  uint64_t partial_reads = 0;
  uint64_t partial_writes = 0;
  uint64_t segments_held = 0;
  uint64_t segments_released = 0;
  uint64_t bytes_swallowed = 0;  // sent to an end that had vanished
  uint64_t timeouts = 0;         // connections given up by keep-alive or retransmission
};

enum class HostState : uint8_t {
  kUp,
  kProcessGone,  // connects are refused
  kDead,         // nothing answers
};

// One listening address of a host and the listeners that share it.
struct ListenQueue {
  NodeIndex host;
  size_t executor = 0;
  bool closed = false;
  env::FiberId acceptor;
  std::vector<Connection*> waiting;  // each with a reference
};

// Looks at what passes, for who wants to show it: must not call back, and changes nothing.
class Tap {
 public:
  virtual ~Tap() = default;
  // `end` wrote these bytes.
  virtual void Sent(const Connection& connection, End end, std::string_view bytes) = 0;
  // The next `bytes` of what `end` wrote reached the other end's host.
  virtual void Arrived(const Connection& connection, End end, size_t bytes) = 0;
};

class Fabric {
 public:
  Fabric(Scheduler& scheduler, Trace& trace, const FabricOptions& options, uint64_t seed);
  ~Fabric();

  // ---- hosts ----
  // Hosts are added in the order of their nodes' indices. Requires: nobody has that ip.
  void AddHost(NodeIndex node, uint32_t ip, ExecutorSet& executors, uint64_t seed);
  void HostUp(NodeIndex node);
  enum class Down : uint8_t { kExit, kCrash, kHostDead };
  // The node's listeners and connections go the way the kind says: orderly closes, resets or
  // closes (the seed chooses), silence.
  void HostDown(NodeIndex node, Down down);
  uint32_t IpOf(NodeIndex node) const { return hosts_[node.value].ip; }

  // ---- hooks ----
  // Requires: from != to. A link that becomes unblocked delivers what it held.
  void SetLink(NodeIndex from, NodeIndex to, const LinkOptions& options);
  // Many at once, in one pass over the connections.
  struct LinkSetting {
    NodeIndex from;
    NodeIndex to;
    LinkOptions options;
  };
  void SetLinks(std::span<const LinkSetting> settings);
  const LinkOptions& GetLink(NodeIndex from, NodeIndex to) { return LinkFrom(from, to).options; }
  // Of a link that something was done to before, by one of these hooks; the others share theirs.
  const LinkCounters& CountersOf(NodeIndex from, NodeIndex to) {
    return LinkFrom(from, to).counters;
  }
  void SetBlocked(NodeIndex from, NodeIndex to, bool blocked);
  // Both directions.
  void SetPartitioned(NodeIndex a, NodeIndex b, bool partitioned);
  // Nothing gets through for a while; then all of it, in order.
  void Clog(NodeIndex from, NodeIndex to, Duration span);
  // Connects to the node are refused while on.
  void Refuse(NodeIndex node, bool on);
  // How many were, because of that alone.
  uint64_t RefusalsOf(NodeIndex node) const { return hosts_[node.value].refusals; }
  // From now on instead of an earlier one of that direction; `left` 0: no more.
  void CorruptNext(NodeIndex from, NodeIndex to, const Corruption& corruption);

  // Somebody on another host has an open connection with that host.
  bool IsConnected(NodeIndex node) const;
  // Open connections, oldest first.
  std::vector<uint64_t> Connections() const;
  std::vector<uint64_t> ConnectionsBetween(NodeIndex a, NodeIndex b) const;
  // Both ends see a reset at once. False: no such open connection.
  bool Reset(uint64_t connection);
  // The number of connections reset.
  size_t ResetAll(NodeIndex a, NodeIndex b);
  // One of all open connections; false when there is none.
  bool ResetRandom(Prng& prng);
  // One end vanishes: its own calls report kReset, the other end notices nothing.
  bool HalfOpen(uint64_t connection, End vanishing);

  // Null: none. It stays until another is set.
  void SetTap(Tap* tap) { tap_ = tap; }

  const FabricCounters& counters() const { return counters_; }
  // Open, closing, or closed and still referred to.
  size_t connections_in_memory() const { return connections_.size(); }

  // ---- for SimNetwork ----
  struct ListenGroup {
    Address address;
    size_t backlog = 0;
    size_t next = 0;  // whose turn it is
    std::vector<std::shared_ptr<ListenQueue>> queues;
  };
  // Joins or makes the group of that address; writes the port back. AlreadyExists, NotFound.
  absl::StatusOr<std::shared_ptr<ListenQueue>> Listen(NodeIndex host, size_t executor,
                                                      Address& address, size_t backlog);
  void CloseListener(ListenQueue& queue);
  // A new connection that has not sent its SYN yet, with one reference; null: no route.
  Connection* NewConnection(NodeIndex from, size_t executor, const Address& to);

  // ---- for Connection ----
  Scheduler& scheduler() { return scheduler_; }
  Trace& trace() { return trace_; }
  Tap* tap() const { return tap_; }
  const FabricOptions& options() const { return options_; }
  FabricCounters& counters() { return counters_; }
  // A host's generators.
  struct Dice {
    Prng latency;
    Prng partial;
    Prng reset;
  };
  Dice& dice(NodeIndex node) { return hosts_[node.value].dice; }
  ExecutorSet& executors(NodeIndex node) { return *hosts_[node.value].executors; }
  Link& LinkFrom(NodeIndex from, NodeIndex to);
  HostState host_state(NodeIndex node) const { return hosts_[node.value].state; }
  void SynArrived(Connection& connection);
  void Forget(Connection& connection);  // it is being deleted

 private:
  struct Host {
    uint32_t ip = 0;
    HostState state = HostState::kProcessGone;
    bool refuse = false;
    uint64_t refusals = 0;
    ExecutorSet* executors = nullptr;
    Dice dice{Prng(0), Prng(0), Prng(0)};
    uint16_t next_port = 0;
    std::vector<ListenGroup> groups;
    std::vector<std::unique_ptr<Link>> links;  // by destination; null or short: the default
  };

  Link& OwnLink(NodeIndex from, NodeIndex to);
  ListenGroup* FindGroup(NodeIndex host, const Address& address);
  uint16_t ChoosePort(Host& host);
  Connection* Find(uint64_t connection) const;
  void ResetBoth(Connection& connection);

  Scheduler& scheduler_;
  Trace& trace_;
  const FabricOptions options_;
  Prng window_prng_;
  Link default_link_;
  Link loopback_link_;
  std::vector<Host> hosts_;
  std::map<uint32_t, NodeIndex> by_ip_;
  std::map<uint64_t, Connection*> connections_;  // by id: oldest first
  uint64_t next_id_ = 1;
  FabricCounters counters_;
  Tap* tap_ = nullptr;
};

}  // namespace norn::sim
