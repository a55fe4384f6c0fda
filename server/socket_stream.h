#pragma once
// One end of a connection over a non-blocking socket.

#include "engine/env/network.h"
#include "server/event_loop.h"
#include "server/socket_address.h"

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace norn::server {

class SocketStream : public env::Stream {
 public:
  // Takes the connected socket `fd` (also when it fails, which closes it). Runs on: `loop`.
  static absl::StatusOr<std::unique_ptr<env::Stream>> Adopt(EventLoop& loop, int fd);

  // Network::Connect.
  static absl::StatusOr<std::unique_ptr<env::Stream>> Connect(EventLoop& loop,
                                                              const SocketAddress& address,
                                                              Instant deadline);

  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;
  ~SocketStream() override;

  env::IoResult Read(std::span<char> buf, Instant deadline) override;
  env::IoResult Write(std::span<const char> buf, Instant deadline) override;
  void ShutdownWrite() override;
  void Close() override;
  std::string PeerAddress() const override;
  std::string LocalAddress() const override;
  void SetKeepAlive(env::KeepAlive keep_alive) override;

 private:
  explicit SocketStream(EventLoop& loop) : loop_(loop) {}

  env::IoResult Peek(Instant deadline);
  bool AwaitReadable(Instant deadline, env::IoResult* result);
  env::IoResult Fail();
  std::string AddressOf(SocketAddress (*end)(int), SocketAddress (*other)(int)) const;

  EventLoop& loop_;
  FdWatch watch_;
  bool reset_ = false;
};

}  // namespace norn::server
