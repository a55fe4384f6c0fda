#include "scenarios/replication_books.h"

#include <fmt/format.h>

#include "engine/base/number.h"

namespace norn::scenarios {
namespace {

// How much slower a node's clock may run than the world's, beside what conversions round away.
constexpr int64_t kDriftPpmMax = 1000;
constexpr int64_t kRoundingNs = 2'000'000;

// The rest of the line that begins with `field`.
std::string FieldOf(std::string_view info, std::string_view field) {
  size_t at = info.find(field);
  while (at != std::string_view::npos && at > 0 && info[at - 1] != '\n') {
    at = info.find(field, at + 1);
  }
  if (at == std::string_view::npos) return "";
  at += field.size();
  return std::string(info.substr(at, info.find('\r', at) - at));
}

}  // namespace

std::optional<NodeReading> NodeReading::OfInfo(std::string_view info) {
  NodeReading reading;
  const std::string role = FieldOf(info, "role:");
  const std::optional<int64_t> offset = ParseInt64(FieldOf(info, "master_repl_offset:"));
  reading.replid = FieldOf(info, "master_replid:");
  if (role.empty() || !offset || reading.replid.empty()) return std::nullopt;
  reading.primary = role == "master";
  reading.offset = *offset;
  reading.counts = FieldOf(info, "repl_backlog_active:") != "0";
  if (reading.primary) return reading;
  reading.link_up = FieldOf(info, "master_link_status:") == "up";
  reading.following = FieldOf(info, "master_host:") + ":" + FieldOf(info, "master_port:");
  return reading;
}

std::string NodeReading::Describe() const {
  const std::string role =
      primary ? "primary" : fmt::format("replica of {}, {}", following, link_up ? "up" : "down");
  return fmt::format("node {} ({}) at {:.3f} s: {}:{} digest {}", node, role,
                     static_cast<double>(at_ns) / 1e9, replid.substr(0, 8), offset,
                     digest.empty() ? "?" : digest.substr(0, 8));
}

std::string HistoryBook::Note(const NodeReading& reading) {
  if (!reading.counts) return "";
  const auto [place, is_new] = first_.try_emplace({reading.replid, reading.offset}, reading);
  if (is_new) return "";
  ++compared_;
  if (place->second.digest == reading.digest) return "";
  return fmt::format("one place in one history, and not the same data:\n  {}\n  {}",
                     place->second.Describe(), reading.Describe());
}

Distance Distance::Between(const NodeReading& primary, const NodeReading& replica) {
  Distance distance;
  if (!replica.link_up) {
    distance.kind = Kind::kLink;
  } else if (!replica.SamePlace(primary)) {
    distance.kind = Kind::kHistory;
  } else if (replica.digest != primary.digest) {
    distance.kind = Kind::kData;
  } else {
    return distance;
  }
  distance.text = primary.Describe() + "\n  " + replica.Describe();
  return distance;
}

std::string AckBook::Judge(const std::vector<Holdings>& replicas) const {
  for (const Write& write : writes_) {
    int64_t holders = 0;
    for (const Holdings& held : replicas) {
      const auto found = held.find(write.key);
      if (found != held.end() && found->second == write.text) ++holders;
    }
    if (holders >= write.replicas) continue;
    return fmt::format("WAIT answered {} after the write of {}, and {} of {} nodes hold it",
                       write.replicas, write.key, holders, replicas.size());
  }
  return "";
}

void DeadlineBook::Wrote(const std::string& key, int64_t ttl_ns, int64_t answered_ns) {
  gone_by_ns_[key] = answered_ns + ttl_ns + ttl_ns / 1'000'000 * kDriftPpmMax + kRoundingNs;
}

bool DeadlineBook::Gone(const std::string& key, int64_t asked_ns) const {
  const auto found = gone_by_ns_.find(key);
  return found != gone_by_ns_.end() && asked_ns > found->second;
}

std::string DeadlineBook::Seen(const std::string& key, size_t node, int64_t asked_ns) const {
  if (!Gone(key, asked_ns)) return "";
  return fmt::format("node {} shows {} {:.3f} ms after it must be gone", node, key,
                     static_cast<double>(asked_ns - gone_by_ns_.at(key)) / 1e6);
}

}  // namespace norn::scenarios
