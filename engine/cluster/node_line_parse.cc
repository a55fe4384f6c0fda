#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/number.h"
#include "engine/cluster/node_flag_words.h"
#include "engine/cluster/node_line.h"

namespace norn::cluster {
namespace {

constexpr size_t kFixedWords = 8;
constexpr uint32_t kBusPortIncrement = 10000;

// Why a word is refused; nullptr: it is not.
using Complaint = const char*;

std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

template <typename Number>
bool ParseSmall(std::string_view text, uint64_t limit, Number& number) {
  const std::optional<uint64_t> value = ParseUint64(text);
  if (!value || *value > limit) return false;
  number = static_cast<Number>(*value);
  return true;
}

bool ParsePort(std::string_view text, uint16_t& port) { return ParseSmall(text, 65535, port); }

bool ParseSlot(std::string_view text, SlotId& slot) {
  return ParseSmall(text, kSlotCount - 1, slot.value);
}

template <typename Id>
bool ParseName(std::string_view text, Id& id) {
  const std::optional<Id> parsed = Id::Parse(text);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

// Where the one port that stands before the '@' goes to is decided by which other ones the line names.
struct NamedPorts {
  bool tcp = false;
  bool tls = false;
};

bool IsFact(std::string_view fact, std::string_view name, std::string_view* value) {
  if (!fact.starts_with(name) || fact.substr(name.size(), 1) != "=") return false;
  *value = fact.substr(name.size() + 1);
  return true;
}

Complaint ParseFact(std::string_view fact, NodeLine& node, NamedPorts& named) {
  const size_t equals = fact.find('=');
  if (equals == std::string_view::npos || equals == 0) return "not name=value";
  std::string_view value = fact.substr(equals + 1);
  if (!IsPlainText(fact.substr(0, equals)) || !IsPlainText(value)) {
    return "name=value with characters that cannot be there";
  }
  if (IsFact(fact, "shard-id", &value)) {
    return ParseName(value, node.shard_id) ? nullptr : "not a shard's name";
  }
  if (IsFact(fact, "tcp-port", &value)) {
    named.tcp = true;
    return ParsePort(value, node.tcp_port) ? nullptr : "not a port";
  }
  if (IsFact(fact, "tls-port", &value)) {
    named.tls = true;
    return ParsePort(value, node.tls_port) ? nullptr : "not a port";
  }
  if (IsFact(fact, "nodename", &value)) {
    node.human_nodename = value;
  } else if (IsFact(fact, "client-ipv4", &value)) {
    node.client_ipv4 = value;
  } else if (IsFact(fact, "client-ipv6", &value)) {
    node.client_ipv6 = value;
  } else {
    node.other_facts.emplace_back(fact);
  }
  return nullptr;
}

// "ip:port[@busport]"; the address may have colons of its own.
Complaint ParseEndpoint(std::string_view text, bool is_tls_cluster, NamedPorts named,
                        NodeLine& node) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return "no ip:port";
  const std::optional<IpText> ip = IpText::Parse(text.substr(0, colon));
  if (!ip) return "not an address";
  node.ip = *ip;
  const std::string_view ports = text.substr(colon + 1);
  const size_t at = ports.find('@');
  uint16_t port = 0;
  if (!ParsePort(ports.substr(0, at), port)) return "not a port";
  const bool port_is_tls = named.tcp || (!named.tls && is_tls_cluster);
  if (!(named.tcp && named.tls)) (port_is_tls ? node.tls_port : node.tcp_port) = port;
  if (at != std::string_view::npos) {
    return ParsePort(ports.substr(at + 1), node.bus_port) ? nullptr : "not a bus port";
  }
  // Files before 4.0.
  if (port > std::numeric_limits<uint16_t>::max() - kBusPortIncrement) return "no bus port";
  node.bus_port = static_cast<uint16_t>(port + kBusPortIncrement);
  return nullptr;
}

Complaint ParseAddress(std::string_view word, bool is_tls_cluster, NodeLine& node) {
  const std::vector<std::string_view> parts = Split(word, ',');
  if (parts.size() > 1) {
    if (!IsPlainText(parts[1])) return "a hostname with characters that cannot be there";
    node.hostname = parts[1];
  }
  NamedPorts named;
  for (size_t i = 2; i < parts.size(); ++i) {
    if (const Complaint why = ParseFact(parts[i], node, named)) return why;
  }
  return ParseEndpoint(parts[0], is_tls_cluster, named, node);
}

// Any case, as Valkey.
std::string LowerCase(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

template <typename Table>
const FlagWord* FindFlag(const Table& table, std::string_view word) {
  const auto row = std::find_if(table.begin(), table.end(),
                                [&](const FlagWord& row) { return row.word == word; });
  return row == table.end() ? nullptr : &*row;
}

Complaint ParseFlag(std::string_view word, NodeFlags& flags) {
  const std::string lower = LowerCase(word);
  const FlagWord* row = FindFlag(kFlagWords, lower);
  if (row == nullptr) row = FindFlag(kOtherFlagWords, lower);
  if (row == nullptr) return "an unknown flag";
  flags |= row->flag;
  // Valkey: a node without an address has failed.
  if (row->flag == node_flag::kNoAddress) flags |= node_flag::kFailed;
  return nullptr;
}

Complaint ParseFlags(std::string_view word, NodeLine& node) {
  for (const std::string_view flag : Split(word, ',')) {
    if (const Complaint why = ParseFlag(flag, node.flags)) return why;
  }
  return nullptr;
}

// "[93->-id]" or "[77-<-id]".
Complaint ParseOpenSlot(std::string_view word, NodeLine& node) {
  OpenSlot open;
  const size_t dash = word.find('-');
  if (dash == std::string_view::npos || !word.ends_with(']')) return "not an open slot";
  const std::string_view arrow = word.substr(dash, 3);
  if (arrow != "->-" && arrow != "-<-") return "not an open slot";
  open.way = arrow == "->-" ? OpenSlot::Way::kMigratingTo : OpenSlot::Way::kImportingFrom;
  if (!ParseSlot(word.substr(1, dash - 1), open.slot)) return "not a slot";
  const std::string_view name = word.substr(dash + 3, word.size() - dash - 4);
  if (!ParseName(name, open.other)) return "not a node's name";
  node.open_slots.push_back(open);
  return nullptr;
}

Complaint ParseSlots(std::string_view word, NodeLine& node) {
  if (word.starts_with('[')) return ParseOpenSlot(word, node);
  const size_t dash = word.find('-');
  SlotRange range;
  if (!ParseSlot(word.substr(0, dash), range.first)) return "not a slot";
  range.last = range.first;
  if (dash != std::string_view::npos && !ParseSlot(word.substr(dash + 1), range.last)) {
    return "not a range of slots";
  }
  if (range.last < range.first) return "a range that ends before it begins";
  node.slots.SetRange(range);
  return nullptr;
}

Complaint ParseTime(std::string_view word, int64_t& time_ms) {
  const std::optional<int64_t> value = ParseInt64(word);
  if (!value) return "not a time";
  time_ms = *value;
  return nullptr;
}

Complaint ParseWord(size_t index, std::string_view word, bool is_tls_cluster, NodeLine& node) {
  switch (index) {
    case 0:
      return ParseName(word, node.id) ? nullptr : "not a node's name";
    case 1:
      return ParseAddress(word, is_tls_cluster, node);
    case 2:
      return ParseFlags(word, node);
    case 3:
      return word == "-" || ParseName(word, node.replica_of) ? nullptr : "not a node's name";
    case 4:
      return ParseTime(word, node.ping_sent_ms);
    case 5:
      return ParseTime(word, node.pong_received_ms);
    case 6:
      return ParseSmall(word, UINT64_MAX, node.config_epoch) ? nullptr : "not an epoch";
    case 7:
      node.connected = word == "connected";
      return nullptr;
    default:
      return ParseSlots(word, node);
  }
}

}  // namespace

absl::Status ParseNodeLine(const std::vector<std::string>& words, bool is_tls_cluster,
                           NodeLine& node) {
  node = NodeLine();
  if (words.size() < kFixedWords) {
    return absl::InvalidArgumentError(
        fmt::format("{} words, of at least {}", words.size(), kFixedWords));
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const Complaint why = ParseWord(i, words[i], is_tls_cluster, node);
    if (why == nullptr) continue;
    return absl::InvalidArgumentError(fmt::format("word {} \"{}\": {}", i + 1, words[i], why));
  }
  std::stable_sort(node.open_slots.begin(), node.open_slots.end(),
                   [](const OpenSlot& a, const OpenSlot& b) { return a.slot < b.slot; });
  return absl::OkStatus();
}

}  // namespace norn::cluster
