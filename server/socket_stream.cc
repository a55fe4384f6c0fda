#include "server/socket_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "server/errno_status.h"

namespace norn::server {

using env::IoCode;
using env::IoResult;
using Readable = FdWatch::Readable;

namespace {

constexpr Duration kUnixRetry = Duration::Millis(1);

// Closes a descriptor that nobody owns yet, if the fiber is killed in between.
class FdGuard {
 public:
  explicit FdGuard(int fd) : fd_(fd) {}
  ~FdGuard() {
    if (fd_ >= 0) close(fd_);
  }
  void Release() { fd_ = -1; }

 private:
  int fd_;
};

// Whoever connects asks one thing: is anybody there?
absl::Status ConnectError(int error, const SocketAddress& address) {
  const std::string message = address.ToString() + ": connect: " + ErrnoText(error);
  if (error == EAGAIN || error == ETIMEDOUT) return absl::DeadlineExceededError(message);
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<env::Stream>> SocketStream::Adopt(EventLoop& loop, int fd) {
  std::unique_ptr<SocketStream> stream(new SocketStream(loop));
  stream->watch_.fd = fd;
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));  // fails on Unix sockets, rightly
  if (absl::Status watched = loop.Watch(&stream->watch_); !watched.ok()) return watched;
  return std::unique_ptr<env::Stream>(std::move(stream));
}

absl::StatusOr<std::unique_ptr<env::Stream>> SocketStream::Connect(EventLoop& loop,
                                                                   const SocketAddress& address,
                                                                   Instant deadline) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, address.ToString() + ": socket");
  int error = connect(fd, address.raw(), address.length) == 0 ? 0 : errno;
  // A Unix listener whose queue is full says so and cannot be waited for.
  while (error == EAGAIN && loop.clock().Now() < deadline) {
    FdGuard guard(fd);
    loop.fibers().Park(std::min(deadline, loop.clock().Now() + kUnixRetry));
    guard.Release();
    error = connect(fd, address.raw(), address.length) == 0 ? 0 : errno;
  }
  const bool pending = error == EINPROGRESS;
  if (error != 0 && !pending) {
    close(fd);
    return ConnectError(error, address);
  }
  // Only now: epoll reports a socket that has not begun to connect as hung up.
  auto adopted = Adopt(loop, fd);
  if (!adopted.ok() || !pending) return adopted;
  FdWatch& watch = static_cast<SocketStream&>(**adopted).watch_;
  watch.writable = false;
  if (loop.AwaitWritable(watch, deadline) == env::ParkResult::kDeadline) {
    return absl::DeadlineExceededError(address.ToString() + ": connect: no answer");
  }
  socklen_t length = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return ConnectError(error, address);
  return adopted;
}

SocketStream::~SocketStream() {
  CHECK(watch_.reader == env::FiberId{} && watch_.writer == env::FiberId{});
  loop_.CloseWatch(watch_);
}

IoResult SocketStream::Read(std::span<char> buf, Instant deadline) {
  if (buf.empty()) return Peek(deadline);
  IoResult ended;
  for (;;) {
    if (!AwaitReadable(deadline, &ended)) return ended;
    const ssize_t n = recv(watch_.fd, buf.data(), buf.size(), 0);
    if (n > 0) {
      const size_t bytes = static_cast<size_t>(n);
      // Fewer than asked for: all is read, epoll will tell of more. Unless the end of the stream
      // was told of already; it is not told twice.
      const bool drained = bytes < buf.size() && !watch_.hang_up;
      watch_.readable = drained ? Readable::kNo : Readable::kMaybe;
      return IoResult{IoCode::kOk, bytes};
    }
    if (n == 0) return IoResult{IoCode::kEof, 0};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Fail();
    watch_.readable = Readable::kNo;
  }
}

// A Read without a buffer. That epoll reported data and nobody read since is proof enough, if it is
// not the end that it reported.
IoResult SocketStream::Peek(Instant deadline) {
  IoResult ended;
  for (;;) {
    if (!AwaitReadable(deadline, &ended)) return ended;
    if (watch_.readable == Readable::kYes && !watch_.hang_up) return IoResult{IoCode::kOk, 0};
    char byte;
    const ssize_t n = recv(watch_.fd, &byte, 1, MSG_PEEK);
    if (n > 0) return IoResult{IoCode::kOk, 0};
    if (n == 0) return IoResult{IoCode::kEof, 0};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Fail();
    watch_.readable = Readable::kNo;
  }
}

// False: the read ends with *result.
bool SocketStream::AwaitReadable(Instant deadline, IoResult* result) {
  if (!watch_.closed && !reset_ &&
      loop_.AwaitReadable(watch_, deadline) == env::ParkResult::kDeadline) {
    *result = IoResult{IoCode::kDeadline, 0};
    return false;
  }
  if (watch_.closed || reset_) {
    *result = IoResult{IoCode::kReset, 0};
    return false;
  }
  return true;
}

IoResult SocketStream::Write(std::span<const char> buf, Instant deadline) {
  CHECK(!buf.empty());
  for (;;) {
    if (watch_.closed || reset_) return IoResult{IoCode::kReset, 0};
    if (!watch_.writable && loop_.AwaitWritable(watch_, deadline) == env::ParkResult::kDeadline) {
      return IoResult{IoCode::kDeadline, 0};
    }
    if (watch_.closed || reset_) return IoResult{IoCode::kReset, 0};
    const ssize_t n = send(watch_.fd, buf.data(), buf.size(), MSG_NOSIGNAL);
    if (n > 0) return IoResult{IoCode::kOk, static_cast<size_t>(n)};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Fail();
    watch_.writable = false;
  }
}

// The kernel reports an error once; the stream stays reset.
IoResult SocketStream::Fail() {
  reset_ = true;
  return IoResult{IoCode::kReset, 0};
}

void SocketStream::ShutdownWrite() {
  if (!watch_.closed) shutdown(watch_.fd, SHUT_WR);
}

void SocketStream::Close() { loop_.CloseWatch(watch_); }

// Only one end of a Unix connection has a name, the listener's: it is the name of both.
std::string SocketStream::AddressOf(SocketAddress (*end)(int), SocketAddress (*other)(int)) const {
  if (watch_.closed) return "";
  const SocketAddress address = end(watch_.fd);
  const std::string text = address.ToString();
  return text.empty() && address.is_unix() ? other(watch_.fd).ToString() : text;
}

std::string SocketStream::PeerAddress() const { return AddressOf(PeerAddressOf, LocalAddressOf); }

std::string SocketStream::LocalAddress() const { return AddressOf(LocalAddressOf, PeerAddressOf); }

// Valkey: three probes, a third of the idle time apart, before the connection counts as dead.
void SocketStream::SetKeepAlive(env::KeepAlive keep_alive) {
  if (watch_.closed) return;
  const int on = keep_alive.idle_s > 0 ? 1 : 0;
  setsockopt(watch_.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (on == 0) return;
  const int interval_s = std::max(keep_alive.idle_s / 3, 1);
  const int probes = 3;
  setsockopt(watch_.fd, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive.idle_s, sizeof(int));
  setsockopt(watch_.fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(int));
  setsockopt(watch_.fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(int));
}

}  // namespace norn::server
