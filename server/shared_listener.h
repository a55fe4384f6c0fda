#pragma once
// A listening socket that several executors of a node share: one of them accepts and deals the
// connections to all in turn, each by a post that carries the descriptor.
//
// Why not one SO_REUSEPORT socket each: the kernel deals by hash, so that 50 connections on two
// threads may well be 32 and 18, and a connection that waits for a busy thread is not offered to an
// idle one.
//
//   I1  The acceptor is a fiber of the executor that listened first; it ends with the last member.
//   I2  A connection that reaches a member which has closed meanwhile is dealt again.

#include "engine/env/network.h"
#include "server/event_loop.h"
#include "server/socket_address.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace norn::server {

class SharedListener;
class SocketListener;

// The listening sockets of a node by address. One mutex guards it and everything shared below:
// accepting is rare.
struct ListenerTable {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<SharedListener>> by_address;
};

// One executor's share.
class SocketListener : public env::Listener {
 public:
  SocketListener(EventLoop& loop, std::shared_ptr<SharedListener> shared)
      : loop_(loop), shared_(std::move(shared)) {}
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;
  ~SocketListener() override;

  absl::StatusOr<std::unique_ptr<env::Stream>> Accept() override;
  void Close() override;
  std::string LocalAddress() const override;

 private:
  friend class SharedListener;

  // What the acceptor dealt to this share: a connection, or the reason why there is none.
  struct Arrival {
    int fd = -1;
    int error = 0;
  };
  void Deliver(Arrival arrival);

  EventLoop& loop_;
  std::shared_ptr<SharedListener> shared_;
  std::deque<Arrival> arrivals_;
  env::FiberId acceptor_;
  bool closed_ = false;
};

class SharedListener : public std::enable_shared_from_this<SharedListener> {
 public:
  // Network::Listen on the calling loop: joins the socket of that address or opens it.
  static absl::StatusOr<std::unique_ptr<env::Listener>> Listen(ListenerTable& table,
                                                               EventLoop& loop,
                                                               const SocketAddress& address,
                                                               const env::ListenOptions& options);

  SharedListener(ListenerTable& table, EventLoop& owner, int fd, SocketAddress address);
  SharedListener(const SharedListener&) = delete;
  SharedListener& operator=(const SharedListener&) = delete;
  ~SharedListener();

  const std::string& address() const { return text_; }

  // From the member's executor. Leave by the last member ends the socket.
  void Leave(SocketListener* member);

  // Hands it to the next member; without members it is closed. Any executor.
  void Deal(SocketListener::Arrival arrival);

 private:
  struct Member {
    uint64_t id;
    SocketListener* listener;
    EventLoop* loop;
  };
  struct Handover;
  struct StopTask;

  void Join(SocketListener* member);
  absl::Status StartAcceptor();
  void AcceptAll();
  bool AcceptOne();
  void CloseSocket();

  ListenerTable& table_;
  EventLoop& owner_;
  const SocketAddress address_;
  const std::string text_;
  FdWatch watch_;  // the owner's, but for its fd, which changes under the mutex

  // Guarded by table_.mutex.
  std::vector<Member> members_;
  size_t next_ = 0;
  uint64_t joined_ = 0;
};

}  // namespace norn::server
