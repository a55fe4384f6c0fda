#include "net/node_host.h"

#include <fmt/format.h>

#include "engine/base/status.h"
#include "engine/fiber/spawn.h"
#include "engine/shard/gather.h"
#include "net/address_text.h"
#include "net/connection.h"

namespace norn::net {
namespace {

constexpr Duration kOutOfDescriptorsPause = Duration::Millis(100);

void SendLastWords(env::Stream& stream, std::string_view error) {
  const std::string line = fmt::format("-{}\r\n", error);
  stream.Write({line.data(), line.size()}, Instant::Past());
  stream.ShutdownWrite();
}

bool IsLoopback(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("unix:");
}

constexpr std::string_view kProtectedMode =
    "DENIED Running in protected mode because protected mode is enabled and no password is set for "
    "the default user. In this mode connections are only accepted from the loopback interface. If "
    "you want to connect from external computers, you may adopt one of the following solutions: 1) "
    "Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the "
    "loopback interface by connecting from the same host the server is running, however MAKE SURE "
    "it's not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this "
    "change permanent. 2) Alternatively you can just disable the protected mode by editing the "
    "configuration file, and setting the protected mode option to 'no', and then restarting the "
    "server. 3) If you started the server manually just for testing, restart it with the "
    "'--protected-mode no' option. 4) Set up an authentication password for the default user. "
    "NOTE: "
    "You only need to do one of the above things in order for the server to start accepting "
    "connections from the outside.";

}  // namespace

NodeHost::NodeHost(env::Env& env, config::Config config, HostFacts host,
                   ReplicationHost* replication_host)
    : env_(env), node_(env, std::move(config), std::move(host)) {
  if (replication_host == nullptr) replication_host = &node_.replication_host();
  replication_ = std::make_unique<Replication>(node_, *replication_host);
  node_.replication_host().Attach(replication_->stream(), [this] { replication_->OnLogSynced(); });
  node_.SetReplication(*replication_);
  if (node_.config().options.cluster_enabled) {
    cluster_ = std::make_unique<Cluster>(node_, *replication_);
    node_.SetCluster(*cluster_);
  }
  for (uint32_t i = 0; i < node_.executor_count(); ++i) {
    executors_.push_back(std::make_unique<PerExecutor>(node_.state(i), node_.states()));
  }
  std::vector<MigrationControl*> migration;
  for (const auto& executor : executors_) migration.push_back(&executor->migrator);
  node_.SetMigration(std::move(migration));
}

NodeHost::~NodeHost() = default;

absl::Status NodeHost::Start() {
  if (absl::Status listening = Listen(node_.config().options); !listening.ok()) return listening;
  node_.SetHooks(NodeHooks{
      .apply_effect = [this](config::Effect effect,
                             const config::Config& after) { return ApplyEffect(effect, after); },
      .stop_listening = [this] { StopListening(); },
  });
  if (cluster_ != nullptr) {
    if (absl::Status remembered = cluster_->Remember(); !remembered.ok()) return remembered;
  }
  if (absl::Status started = node_.Start(); !started.ok()) return started;
  replication_->Start();
  return cluster_ != nullptr ? cluster_->Start() : absl::OkStatus();
}

void NodeHost::Stop() { node_.Shutdown(ShutdownRequest{}).IgnoreError(); }

absl::Status NodeHost::Listen(const config::Options& options) {
  const env::ListenOptions listen{.backlog = static_cast<int>(options.tcp_backlog),
                                  .unix_mode = static_cast<int>(options.unixsocketperm)};
  size_t listening = 0;
  if (options.port != 0) {
    for (const std::string& word : options.bind) {
      const BindAddress bind = ParseBind(word, options.port);
      const absl::Status status = ListenOnEvery(bind.address, listen);
      if (status.ok()) ++listening;
      if (status.ok() || bind.optional) continue;
      node_.state(0).log.Warning("Warning: Could not create server TCP listening socket {}: {}",
                                 bind.address, MessageOf(status));
      return absl::UnavailableError(
          fmt::format("Failed listening on port {} (tcp), aborting.", options.port));
    }
    if (listening == 0) {
      return absl::UnavailableError(
          fmt::format("Failed listening on port {} (tcp), aborting.", options.port));
    }
  }
  if (!options.unixsocket.empty()) {
    const absl::Status status = ListenOnEvery("unix:" + options.unixsocket, listen);
    if (!status.ok()) {
      return absl::UnavailableError(
          fmt::format("Failed opening Unix socket: bind: {}", MessageOf(status)));
    }
    ++listening;
  }
  if (listening == 0)
    return absl::InvalidArgumentError("Configured to not listen anywhere, exiting.");
  node_.SetListeningPort(std::to_string(options.port));
  return absl::OkStatus();
}

absl::Status NodeHost::ListenOnEvery(const std::string& address,
                                     const env::ListenOptions& options) {
  std::vector<absl::Status> results(node_.executor_count());
  const auto listen = [&](uint32_t i) {
    auto listener = env_.network().Listen(address, options);
    results[i] = listener.status();
    if (!listener.ok()) return;
    env::Listener* raw = listener->get();
    executors_[i]->listeners.push_back(*std::move(listener));
    SpawnFiber(env_.executor(), [this, i, raw] { AcceptLoop(i, raw); });
  };
  // The first one finds out whether the address can be had at all.
  listen(0);
  if (!results[0].ok()) return results[0];
  for (uint32_t i = 1; i < node_.executor_count(); ++i) {
    OnExecutor(env_.executor(), i, [&] { listen(i); });
  }
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

void NodeHost::StopListening() {
  if (cluster_ != nullptr) PostCall(env_.executor(), 0, [this] { cluster_->Stop(); });
  for (uint32_t i = 0; i < node_.executor_count(); ++i) {
    PostCall(env_.executor(), i, [this, i] {
      for (const auto& listener : executors_[i]->listeners) listener->Close();
    });
  }
}

absl::Status NodeHost::ApplyEffect(config::Effect effect, const config::Config& after) {
  if (effect == config::Effect::kReplBacklog) {
    replication_->OnBacklogSize(static_cast<size_t>(after.options.repl_backlog_size));
  }
  if (effect == config::Effect::kCluster && cluster_ != nullptr) {
    cluster_->OnOptions(after.options);
  }
  if (effect != config::Effect::kListeners) return absl::OkStatus();
  // The new addresses come up beside the old ones only when the old are closed: they may overlap.
  OnEveryExecutor(env_.executor(), node_.executor_count(), [this](uint32_t i) {
    for (const auto& listener : executors_[i]->listeners) listener->Close();
  });
  return Listen(after.options);
}

void NodeHost::AcceptLoop(uint32_t executor, env::Listener* listener) {
  PerExecutor& here = *executors_[executor];
  for (;;) {
    auto stream = listener->Accept();
    if (stream.ok()) {
      Admit(executor, *std::move(stream));
      continue;
    }
    if (!absl::IsResourceExhausted(stream.status())) break;
    node_.state(executor).log.Warning("Error accepting a client connection: {}",
                                      MessageOf(stream.status()));
    env_.executor().Park(env_.clock().Now() + kOutOfDescriptorsPause);
  }
  std::erase_if(here.listeners, [listener](const auto& own) { return own.get() == listener; });
}

void NodeHost::Admit(uint32_t executor, std::unique_ptr<env::Stream> stream) {
  // A fiber, because asking executor 0 parks and the next connection must not wait for it.
  SpawnFiber(env_.executor(), [this, executor, stream = std::move(stream)]() mutable {
    ExecutorState& state = node_.state(executor);
    if (RefusedByProtectedMode(state, *stream)) return;
    const std::optional<ClientId> id = node_.AdmitClient();
    if (!id) {
      ++state.stats.connections_rejected;
      SendLastWords(*stream, "ERR max number of clients reached");
      return;
    }
    Serve(executor, std::move(stream), *id);
    node_.ReleaseClient();
  });
}

void NodeHost::Serve(uint32_t executor, std::unique_ptr<env::Stream> stream, ClientId id) {
  ExecutorState& state = node_.state(executor);
  ++state.stats.connections_received;
  stream->SetKeepAlive(env::KeepAlive{static_cast<int>(state.options().tcp_keepalive)});
  auto connection = std::make_unique<Connection>(node_, *replication_, state,
                                                 executors_[executor]->pool, std::move(stream), id);
  state.log.Verbose("Accepted {}", connection->session().peer_address);
  connection->Run();
}

bool NodeHost::RefusedByProtectedMode(ExecutorState& state, env::Stream& stream) {
  const config::Options& options = state.options();
  if (!options.protected_mode || !options.requirepass.empty()) return false;
  if (IsLoopback(stream.PeerAddress())) return false;
  ++state.stats.connections_rejected;
  SendLastWords(stream, kProtectedMode);
  return true;
}

}  // namespace norn::net
