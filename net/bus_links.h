#pragma once
// The streams of the cluster bus: accepts, connects, cuts bytes into messages, sends. What a message means is not known here.
//
// Lives on executor 0, all calls come from there. One fiber a link reads; it holds no buffer while nothing comes.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/cluster/bus_message.h"
#include "engine/cluster/member.h"
#include "engine/env/env.h"
#include "engine/env/logger.h"
#include "net/output.h"

namespace norn::net {

// Who is told what happens on the links. Calls never park.
class BusOwner {
 public:
  virtual ~BusOwner() = default;
  virtual void OnAccepted(cluster::LinkId link, const cluster::LinkFacts& facts) = 0;
  virtual void OnConnected(const cluster::NodeId& node, cluster::LinkId link,
                           const cluster::LinkFacts& facts) = 0;
  // `refused`: by a host that lives.
  virtual void OnConnectFailed(const cluster::NodeId& node, bool refused) = 0;
  virtual void OnLinkDown(cluster::LinkId link) = 0;
  virtual void OnBytes(cluster::LinkId link) = 0;
  virtual void OnMessage(cluster::LinkId link, const cluster::BusMessage& message) = 0;
};

class BusLinks {
 public:
  BusLinks(env::Env& env, env::Logger& log, BusOwner& owner);
  ~BusLinks();
  BusLinks(const BusLinks&) = delete;
  BusLinks& operator=(const BusLinks&) = delete;

  // Never parks. AlreadyExists and others as of env::Network::Listen.
  absl::Status Listen(const std::string& address, int backlog);
  void StopListening();
  void CloseAll();

  void Connect(const cluster::NodeId& node, const std::string& ip, uint16_t port,
               Duration patience);
  // A link that is gone swallows it. One with more than `pending_max` bytes unsent (0: no limit) is closed.
  void Send(cluster::LinkId link, std::string_view bytes, size_t pending_max);
  // The owner is not told.
  void Close(cluster::LinkId link);

  // Of CLUSTER LINKS; 0 when it is gone.
  size_t PendingBytes(cluster::LinkId link) const;
  size_t BufferBytes(cluster::LinkId link) const;
  uint64_t links_dropped_by_limit() const { return dropped_by_limit_; }

 private:
  struct Link;

  void AcceptLoop(env::Listener* listener);
  void Serve(Link& link);
  bool ReadSome(Link& link);
  bool TakeMessages(Link& link, std::string_view& bytes);
  cluster::LinkId NextId() { return {++last_id_}; }

  env::Env& env_;
  env::Logger& log_;
  BusOwner& owner_;
  uint64_t last_id_ = 0;
  std::map<cluster::LinkId, Link*> links_;
  std::vector<std::unique_ptr<env::Listener>> listeners_;
  std::vector<char> scratch_;
  cluster::BusMessage message_;
  ByteBuffer outgoing_;
  uint64_t dropped_by_limit_ = 0;
};

}  // namespace norn::net
