#include "sim/sim_network.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "engine/base/check.h"

namespace norn::sim {
namespace {

class SimStream final : public env::Stream {
 public:
  // Takes over one reference.
  SimStream(Connection* connection, End end) : connection_(connection), end_(end) {}
  ~SimStream() override {
    connection_->Close(end_);
    connection_->Unref();
  }

  env::IoResult Read(std::span<char> buf, Instant deadline) override {
    return connection_->Read(end_, buf, deadline);
  }
  env::IoResult Write(std::span<const char> buf, Instant deadline) override {
    return connection_->Write(end_, buf, deadline);
  }
  void ShutdownWrite() override { connection_->ShutdownWrite(end_); }
  void Close() override { connection_->Close(end_); }
  std::string PeerAddress() const override {
    return connection_->party(Other(end_)).address.ToText();
  }
  std::string LocalAddress() const override { return connection_->party(end_).address.ToText(); }
  void SetKeepAlive(env::KeepAlive keep_alive) override {
    connection_->SetKeepAlive(end_, keep_alive.idle_s);
  }

 private:
  Connection* connection_;
  const End end_;
};

class SimListener final : public env::Listener {
 public:
  SimListener(Fabric& fabric, std::shared_ptr<ListenQueue> queue, Address address)
      : fabric_(fabric), queue_(std::move(queue)), address_(std::move(address)) {}
  ~SimListener() override { fabric_.CloseListener(*queue_); }

  absl::StatusOr<std::unique_ptr<env::Stream>> Accept() override;
  void Close() override { fabric_.CloseListener(*queue_); }
  std::string LocalAddress() const override { return address_.ToText(); }

 private:
  Fabric& fabric_;
  std::shared_ptr<ListenQueue> queue_;
  const Address address_;
};

// Shares the queue, so that it may unwind after its listener is gone.
struct Accepting {
  Accepting(std::shared_ptr<ListenQueue> queue, env::FiberId fiber) : queue(std::move(queue)) {
    CHECK(this->queue->acceptor == env::FiberId{});  // one fiber accepts
    this->queue->acceptor = fiber;
  }
  ~Accepting() { queue->acceptor = env::FiberId{}; }
  std::shared_ptr<ListenQueue> queue;
};

absl::StatusOr<std::unique_ptr<env::Stream>> SimListener::Accept() {
  ExecutorSet& executors = fabric_.executors(queue_->host);
  CHECK(executors.Current() == queue_->executor);
  while (!queue_->closed && queue_->waiting.empty()) {
    Accepting accepting(queue_, executors.Self());
    executors.Park(Instant::Never());
  }
  if (queue_->closed) return absl::UnavailableError(address_.ToText() + ": listener closed");
  Connection* connection = queue_->waiting.front();
  queue_->waiting.erase(queue_->waiting.begin());
  fabric_.trace().Add(TraceKind::kAccept, queue_->host, static_cast<uint16_t>(queue_->executor),
                      connection->id(), 0);
  return std::make_unique<SimStream>(connection, End::kServer);
}

}  // namespace

absl::StatusOr<std::unique_ptr<env::Listener>> SimNetwork::Listen(
    std::string_view text, const env::ListenOptions& options) {
  std::optional<Address> address = ParseAddress(text);
  if (!address) return absl::InvalidArgumentError(std::string(text) + ": not an address");
  const size_t backlog = static_cast<size_t>(std::max(options.backlog, 1));
  auto queue = fabric_.Listen(node_, fabric_.executors(node_).Current(), *address, backlog);
  if (!queue.ok()) return queue.status();
  return std::make_unique<SimListener>(fabric_, *std::move(queue), *std::move(address));
}

absl::StatusOr<std::unique_ptr<env::Stream>> SimNetwork::Connect(std::string_view text,
                                                                 Instant deadline) {
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return absl::InvalidArgumentError(std::string(text) + ": not an address");
  ExecutorSet& executors = fabric_.executors(node_);
  Connection* connection = fabric_.NewConnection(node_, executors.Current(), *address);
  if (connection == nullptr) {
    return absl::NotFoundError(std::string(text) + ": No route to host");
  }
  // From here on the stream closes the connection, however this ends.
  auto stream = std::make_unique<SimStream>(connection, End::kClient);
  connection->StartConnect();
  const Instant give_up = executors.clock().Now() + fabric_.options().connect_timeout_max;
  const bool decided = connection->AwaitConnect(std::min(deadline, give_up));
  if (connection->connect_state() == Connection::ConnectState::kOpen) return stream;
  if (decided) return absl::UnavailableError(std::string(text) + ": Connection refused");
  if (deadline < give_up) return absl::DeadlineExceededError(std::string(text) + ": timed out");
  return absl::UnavailableError(std::string(text) + ": Connection timed out");
}

}  // namespace norn::sim
