// The table of CLUSTER's subcommands, and those that change membership, roles and epochs.

#include "engine/cluster/cluster_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/number.h"
#include "engine/cluster/cluster_command_rows.h"
#include "engine/commands/errors.h"
#include "engine/commands/replies.h"
#include "engine/config/table.h"
#include "engine/config/validate.h"

namespace norn::cluster {
namespace {

namespace cc = cluster_command;

struct Row {
  std::string_view name;
  size_t words_min;
  size_t words_max;
  void (*run)(const ClusterCall& call);
};

constexpr size_t kMany = SIZE_MAX;

// Words count CLUSTER and the subcommand.
// clang-format off
constexpr Row kRows[] = {
    {"addslots", 3, kMany, cc::AddSlots},
    {"addslotsrange", 4, kMany, cc::AddSlotsRange},
    {"bumpepoch", 2, 2, cc::BumpEpoch},
    {"count-failure-reports", 3, 3, cc::CountFailureReports},
    {"countkeysinslot", 3, 3, cc::CountKeysInSlot},
    {"delslots", 3, kMany, cc::DelSlots},
    {"delslotsrange", 4, kMany, cc::DelSlotsRange},
    {"failover", 2, 3, cc::Failover},
    {"flushslots", 2, 2, cc::FlushSlots},
    {"forget", 3, 3, cc::Forget},
    {"getkeysinslot", 4, 4, cc::GetKeysInSlot},
    {"info", 2, 2, cc::Info},
    {"keyslot", 3, 3, cc::KeySlot},
    {"links", 2, 2, cc::Links},
    {"meet", 4, 5, cc::Meet},
    {"myid", 2, 2, cc::MyId},
    {"myshardid", 2, 2, cc::MyShardId},
    {"nodes", 2, 2, cc::Nodes},
    {"replicas", 3, 3, cc::Replicas},
    {"replicate", 3, 3, cc::Replicate},
    {"reset", 2, 3, cc::Reset},
    {"saveconfig", 2, 2, cc::SaveConfig},
    {"set-config-epoch", 3, 3, cc::SetConfigEpoch},
    {"setslot", 4, kMany, cc::SetSlot},
    {"shards", 2, 2, cc::Shards},
    {"slaves", 3, 3, cc::Replicas},
    {"slot-stats", 4, kMany, cc::SlotStats},
    {"slots", 2, 2, cc::Slots},
    // Of a command of its own; as a subcommand of CLUSTER nobody can say it.
    {"clusterscan", 3, kMany, cc::ClusterScan},
};
// clang-format on

constexpr int64_t kPortMax = 65535;
constexpr int64_t kBusPortOffset = 10000;

bool IsPort(int64_t value) { return value > 0 && value <= kPortMax; }

bool IsIp(std::string_view text) {
  const config::Options& unused = config::Defaults();
  return !text.empty() &&
         (config::CheckIpv4(unused, text).empty() || config::CheckIpv6(unused, text).empty());
}

}  // namespace

void RunClusterCommand(const ClusterCall& call) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& candidate) {
    return WordIs(call.words[1], candidate.name);
  });
  const size_t count = call.words.size();
  if (row == std::end(kRows) || count < row->words_min || count > row->words_max) {
    return cc::ReplySyntax(call);
  }
  row->run(call);
}

namespace cluster_command {

const ClusterNode* NodeAt(const ClusterCall& call, size_t at) {
  const std::optional<NodeId> id = NodeId::Parse(call.words[at]);
  const ClusterNode* node = id ? call.member.view().Find(*id) : nullptr;
  if (node == nullptr) {
    call.reply.Error(fmt::format("ERR Unknown node {}", UpToNul(call.words[at])));
  }
  return node;
}

void ReplySyntax(const ClusterCall& call) {
  constexpr size_t kShownBytesMax = 128;
  call.reply.Error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try CLUSTER HELP.",
                  UpToNul(call.words[1]).substr(0, kShownBytesMax)));
}

void BumpEpoch(const ClusterCall& call) {
  const bool bumped = call.member.BumpEpoch();
  call.reply.Simple(
      fmt::format("{} {}", bumped ? "BUMPED" : "STILL", call.member.view().self().config_epoch));
}

void CountFailureReports(const ClusterCall& call) {
  const ClusterNode* node = NodeAt(call, 2);
  if (node != nullptr) call.reply.Integer(call.member.detector().ReportsAbout(node->id, call.now));
}

