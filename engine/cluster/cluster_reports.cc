// The subcommands of CLUSTER that only tell: nodes, slots, shards, links, counters. Where clients are told an address, it is the
// one that this client should use: with or without TLS, of its address family.
//
// Valkey: lists nodes, shards and replicas in the order of a hash table or of their arrival; here they are ordered by id.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <vector>

#include "engine/cluster/cluster_command_rows.h"

namespace norn::cluster {
namespace {

// As CLUSTER INFO lists the counters; by the names that messages have there.
constexpr std::array<std::string_view, 13> kCounterOrder = {
    "ping",   "pong",    "meet",   "fail",         "publish",   "auth-req", "auth-ack",
    "update", "mfstart", "module", "publishshard", "auth-nack", "norn"};

// A node as this client is to see it.
class Shown {
 public:
  Shown(const ClusterCall& call, const ClusterNode& node)
      : type_(call.member.options().preferred_endpoint),
        tls_(call.member.options().tls),
        line_(call.member.LineOf(node)) {
    const bool ipv6 = call.session.peer_address.starts_with('[');
    const std::string& announced = ipv6 ? line_.client_ipv6 : line_.client_ipv4;
    if (!announced.empty()) line_.ip = IpText::Parse(announced).value_or(line_.ip);
  }

  const NodeLine& line() const { return line_; }
  std::string_view ip() const { return line_.ip.view(); }
  const std::string& hostname() const { return line_.hostname; }
  uint16_t port() const { return tls_ ? line_.tls_port : line_.tcp_port; }
  // As the option cluster-preferred-endpoint-type wants it.
  std::string_view endpoint() const {
    if (type_ == MemberOptions::Endpoint::kIp) return ip();
    if (type_ == MemberOptions::Endpoint::kUnknown) return "";
    return hostname().empty() ? "?" : std::string_view(hostname());
  }
  MemberOptions::Endpoint type() const { return type_; }

  std::string Line() const {
    std::string text;
    AppendNodeLine(line_, tls_ ? NodeLineForm::kTlsClient : NodeLineForm::kTcpClient, text);
    return text;
  }

