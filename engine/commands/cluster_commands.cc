// READONLY, READWRITE, ASKING: how a client tells a node of a cluster which redirections it wants or has followed. The gate that
// asks is engine/shard/redirect.h. And CLUSTER, which goes on to those who know the cluster (engine/cluster/cluster_commands.h).

#include <vector>

#include "engine/commands/errors.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

namespace norn::handlers {
namespace {

constexpr ErrorText kNoCluster = "ERR This instance has cluster support disabled";

}  // namespace

void Asking(CommandContext& c) {
  if (!c.options.cluster_enabled) return c.reply.Error(kNoCluster);
  c.session.asking = true;
  c.reply.Ok();
}

void Cluster(CommandContext& c) {
  ClusterControl* cluster = c.node.cluster();
  if (cluster == nullptr) return c.reply.Error(kNoCluster);
  cluster->Run(c.words, c.session, c.reply);
}

void ClusterScan(CommandContext& c) {
  ClusterControl* cluster = c.node.cluster();
  if (cluster == nullptr) return c.reply.Error(kNoCluster);
  std::vector<std::string_view> words = {"CLUSTER", "clusterscan"};
  words.insert(words.end(), c.words.begin() + 1, c.words.end());
  cluster->Run(words, c.session, c.reply);
}

void ClusterHelp(CommandContext& c) {
  if (c.node.cluster() == nullptr) return c.reply.Error(kNoCluster);
  ReplyHelp(c,
            {"COUNTKEYSINSLOT <slot>",
             "    Reply how many keys of <slot> this node has.",
             "GETKEYSINSLOT <slot> <count>",
             "    Reply up to <count> keys of <slot>.",
             "INFO",
             "    Describe the state of the cluster as this node sees it.",
             "KEYSLOT <key>",
             "    Reply the slot that <key> belongs to.",
             "MYID",
             "    Reply this node's id.",
             "MYSHARDID",
             "    Reply the id of this node's shard.",
             "NODES",
             "    Describe the nodes that this node knows, a line each:",
             "    <id> <ip:port@bus-port[,hostname]> <flags> <primary> <ping-sent> <pong-received> "
             "<epoch> <link> <slot> ...",
             "REPLICAS <node-id>",
             "    Describe the replicas of <node-id>.",
             "SLOTS",
             "    Reply each range of slots with its primary and replicas.",
             "SLOT-STATS (SLOTSRANGE <start> <end>|ORDERBY <metric> [LIMIT <limit>] [ASC|DESC])",
             "    Reply statistics of this shard's slots.",
             "SHARDS",
             "    Reply each shard with its slots and nodes.",
             "ADDSLOTS <slot> [<slot> ...]",
             "    Make this node the owner of slots that have none.",
             "ADDSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
             "    The same for ranges of slots.",
             "CANCELSLOTMIGRATIONS ALL",
             "    End the slot migrations of this node that are under way.",
             "GETSLOTMIGRATIONS",
             "    Describe the slot migrations of this node, the latest first.",
             "MIGRATESLOTS SLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...] NODE "
             "<node-id>",
             "  [SLOTSRANGE ... NODE <node-id> ...]",
             "    Move slots with their keys to other nodes, and answer when that has begun.",
             "BUMPEPOCH",
             "    Give this node the greatest config epoch.",
             "COUNT-FAILURE-REPORTS <node-id>",
             "    Reply how many voters suspect <node-id>.",
             "DELSLOTS <slot> [<slot> ...]",
             "    Leave slots without an owner, as this node sees it.",
             "DELSLOTSRANGE <start slot> <end slot> [<start slot> <end slot> ...]",
             "    The same for ranges of slots.",
             "FAILOVER [FORCE|TAKEOVER]",
             "    Let this replica take over from its primary.",
             "FORGET <node-id>",
             "    Remove a node from the cluster.",
             "FLUSHSLOTS",
             "    Leave all slots of this node without an owner.",
             "MEET <ip> <port> [<bus-port>]",
             "    Join this node and another one into one cluster.",
             "REPLICATE <node-id>",
             "    Make this node a replica of <node-id>.",
             "RESET [HARD|SOFT]",
             "    Let this node forget its cluster; HARD: its id and epochs too.",
             "SET-CONFIG-EPOCH <epoch>",
             "    Set the config epoch of a new node.",
             "SETSLOT <slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)",
             "    Say that a slot is on its way, or whose it is.",
             "SAVECONFIG",
             "    Save this node's view of the cluster to disk.",
             "LINKS",
             "    Describe the bus links between this node and the others."});
}

void ReadOnly(CommandContext& c) {
  c.session.readonly = true;
  c.reply.Ok();
}

void ReadWrite(CommandContext& c) {
  c.session.readonly = false;
  c.reply.Ok();
}

}  // namespace norn::handlers
