#include "sim/fabric.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "engine/base/check.h"
#include "sim/seed.h"

namespace norn::sim {
namespace {

constexpr uint16_t kFirstEphemeralPort = 32768;
constexpr uint16_t kLastEphemeralPort = 60999;

}  // namespace

Fabric::Fabric(Scheduler& scheduler, Trace& trace, const FabricOptions& options, uint64_t seed)
    : scheduler_(scheduler),
      trace_(trace),
      options_(options),
      window_prng_(PrngFor(seed, "window")),
      default_link_{.options = options.link},
      loopback_link_{.options = options.loopback} {
  CHECK(options.window_bytes_min > 0);
  CHECK(options.window_bytes_min <= options.window_bytes_max);
  CHECK(options.window_bytes_max <= UINT32_MAX);
}

// The nodes are gone, and with them all handles; what is left are references of pending events.
Fabric::~Fabric() {
  std::map<uint64_t, Connection*> left = std::move(connections_);
  for (const auto& [id, connection] : left) delete connection;
}

// ---- hosts ----

void Fabric::AddHost(NodeIndex node, uint32_t ip, ExecutorSet& executors, uint64_t seed) {
  CHECK(node.value == hosts_.size());
  CHECK_MSG(by_ip_.emplace(ip, node).second, FormatIp(ip) + " is taken");
  Host& host = hosts_.emplace_back();
  host.ip = ip;
  host.executors = &executors;
  host.dice = Dice{PrngFor(seed, "latency"), PrngFor(seed, "partial"), PrngFor(seed, "reset")};
  host.next_port = kFirstEphemeralPort;
}

void Fabric::HostUp(NodeIndex node) {
  Host& host = hosts_[node.value];
  const bool rebooted = host.state == HostState::kDead;
  host.state = HostState::kUp;
  if (!rebooted) return;
  for (const auto& [id, connection] : connections_) {
    for (const End end : {End::kClient, End::kServer}) {
      if (connection->party(end).host == node) connection->HostIsBack(end);
    }
  }
}

void Fabric::HostDown(NodeIndex node, Down down) {
  Host& host = hosts_[node.value];
  host.state = down == Down::kHostDead ? HostState::kDead : HostState::kProcessGone;
  const std::vector<ListenGroup> groups = std::move(host.groups);
  host.groups.clear();
  // References to what waits in accept queues are dropped last: the loop below walks the map.
  for (const auto& [id, connection] : connections_) {
    for (const End end : {End::kClient, End::kServer}) {
      if (connection->party(end).host != node || !connection->at(end).present) continue;
      if (down == Down::kHostDead) {
        connection->Vanish(end);
      } else if (down == Down::kCrash && (host.dice.reset.Next() & 1) != 0) {
        connection->Abort(end);
      } else {
        connection->Close(end);
      }
    }
  }
  for (const ListenGroup& group : groups) {
    for (const std::shared_ptr<ListenQueue>& queue : group.queues) CloseListener(*queue);
  }
}

// ---- links ----

Link& Fabric::LinkFrom(NodeIndex from, NodeIndex to) {
  if (from == to) return loopback_link_;
  const std::vector<std::unique_ptr<Link>>& links = hosts_[from.value].links;
  if (to.value < links.size() && links[to.value] != nullptr) return *links[to.value];
  return default_link_;
}

Link& Fabric::OwnLink(NodeIndex from, NodeIndex to) {
  CHECK(from != to);
  CHECK(to.value < hosts_.size());
  std::vector<std::unique_ptr<Link>>& links = hosts_[from.value].links;
  if (links.size() <= to.value) links.resize(to.value + 1);
  std::unique_ptr<Link>& link = links[to.value];
  if (link == nullptr) {
    link = std::make_unique<Link>(default_link_);
    link->counters = {};
  }
  return *link;
}

void Fabric::SetLink(NodeIndex from, NodeIndex to, const LinkOptions& options) {
  const LinkSetting setting{from, to, options};
  SetLinks({&setting, 1});
}

// Whoever is held while a link is not blocked (it is clogged) asks for its own release, so that only links that open
// concern connections.
void Fabric::SetLinks(std::span<const LinkSetting> settings) {
  bool any_opened = false;
  for (const LinkSetting& setting : settings) {
    Link& link = OwnLink(setting.from, setting.to);
    link.opened |= link.options.blocked && !setting.options.blocked;
    any_opened |= link.opened;
    link.options = setting.options;
    trace_.Add(
        TraceKind::kLink, setting.from, setting.to.value,
        static_cast<uint64_t>(link.options.latency.ns) << 1 | (link.options.blocked ? 1 : 0));
  }
  if (!any_opened) return;
  for (const auto& [id, connection] : connections_) {
    for (const End end : {End::kClient, End::kServer}) {
      const NodeIndex from = connection->party(end).host;
      if (LinkFrom(from, connection->party(Other(end)).host).opened) connection->LinkChanged(end);
    }
  }
  for (const LinkSetting& setting : settings) OwnLink(setting.from, setting.to).opened = false;
}

void Fabric::SetBlocked(NodeIndex from, NodeIndex to, bool blocked) {
  LinkOptions options = GetLink(from, to);
  options.blocked = blocked;
  SetLink(from, to, options);
}

void Fabric::SetPartitioned(NodeIndex a, NodeIndex b, bool partitioned) {
  SetBlocked(a, b, partitioned);
  SetBlocked(b, a, partitioned);
}

void Fabric::Clog(NodeIndex from, NodeIndex to, Duration span) {
  Link& link = OwnLink(from, to);
  link.clogged_until = std::max(link.clogged_until, scheduler_.now() + span);
  trace_.Add(TraceKind::kLink, from, to.value, static_cast<uint64_t>(link.clogged_until.ns));
  // Whoever is held meanwhile asks for its own release.
}

void Fabric::Refuse(NodeIndex node, bool on) {
  hosts_[node.value].refuse = on;
  trace_.Add(TraceKind::kLink, node, node.value, on ? 1 : 0);
}

void Fabric::CorruptNext(NodeIndex from, NodeIndex to, const Corruption& corruption) {
  OwnLink(from, to).corruption = corruption;
  trace_.Add(TraceKind::kLink, from, to.value, corruption.left);
}

// ---- connections ----

bool Fabric::IsConnected(NodeIndex node) const {
  return std::any_of(connections_.begin(), connections_.end(), [node](const auto& entry) {
    const NodeIndex client = entry.second->party(End::kClient).host;
    const NodeIndex server = entry.second->party(End::kServer).host;
    return client != server && (client == node || server == node) && entry.second->Alive();
  });
}

std::vector<uint64_t> Fabric::Connections() const {
  std::vector<uint64_t> ids;
  for (const auto& [id, connection] : connections_) {
    if (connection->Alive()) ids.push_back(id);
  }
  return ids;
}

std::vector<uint64_t> Fabric::ConnectionsBetween(NodeIndex a, NodeIndex b) const {
  std::vector<uint64_t> ids;
  for (const auto& [id, connection] : connections_) {
    if (!connection->Alive()) continue;
    const NodeIndex client = connection->party(End::kClient).host;
    const NodeIndex server = connection->party(End::kServer).host;
    if ((client == a && server == b) || (client == b && server == a)) ids.push_back(id);
  }
  return ids;
}

Connection* Fabric::Find(uint64_t id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() || !found->second->Alive() ? nullptr : found->second;
}

void Fabric::ResetBoth(Connection& connection) {
  connection.ResetEnd(End::kClient);
  connection.ResetEnd(End::kServer);
}

bool Fabric::Reset(uint64_t id) {
  Connection* connection = Find(id);
  if (connection == nullptr) return false;
  ResetBoth(*connection);
  return true;
}

size_t Fabric::ResetAll(NodeIndex a, NodeIndex b) {
  const std::vector<uint64_t> ids = ConnectionsBetween(a, b);
  for (const uint64_t id : ids) Reset(id);
  return ids.size();
}

bool Fabric::ResetRandom(Prng& prng) {
  const std::vector<uint64_t> ids = Connections();
  if (ids.empty()) return false;
  return Reset(ids[static_cast<size_t>(prng.Below(ids.size()))]);
}

bool Fabric::HalfOpen(uint64_t id, End vanishing) {
  Connection* connection = Find(id);
  if (connection == nullptr) return false;
  connection->Vanish(vanishing);
  return true;
}

Connection* Fabric::NewConnection(NodeIndex from, size_t executor, const Address& to) {
  Host& host = hosts_[from.value];
  NodeIndex target = from;
  if (!to.IsLoopback() && to.ip != Address::kWildcard) {
    const auto found = by_ip_.find(to.ip);
    if (found == by_ip_.end()) return nullptr;
    target = found->second;
  }
  Address local = to;
  if (!to.is_unix) {
    local.ip = to.IsLoopback() ? to.ip : host.ip;
    if (!to.IsLoopback()) local.host = FormatIp(host.ip);
    local.port = ChoosePort(host);
  }
  const size_t span = options_.window_bytes_max - options_.window_bytes_min + 1;
  const size_t window = options_.window_bytes_min + static_cast<size_t>(window_prng_.Below(span));
  const uint64_t id = next_id_++;
  auto* connection = new Connection(*this, id, window, Connection::Party{from, executor, local},
                                    Connection::Party{target, 0, to});
  connections_.emplace(id, connection);
  ++counters_.connects;
  trace_.Add(TraceKind::kConnect, from, static_cast<uint16_t>(executor), id, to.port);
  return connection;
}

void Fabric::Forget(Connection& connection) { connections_.erase(connection.id()); }

// ---- listening ----

uint16_t Fabric::ChoosePort(Host& host) {
  const uint16_t port = host.next_port;
  host.next_port = port == kLastEphemeralPort ? kFirstEphemeralPort : port + 1;
  return port;
}

Fabric::ListenGroup* Fabric::FindGroup(NodeIndex node, const Address& address) {
  ListenGroup* wildcard = nullptr;
  for (ListenGroup& group : hosts_[node.value].groups) {
    const Address& own = group.address;
    if (own.is_unix != address.is_unix) continue;
    if (own.is_unix) {
      if (own.host == address.host) return &group;
      continue;
    }
    if (own.port != address.port) continue;
    if (own.ip == address.ip) return &group;
    if (own.ip == Address::kWildcard) wildcard = &group;
  }
  return wildcard;
}

absl::StatusOr<std::shared_ptr<ListenQueue>> Fabric::Listen(NodeIndex node, size_t executor,
                                                            Address& address, size_t backlog) {
  Host& host = hosts_[node.value];
  if (!address.IsLoopback() && address.ip != Address::kWildcard && address.ip != host.ip) {
    return absl::NotFoundError(address.ToText() + ": Cannot assign requested address");
  }
  if (!address.is_unix && address.port == 0) address.port = ChoosePort(host);
  ListenGroup* group = nullptr;
  for (ListenGroup& other : host.groups) {
    const Address& own = other.address;
    if (own.is_unix != address.is_unix) continue;
    if (own.is_unix ? own.host == address.host : own.port == address.port && own.ip == address.ip) {
      group = &other;
    } else if (!own.is_unix && own.port == address.port &&
               (own.ip == Address::kWildcard || address.ip == Address::kWildcard)) {
      return absl::AlreadyExistsError(address.ToText() + ": Address already in use");
    }
  }
  if (group == nullptr) {
    group = &host.groups.emplace_back();
    group->address = address;
    group->backlog = backlog;
  }
  auto queue = std::make_shared<ListenQueue>();
  queue->host = node;
  queue->executor = executor;
  group->queues.push_back(queue);
  trace_.Add(TraceKind::kListen, node, static_cast<uint16_t>(executor), address.ip, address.port);
  return queue;
}

void Fabric::CloseListener(ListenQueue& queue) {
  if (queue.closed) return;
  queue.closed = true;
  std::vector<ListenGroup>& groups = hosts_[queue.host.value].groups;
  for (ListenGroup& group : groups) {
    std::erase_if(group.queues, [&](const auto& member) { return member.get() == &queue; });
  }
  std::erase_if(groups, [](const ListenGroup& group) { return group.queues.empty(); });
  std::vector<Connection*> waiting;
  waiting.swap(queue.waiting);
  for (Connection* connection : waiting) {
    connection->Abort(End::kServer);
    connection->Unref();
  }
  if (queue.acceptor != env::FiberId{}) {
    executors(queue.host).WakeOn(queue.executor, queue.acceptor);
  }
}

void Fabric::SynArrived(Connection& connection) {
  const Connection::Party& server = connection.party(End::kServer);
  Host& host = hosts_[server.host.value];
  if (host.state == HostState::kDead) return connection.RetrySyn();
  ListenGroup* group = nullptr;
  if (host.state == HostState::kUp && !host.refuse) group = FindGroup(server.host, server.address);
  if (group == nullptr) {
    ++counters_.refused;
    if (host.state == HostState::kUp && host.refuse) ++host.refusals;
    trace_.Add(TraceKind::kRefuse, server.host, connection.id(), 0);
    return connection.Refuse();
  }
  size_t queued = 0;
  for (const auto& queue : group->queues) queued += queue->waiting.size();
  if (queued >= group->backlog) return connection.RetrySyn();
  ListenQueue& queue = *group->queues[group->next++ % group->queues.size()];
  connection.Ref();
  queue.waiting.push_back(&connection);
  ++counters_.accepted;
  connection.Accepted(queue.executor);
  if (queue.acceptor != env::FiberId{}) {
    executors(server.host).WakeOn(queue.executor, queue.acceptor);
  }
}

}  // namespace norn::sim
