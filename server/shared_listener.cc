#include "server/shared_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/check.h"
#include "server/errno_status.h"
#include "server/socket_stream.h"

namespace norn::server {
namespace {

// How long the acceptor waits when there is no descriptor for a connection.
constexpr Duration kRetryOutOfFiles = Duration::Millis(100);

// Accepted in one go before others have their turn.
constexpr int kAcceptBatch = 64;

// A socket file that nobody listens on is what a crashed server left: it may go. Anything else
// stays and makes bind fail.
void RemoveStaleSocket(const SocketAddress& address) {
  struct stat info;
  const std::string path = address.unix_path();
  if (lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  const bool stale = connect(probe, address.raw(), address.length) != 0 && errno == ECONNREFUSED;
  close(probe);
  if (stale) unlink(path.c_str());
}

absl::Status Prepare(int fd, const SocketAddress& address, const env::ListenOptions& options) {
  const int one = 1;
  if (address.is_unix()) RemoveStaleSocket(address);
  if (!address.is_unix()) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (address.family() == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
  }
  if (bind(fd, address.raw(), address.length) != 0) {
    return ErrnoStatus(errno, address.ToString() + ": bind");
  }
  if (address.is_unix() && options.unix_mode != 0) {
    chmod(address.unix_path().c_str(), static_cast<mode_t>(options.unix_mode));
  }
  if (listen(fd, options.backlog) != 0) {
    return ErrnoStatus(errno, address.ToString() + ": listen");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OpenListening(const SocketAddress& address, const env::ListenOptions& options) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, address.ToString() + ": socket");
  absl::Status prepared = Prepare(fd, address, options);
  if (prepared.ok()) return fd;
  close(fd);
  return prepared;
}

}  // namespace

// ---- one executor's share ----

SocketListener::~SocketListener() {
  CHECK(acceptor_ == env::FiberId{});
  Close();
}

absl::StatusOr<std::unique_ptr<env::Stream>> SocketListener::Accept() {
  while (arrivals_.empty() && !closed_) {
    struct Parked {
      env::FiberId& slot;
      ~Parked() { slot = env::FiberId{}; }
    } parked{acceptor_};
    CHECK(acceptor_ == env::FiberId{});
    acceptor_ = loop_.fibers().Self();
    loop_.fibers().Park(Instant::Never());
  }
  if (closed_) return absl::UnavailableError(LocalAddress() + ": the listener was closed");
  const Arrival arrival = arrivals_.front();
  arrivals_.pop_front();
  if (arrival.fd < 0) return ErrnoStatus(arrival.error, LocalAddress() + ": accept");
  return SocketStream::Adopt(loop_, arrival.fd);
}

void SocketListener::Deliver(Arrival arrival) {
  arrivals_.push_back(arrival);
  if (acceptor_.fiber != nullptr) loop_.fibers().Wake(acceptor_);
}

void SocketListener::Close() {
  if (closed_) return;
  closed_ = true;
  if (acceptor_.fiber != nullptr) loop_.fibers().Wake(acceptor_);
  shared_->Leave(this);
  for (const Arrival& arrival : arrivals_) {
    if (arrival.fd >= 0) shared_->Deal(arrival);  // I2
  }
  arrivals_.clear();
}

std::string SocketListener::LocalAddress() const { return shared_->address(); }

// ---- the socket ----

// An arrival on its way to another executor.
struct SharedListener::Handover : env::Task {
  std::shared_ptr<SharedListener> shared;
  uint64_t member_id = 0;
  SocketListener::Arrival arrival;

  static void Run(env::Task* task) {
    std::unique_ptr<Handover> self(static_cast<Handover*>(task));
    SocketListener* listener = nullptr;
    {
      std::lock_guard lock(self->shared->table_.mutex);
      for (const Member& member : self->shared->members_) {
        if (member.id == self->member_id) listener = member.listener;
      }
    }
    // Only this executor could remove the member, so it stays while we run.
    if (listener != nullptr) return listener->Deliver(self->arrival);
    self->shared->Deal(self->arrival);  // I2
  }

  static void Drop(env::Task* task) {
    std::unique_ptr<Handover> self(static_cast<Handover*>(task));
    if (self->arrival.fd >= 0) close(self->arrival.fd);
  }
};

struct SharedListener::StopTask : env::Task {
  std::shared_ptr<SharedListener> shared;