 private:
  MemberOptions::Endpoint type_;
  bool tls_;
  NodeLine line_;
};

// Whether clients should read there.
bool IsAvailable(const ClusterNode& node) {
  return node.health != Health::kFailed && node.offset != 0;
}

// ---- SLOTS ----

void AppendOwner(const Shown& node, ReplyWriter& reply) {
  reply.Array(4);
  if (node.type() == MemberOptions::Endpoint::kUnknown) {
    reply.Null();
  } else {
    reply.Bulk(node.endpoint());
  }
  reply.Integer(node.port());
  reply.Bulk(node.line().id.view());
  const bool with_ip = node.type() != MemberOptions::Endpoint::kIp;
  const bool with_name =
      node.type() != MemberOptions::Endpoint::kHostname && !node.hostname().empty();
  reply.Map((with_ip ? 1 : 0) + (with_name ? 1 : 0));
  if (with_ip) {
    reply.Bulk("ip");
    reply.Bulk(node.ip());
  }
  if (with_name) {
    reply.Bulk("hostname");
    reply.Bulk(node.hostname());
  }
}

// The bytes that stand for a primary and its readable replicas in each of its ranges.
struct OwnerReply {
  size_t nodes = 0;
  ByteBuffer bytes;
};

OwnerReply ReplyOf(const ClusterCall& call, const ClusterNode& primary) {
  OwnerReply owner;
  ReplyWriter reply(owner.bytes, call.reply.resp());
  AppendOwner(Shown(call, primary), reply);
  owner.nodes = 1;
  for (const ClusterNode* replica : call.member.view().ReplicasOf(primary.id)) {
    if (!IsAvailable(*replica)) continue;
    AppendOwner(Shown(call, *replica), reply);
    ++owner.nodes;
  }
  return owner;
}

struct OwnedRange {
  SlotRange range;
  NodeId owner;
};

std::vector<OwnedRange> RangesBySlot(const Topology& view) {
  std::vector<OwnedRange> ranges;
  for (const auto& [id, node] : view.nodes()) {
    for (const SlotRange range : node.slots) ranges.push_back({range, id});
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const OwnedRange& a, const OwnedRange& b) { return a.range.first < b.range.first; });
  return ranges;
}

// ---- SHARDS ----

void AppendMember(const ClusterCall& call, const ClusterNode& node) {
  ReplyWriter& reply = call.reply;
  const Shown shown(call, node);
  const NodeLine& line = shown.line();
  reply.Map(6 + (line.tcp_port != 0) + (line.tls_port != 0) + !shown.hostname().empty());
  const auto text = [&](std::string_view name, std::string_view value) {
    reply.Bulk(name);
    reply.Bulk(value);
  };
  const auto number = [&](std::string_view name, int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  text("id", node.id.view());
  if (line.tcp_port != 0) number("port", line.tcp_port);
  if (line.tls_port != 0) number("tls-port", line.tls_port);
  text("ip", shown.ip());
  text("endpoint", shown.endpoint());
  if (!shown.hostname().empty()) text("hostname", shown.hostname());
  text("role", node.is_primary() ? "master" : "replica");
  number("replication-offset", node.offset);
  const bool loads = !node.is_primary() && node.offset == 0;
  text("health", node.health == Health::kFailed ? "fail" : loads ? "loading" : "online");
}

void AppendShard(const ClusterCall& call, const std::vector<const ClusterNode*>& nodes) {
  ReplyWriter& reply = call.reply;
  const auto owner = std::find_if(nodes.begin(), nodes.end(),
                                  [](const ClusterNode* node) { return node->owns_slots(); });
  reply.Map(2);
  reply.Bulk("slots");
  reply.Array(owner == nodes.end() ? 0 : 2 * (*owner)->slots.size());
  if (owner != nodes.end()) {
    for (const SlotRange range : (*owner)->slots) {
      reply.Integer(range.first.value);
      reply.Integer(range.last.value);
    }
  }
  reply.Bulk("nodes");
  reply.Array(nodes.size());
  for (const ClusterNode* node : nodes) AppendMember(call, *node);
}

// ---- INFO ----

void AppendCounters(const std::map<std::string_view, uint64_t>& counters, std::string_view way,
                    std::string& out) {
  uint64_t total = 0;
  for (const std::string_view type : kCounterOrder) {
    const auto counter = counters.find(type);
    if (counter == counters.end() || counter->second == 0) continue;
    total += counter->second;
    fmt::format_to(std::back_inserter(out), "cluster_stats_messages_{}_{}:{}\r\n", type, way,
                   counter->second);
  }
  fmt::format_to(std::back_inserter(out), "cluster_stats_messages_{}:{}\r\n", way, total);
}

}  // namespace

std::string ClusterInfo(const Member& member, uint64_t links_over_limit) {
  const Topology& view = member.view();
  std::map<Health, uint64_t> slots;
  uint64_t assigned = 0;
  uint64_t owners = 0;
  for (const auto& [id, node] : view.nodes()) {
    slots[node.health] += node.slot_count;
    assigned += node.slot_count;
    owners += node.owns_slots();
  }
  const ClusterNode& self = view.self();
  const ClusterNode* speaks_for = self.is_primary() ? &self : view.Find(self.primary);
  std::string out = fmt::format(
      "cluster_state:{}\r\n"
      "cluster_slots_assigned:{}\r\n"
      "cluster_slots_ok:{}\r\n"
      "cluster_slots_pfail:{}\r\n"
      "cluster_slots_fail:{}\r\n"
      "cluster_known_nodes:{}\r\n"
      "cluster_size:{}\r\n"
      "cluster_current_epoch:{}\r\n"
      "cluster_my_epoch:{}\r\n",
      member.serves() ? "ok" : "fail", assigned, slots[Health::kUp], slots[Health::kSuspected],
      slots[Health::kFailed], member.Lines().size(), owners, view.current_epoch(),
      speaks_for != nullptr ? speaks_for->config_epoch : 0);
  AppendCounters(member.counters().sent, "sent", out);
  AppendCounters(member.counters().received, "received", out);
  return out + fmt::format("total_cluster_links_buffer_limit_exceeded:{}\r\n", links_over_limit);
}

namespace cluster_command {

void Info(const ClusterCall& call) {
  call.reply.Verbatim("txt", ClusterInfo(call.member, call.host.links_over_limit()));
}

void Links(const ClusterCall& call) {
  std::vector<LinkRow> rows = call.member.Links();
  std::sort(rows.begin(), rows.end(), [](const LinkRow& a, const LinkRow& b) {
    return std::tuple(a.node, !a.outgoing, a.link) < std::tuple(b.node, !b.outgoing, b.link);
  });
  ReplyWriter& reply = call.reply;
  reply.Array(rows.size());
  for (const LinkRow& row : rows) {
    const ClusterHost::SendBuffer buffer = call.host.SendBufferOf(row.link);
    reply.Map(6);
    reply.Bulk("direction");
    reply.Bulk(row.outgoing ? "to" : "from");
    reply.Bulk("node");
    reply.Bulk(row.node.view());
    reply.Bulk("create-time");
    reply.Integer(row.created_unix_ms);
    reply.Bulk("events");
    reply.Bulk(buffer.used_bytes > 0 ? "rw" : "r");
    reply.Bulk("send-buffer-allocated");
    reply.Integer(static_cast<int64_t>(buffer.allocated_bytes));
    reply.Bulk("send-buffer-used");
    reply.Integer(static_cast<int64_t>(buffer.used_bytes));
  }
}

void MyId(const ClusterCall& call) { call.reply.Bulk(call.member.view().self().id.view()); }

void MyShardId(const ClusterCall& call) { call.reply.Bulk(call.member.view().self().shard.view()); }

void Nodes(const ClusterCall& call) {
  const Topology& view = call.member.view();
  const bool tls = call.member.options().tls;
  std::string text;
  for (const NodeLine& line : call.member.Lines()) {
    const ClusterNode* node = view.Find(line.id);
    if (node != nullptr) {
      text += Shown(call, *node).Line();
    } else {
      AppendNodeLine(line, tls ? NodeLineForm::kTlsClient : NodeLineForm::kTcpClient, text);
    }
    text += '\n';
  }
  call.reply.Verbatim("txt", text);
}

void Replicas(const ClusterCall& call) {
  const ClusterNode* node = NodeAt(call, 2);
  if (node == nullptr) return;
  if (!node->is_primary()) return call.reply.Error("ERR The specified node is not a master");
  const std::vector<const ClusterNode*> replicas = call.member.view().ReplicasOf(node->id);
  call.reply.Array(replicas.size());
  for (const ClusterNode* replica : replicas) call.reply.Bulk(Shown(call, *replica).Line());
}

void Shards(const ClusterCall& call) {
  std::map<ClusterShardId, std::vector<const ClusterNode*>> shards;
  for (const auto& [id, node] : call.member.view().nodes()) shards[node.shard].push_back(&node);
  call.reply.Array(shards.size());
  for (const auto& [id, nodes] : shards) AppendShard(call, nodes);
}

void Slots(const ClusterCall& call) {
  const Topology& view = call.member.view();
  const std::vector<OwnedRange> ranges = RangesBySlot(view);
  std::map<NodeId, OwnerReply> owners;
  for (const OwnedRange& owned : ranges) {
    if (!owners.contains(owned.owner)) {
      owners.emplace(owned.owner, ReplyOf(call, *view.Find(owned.owner)));
    }
  }
  call.reply.Array(ranges.size());
  for (const OwnedRange& owned : ranges) {
    const OwnerReply& owner = owners.at(owned.owner);
    call.reply.Array(2 + owner.nodes);
    call.reply.Integer(owned.range.first.value);
    call.reply.Integer(owned.range.last.value);
    call.reply.Raw(owner.bytes.view());
  }
}

}  // namespace cluster_command
}  // namespace norn::cluster
