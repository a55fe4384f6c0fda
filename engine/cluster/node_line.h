#pragma once
// One node in one line of text: the form of nodes.conf and of CLUSTER NODES.
//
//   id ip:port@busport[,hostname[,name=value ...]] flags primary|- ping pong epoch link slots...
//
// where slots are "7", "0-5460", "[93->-id]" (given away to id) and "[77-<-id]" (taken from id), and the values are facts that
// came with later versions: shard-id, nodename, tls-port, tcp-port, client-ipv4, client-ipv6. Names that we do not know are kept
// and written back, so that a file of the next version does not keep a node from starting (I17; Valkey: refuses it).
//
// Runs anywhere; never parks.

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/ip_text.h"
#include "engine/cluster/node_flags.h"
#include "engine/cluster/node_id.h"
#include "engine/cluster/slot_set.h"

namespace norn::cluster {

// A slot on its way between this node and another.
struct OpenSlot {
  enum class Way : uint8_t { kMigratingTo, kImportingFrom };

  SlotId slot{};
  Way way = Way::kMigratingTo;
  NodeId other{};
  bool operator==(const OpenSlot&) const = default;
};

struct NodeLine {
  NodeId id{};
  IpText ip{};            // empty: unknown
  uint16_t tcp_port = 0;  // 0, here and below: none
  uint16_t tls_port = 0;
  uint16_t bus_port = 0;
  // Written when it is plain text (IsPlainText), and left out otherwise: it could not be read back.
  std::string hostname{};
  std::string human_nodename{};
  std::string client_ipv4{};
  std::string client_ipv6{};
  // Empty: not known (files before 7.2).
  ClusterShardId shard_id{};
  // "name=value" that we do not know.
  std::vector<std::string> other_facts{};
  // Those that have a word; others are neither written nor read.
  NodeFlags flags = 0;
  NodeId replica_of{};           // empty: of none
  int64_t ping_sent_ms = 0;      // unix time; 0: no ping is outstanding
  int64_t pong_received_ms = 0;  // unix time
  uint64_t config_epoch = 0;     // of a replica: its primary's, to be shown only
  bool connected = false;
  SlotSet slots{};
  // Of this node itself only, ascending.
  std::vector<OpenSlot> open_slots{};

  bool operator==(const NodeLine&) const = default;
};

// "myself,master", in Valkey's order; "noflags".
std::string FlagWords(NodeFlags flags);

// kFile has the other facts; the other two are what a client is shown, with the port of its kind.
enum class NodeLineForm : uint8_t { kFile, kTcpClient, kTlsClient };

// Appends the line, without its end.
void AppendNodeLine(const NodeLine& node, NodeLineForm form, std::string& out);

// Reads a line's words. `is_tls_cluster` says which port a line means that names one only (files before 7.2).
// InvalidArgument: which word, and why; `node` is unspecified then.
absl::Status ParseNodeLine(const std::vector<std::string>& words, bool is_tls_cluster,
                           NodeLine& node);

}  // namespace norn::cluster