  static void Run(env::Task* task) {
    std::unique_ptr<StopTask> self(static_cast<StopTask*>(task));
    self->shared->CloseSocket();
  }
  static void Drop(env::Task* task) { delete static_cast<StopTask*>(task); }
};

absl::StatusOr<std::unique_ptr<env::Listener>> SharedListener::Listen(
    ListenerTable& table, EventLoop& loop, const SocketAddress& address,
    const env::ListenOptions& options) {
  std::lock_guard lock(table.mutex);
  // Port 0 asks for a port of one's own, so there is nothing to join.
  auto found = table.by_address.find(address.ToString());
  if (found != table.by_address.end()) {
    auto member = std::make_unique<SocketListener>(loop, found->second);
    found->second->Join(member.get());
    return member;
  }
  const absl::StatusOr<int> fd = OpenListening(address, options);
  if (!fd.ok()) return fd.status();
  const SocketAddress bound = address.is_unix() ? address : LocalAddressOf(*fd);
  auto shared = std::make_shared<SharedListener>(table, loop, *fd, bound);
  if (absl::Status started = shared->StartAcceptor(); !started.ok()) return started;
  table.by_address[shared->address()] = shared;
  auto member = std::make_unique<SocketListener>(loop, shared);
  shared->Join(member.get());
  return member;
}

SharedListener::SharedListener(ListenerTable& table, EventLoop& owner, int fd,
                               SocketAddress address)
    : table_(table), owner_(owner), address_(address), text_(address.ToString()) {
  watch_.fd = fd;
}

SharedListener::~SharedListener() {
  if (!watch_.closed) close(watch_.fd);  // the acceptor never had its first turn
}

void SharedListener::Join(SocketListener* member) {
  members_.push_back(Member{joined_++, member, &member->loop_});
}

void SharedListener::Leave(SocketListener* member) {
  std::unique_lock lock(table_.mutex);
  const auto at = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& m) { return m.listener == member; });
  CHECK(at != members_.end());
  const size_t index = static_cast<size_t>(at - members_.begin());
  members_.erase(at);
  if (next_ > index) --next_;
  if (!members_.empty()) return;

  // The last one: the address is free when this returns. Only the owner may close the descriptor
  // that its loop watches, so from elsewhere the socket merely stops listening for now.
  table_.by_address.erase(text_);
  if (address_.is_unix()) unlink(address_.unix_path().c_str());
  if (watch_.fd >= 0) shutdown(watch_.fd, SHUT_RDWR);
  lock.unlock();
  if (EventLoop::Current() == &owner_) return CloseSocket();
  auto* stop = new StopTask;
  stop->run = StopTask::Run;
  stop->drop = StopTask::Drop;
  stop->shared = shared_from_this();
  owner_.PostRemote(stop);
}

void SharedListener::Deal(SocketListener::Arrival arrival) {
  std::unique_lock lock(table_.mutex);
  if (members_.empty()) {
    lock.unlock();
    if (arrival.fd >= 0) close(arrival.fd);
    return;
  }
  if (next_ >= members_.size()) next_ = 0;
  const Member member = members_[next_++];
  lock.unlock();
  if (member.loop == EventLoop::Current()) return member.listener->Deliver(arrival);
  auto* handover = new Handover;
  handover->run = Handover::Run;
  handover->drop = Handover::Drop;
  handover->shared = shared_from_this();
  handover->member_id = member.id;
  handover->arrival = arrival;
  member.loop->PostRemote(handover);
}

absl::Status SharedListener::StartAcceptor() {
  if (absl::Status watched = owner_.Watch(&watch_); !watched.ok()) return watched;
  using Holder = std::shared_ptr<SharedListener>;
  owner_.fibers().Spawn(
      [](void* argument) {
        std::unique_ptr<Holder> self(static_cast<Holder*>(argument));
        struct AtEnd {
          SharedListener& shared;
          ~AtEnd() { shared.CloseSocket(); }
        } at_end{**self};
        (*self)->AcceptAll();
      },
      [](void* argument) { delete static_cast<Holder*>(argument); },
      new Holder(shared_from_this()));
  return absl::OkStatus();
}

// The acceptor's body; ends when the socket is closed (I1).
void SharedListener::AcceptAll() {
  int accepted = 0;
  while (!watch_.closed) {
    owner_.AwaitReadable(watch_, Instant::Never());
    if (watch_.closed) return;
    if (AcceptOne() && ++accepted % kAcceptBatch == 0) owner_.fibers().Yield();
  }
}

bool SharedListener::AcceptOne() {
  const int fd = accept4(watch_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    Deal(SocketListener::Arrival{fd, 0});
    return true;
  }
  const int error = errno;
  if (error == EAGAIN) {
    watch_.readable = FdWatch::Readable::kNo;
  } else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
    Deal(SocketListener::Arrival{-1, error});
    owner_.fibers().Park(owner_.clock().Now() + kRetryOutOfFiles);
  } else if (error == EINVAL) {  // shut down by Leave on another executor; its StopTask is coming
    watch_.readable = FdWatch::Readable::kNo;
  }
  return false;  // any other error is about one connection that is gone already
}

void SharedListener::CloseSocket() {
  std::lock_guard lock(table_.mutex);
  owner_.CloseWatch(watch_);
}

}  // namespace norn::server