void Failover(const ClusterCall& call) {
  ManualMode mode = ManualMode::kNormal;
  if (call.words.size() == 3) {
    if (WordIs(call.words[2], "force")) {
      mode = ManualMode::kForce;
    } else if (WordIs(call.words[2], "takeover")) {
      mode = ManualMode::kTakeover;
    } else {
      return call.reply.Error(kSyntaxError);
    }
  }
  const ClusterNode& self = call.member.view().self();
  if (self.is_primary()) {
    return call.reply.Error("ERR You should send CLUSTER FAILOVER to a replica");
  }
  const ClusterNode* primary = call.member.view().Find(self.primary);
  if (primary == nullptr) {
    return call.reply.Error("ERR I'm a replica but my master is unknown to me");
  }
  const bool reachable =
      primary->health != Health::kFailed && call.member.LineOf(*primary).connected;
  if (mode == ManualMode::kNormal && !reachable) {
    return call.reply.Error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE");
  }
  call.member.Failover(mode, call.now);
  call.reply.Ok();
}

void Forget(const ClusterCall& call) {
  const Topology& view = call.member.view();
  const std::optional<NodeId> id = NodeId::Parse(call.words[2]);
  // Another node's order, told by gossip, came first.
  const bool gone = id && view.Find(*id) == nullptr && view.IsForgotten(*id, call.now);
  if (gone) return call.reply.Ok();
  const ClusterNode* node = NodeAt(call, 2);
  if (node == nullptr) return;
  if (node == &view.self()) {
    return call.reply.Error("ERR I tried hard but I can't forget myself...");
  }
  if (view.self().primary == node->id) return call.reply.Error("ERR Can't forget my master!");
  call.member.Forget(*id, call.now);
  call.reply.Ok();
}

void Meet(const ClusterCall& call) {
  const std::optional<int64_t> port = ParseInt64(call.words[3]);
  if (!port) {
    return call.reply.Error(
        fmt::format("ERR Invalid base port specified: {}", UpToNul(call.words[3])));
  }
  const bool names_bus = call.words.size() == 5;
  const std::optional<int64_t> bus_port =
      names_bus ? ParseInt64(call.words[4]) : std::min(*port, kPortMax) + kBusPortOffset;
  if (!bus_port) {
    return call.reply.Error(
        fmt::format("ERR Invalid bus port specified: {}", UpToNul(call.words[4])));
  }
  if (!IsIp(call.words[2]) || !IsPort(*port) || !IsPort(*bus_port)) {
    return call.reply.Error(fmt::format("ERR Invalid node address specified: {}:{}",
                                        UpToNul(call.words[2]), UpToNul(call.words[3])));
  }
  const bool tls = call.member.options().tls;
  NodeEndpoint endpoint;
  endpoint.ip = call.words[2];
  (tls ? endpoint.tls_port : endpoint.port) = static_cast<uint16_t>(*port);
  endpoint.bus_port = static_cast<uint16_t>(*bus_port);
  call.member.Meet(endpoint, call.now, call.wall);  // false: it is under way already
  call.reply.Ok();
}

void Replicate(const ClusterCall& call) {
  const ClusterNode* node = NodeAt(call, 2);
  if (node == nullptr) return;
  const ClusterNode& self = call.member.view().self();
  if (node == &self) return call.reply.Error("ERR Can't replicate myself");
  if (!node->is_primary()) {
    return call.reply.Error("ERR I can only replicate a master, not a replica.");
  }
  if (self.is_primary() && (self.owns_slots() || call.host.KeyCount() > 0)) {
    return call.reply.Error(
        "ERR To set a master the node must be empty and without assigned slots.");
  }
  call.member.Replicate(node->id, call.now);
  call.reply.Ok();
}

void Reset(const ClusterCall& call) {
  bool hard = false;
  if (call.words.size() == 3) {
    hard = WordIs(call.words[2], "hard");
    if (!hard && !WordIs(call.words[2], "soft")) return call.reply.Error(kSyntaxError);
  }
  if (call.member.view().self().is_primary() && call.host.KeyCount() > 0) {
    return call.reply.Error("ERR CLUSTER RESET can't be called with master nodes containing keys");
  }
  const NodeId id = NodeId::Random(call.entropy);
  const ClusterShardId shard = ClusterShardId::Random(call.entropy);
  call.member.Reset(hard, id, shard, call.now);
  call.reply.Ok();
}

void SaveConfig(const ClusterCall& call) {
  call.member.SaveNow();
  call.reply.Ok();
}

void SetConfigEpoch(const ClusterCall& call) {
  const std::optional<int64_t> epoch = ParseInt64(call.words[2]);
  if (!epoch) return call.reply.Error(kNotAnInteger);
  if (*epoch < 0) {
    return call.reply.Error(fmt::format("ERR Invalid config epoch specified: {}", *epoch));
  }
  if (call.member.Lines().size() > 1) {
    return call.reply.Error(
        "ERR The user can assign a config epoch only when the node does not know any other node.");
  }
  if (call.member.view().self().config_epoch != 0) {
    return call.reply.Error("ERR Node config epoch is already non-zero");
  }
  call.member.SetConfigEpoch(static_cast<uint64_t>(*epoch));
  call.reply.Ok();
}

}  // namespace cluster_command
}  // namespace norn::cluster
