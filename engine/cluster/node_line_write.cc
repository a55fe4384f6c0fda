#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "engine/cluster/node_flag_words.h"
#include "engine/cluster/node_line.h"

namespace norn::cluster {
namespace {

void AppendFact(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty() || !IsPlainText(value)) return;
  fmt::format_to(std::back_inserter(out), ",{}={}", name, value);
}

// Valkey's order, the last fact of its table first.
void AppendFacts(const NodeLine& node, std::string& out) {
  AppendFact("client-ipv6", node.client_ipv6, out);
  AppendFact("client-ipv4", node.client_ipv4, out);
  fmt::format_to(std::back_inserter(out), ",tls-port={}", node.tls_port);
  AppendFact("nodename", node.human_nodename, out);
  if (!node.shard_id.empty()) AppendFact("shard-id", node.shard_id.view(), out);
  for (const std::string& fact : node.other_facts) out.append(",").append(fact);
}

void AppendAddress(const NodeLine& node, NodeLineForm form, std::string& out) {
  const bool is_tls = form == NodeLineForm::kTlsClient;
  fmt::format_to(std::back_inserter(out), " {}:{}@{}", node.ip.view(),
                 is_tls ? node.tls_port : node.tcp_port, node.bus_port);
  const bool has_hostname = !node.hostname.empty() && IsPlainText(node.hostname);
  if (has_hostname) out.append(",").append(node.hostname);
  if (form != NodeLineForm::kFile) return;
  if (!has_hostname) out.append(",");
  AppendFacts(node, out);
}

void AppendSlots(const NodeLine& node, std::string& out) {
  for (const SlotRange range : node.slots.Ranges()) {
    fmt::format_to(std::back_inserter(out), " {}", range.first.value);
    if (range.first == range.last) continue;
    fmt::format_to(std::back_inserter(out), "-{}", range.last.value);
  }
  for (const OpenSlot& open : node.open_slots) {
    const std::string_view arrow = open.way == OpenSlot::Way::kMigratingTo ? "->-" : "-<-";
    fmt::format_to(std::back_inserter(out), " [{}{}{}]", open.slot.value, arrow, open.other.view());
  }
}

}  // namespace

std::string FlagWords(NodeFlags flags) {
  std::string words;
  for (const FlagWord& row : kFlagWords) {
    if ((flags & row.flag) == 0) continue;
    if (!words.empty()) words.append(",");
    words.append(row.word);
  }
  return words.empty() ? "noflags" : words;
}

void AppendNodeLine(const NodeLine& node, NodeLineForm form, std::string& out) {
  out.append(node.id.view());
  AppendAddress(node, form, out);
  fmt::format_to(std::back_inserter(out), " {} {} {} {} {} {}", FlagWords(node.flags),
                 node.replica_of.empty() ? "-" : node.replica_of.view(), node.ping_sent_ms,
                 node.pong_received_ms, node.config_epoch,
                 node.connected ? "connected" : "disconnected");
  AppendSlots(node, out);
}

}  // namespace norn::cluster
