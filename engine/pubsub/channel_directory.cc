#include "engine/pubsub/channel_directory.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/glob.h"

namespace norn {

void ChannelDirectory::Add(ChannelKind kind, std::string_view name, uint32_t executor) {
  Rows& rows = RowsOf(kind);
  auto at = rows.find(name);
  if (at == rows.end()) {
    at = rows.emplace(std::string(name), Row{std::vector<uint32_t>(executors_), 0}).first;
    if (StandsInEveryShard(kind, name)) ++everywhere_[static_cast<size_t>(kind)];
  }
  ++at->second.by_executor[executor];
  ++at->second.total;
}

void ChannelDirectory::Remove(ChannelKind kind, std::string_view name, uint32_t executor) {
  Rows& rows = RowsOf(kind);
  const auto at = rows.find(name);
  CHECK(at != rows.end() && at->second.by_executor[executor] > 0);  // D1
  --at->second.by_executor[executor];
  if (--at->second.total > 0) return;
  if (StandsInEveryShard(kind, name)) --everywhere_[static_cast<size_t>(kind)];
  rows.erase(at);
}

uint64_t ChannelDirectory::Subscribers(ChannelKind kind, std::string_view name) const {
  const Rows& rows = RowsOf(kind);
  const auto at = rows.find(name);
  return at == rows.end() ? 0 : at->second.total;
}

size_t ChannelDirectory::Count(ChannelKind kind) const { return RowsOf(kind).size(); }

std::vector<std::string> ChannelDirectory::Names(ChannelKind kind) const {
  std::vector<std::string> names;
  names.reserve(Count(kind));
  for (const auto& [name, row] : RowsOf(kind)) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

void ChannelDirectory::Mark(const Row& row) {
  for (uint32_t i = 0; i < executors_; ++i) marked_[i] |= row.by_executor[i] > 0 ? 1 : 0;
}

uint64_t ChannelDirectory::MarkAudience(ChannelKind kind, std::string_view channel) {
  uint64_t receivers = 0;
  const Rows& rows = RowsOf(kind);
  if (const auto at = rows.find(channel); at != rows.end()) {
    receivers = at->second.total;
    Mark(at->second);
  }
  if (kind != ChannelKind::kChannel) return receivers;
  for (const auto& [pattern, row] : RowsOf(ChannelKind::kPattern)) {
    if (!GlobMatch(pattern, channel)) continue;
    receivers += row.total;
    Mark(row);
  }
  return receivers;
}

}  // namespace norn
