#include "engine/types/stream_value.h"

#include <algorithm>
#include <iterator>

#include "engine/base/allocation.h"
#include "engine/base/check.h"

namespace norn {
namespace {

StreamNodeLimits LimitsOf(const config::Options& options) {
  return {.bytes_max = static_cast<size_t>(options.stream_node_max_bytes),
          .entries_max = static_cast<size_t>(options.stream_node_max_entries)};
}

}  // namespace

const Stream& StreamOf(const Entry& entry) {
  CHECK(entry.type() == ValueType::kStream);
  return static_cast<const StreamObject*>(entry.object())->stream;
}

Stream::Stream(const Stream& other)
    : log_(other.log_),
      last_id_(other.last_id_),
      max_deleted_id_(other.max_deleted_id_),
      entries_added_(other.entries_added_) {
  for (const auto& [name, group] : other.groups_) {
    group_bytes_ += AllocationBytes(name.size());
    groups_.emplace_hint(groups_.end(), name, std::make_unique<StreamGroup>(*group, &group_bytes_));
  }
}

size_t Stream::FreeEffort() const {
  constexpr size_t kGroupBytesPerAllocation = 128;
  return log_.node_count() + group_bytes_ / kGroupBytesPerAllocation;
}

bool Stream::FreeSome(size_t effort) {
  if (!log_.FreeSome(effort)) return false;
  if (groups_.empty()) return true;
  const auto last = std::prev(groups_.end());
  if (last->second->FreeSome(effort)) groups_.erase(last);
  return groups_.empty();
}

// ---- entries ----

std::optional<StreamId> Stream::NextId(int64_t now_ms) const {
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(now_ms, 0));
  if (ms > last_id_.ms) return StreamId{ms, 0};
  StreamId id = last_id_;
  return id.Increment() ? std::optional<StreamId>(id) : std::nullopt;
}

std::optional<StreamId> Stream::NextIdOf(uint64_t ms) const {
  if (ms < last_id_.ms || (ms == last_id_.ms && last_id_.seq == UINT64_MAX)) return std::nullopt;
  return StreamId{ms, ms == last_id_.ms ? last_id_.seq + 1 : 0};
}

void Stream::Append(StreamId id, std::span<const std::string_view> fields_and_values,
                    const TypeRules& rules) {
  CHECK(id > last_id_);
  log_.Append(id, fields_and_values, LimitsOf(rules.options));
  last_id_ = id;
  ++entries_added_;
}

bool Stream::Erase(StreamId id) {
  if (!log_.Erase(id)) return false;
  max_deleted_id_ = std::max(max_deleted_id_, id);
  return true;
}

void Stream::SetIds(StreamId last_id, StreamId max_deleted_id, uint64_t entries_added) {
  CHECK(last_id >= log_.last_id());
  last_id_ = last_id;
  max_deleted_id_ = max_deleted_id;
  entries_added_ = entries_added;
}

// ---- groups ----

StreamGroup* Stream::FindGroup(std::string_view name) {
  const auto at = groups_.find(name);
  return at == groups_.end() ? nullptr : at->second.get();
}

const StreamGroup* Stream::FindGroup(std::string_view name) const {
  const auto at = groups_.find(name);
  return at == groups_.end() ? nullptr : at->second.get();
}

StreamGroup* Stream::AddGroup(std::string_view name, StreamId last_id, int64_t entries_read) {
  if (FindGroup(name) != nullptr) return nullptr;
  group_bytes_ += AllocationBytes(name.size());
  auto group = std::make_unique<StreamGroup>(last_id, entries_read, &group_bytes_);
  return groups_.emplace(std::string(name), std::move(group)).first->second.get();
}

bool Stream::EraseGroup(std::string_view name) {
  const auto at = groups_.find(name);
  if (at == groups_.end()) return false;
  groups_.erase(at);
  group_bytes_ -= AllocationBytes(name.size());
  return true;
}

bool Stream::HasGapAbove(StreamId id) const {
  if (size() == 0 || max_deleted_id_.is_zero()) return false;
  return log_.first_id() <= max_deleted_id_ && id <= max_deleted_id_;
}

int64_t Stream::EntriesUpTo(StreamId id) const {
  if (entries_added_ == 0) return 0;
  const auto added = static_cast<int64_t>(entries_added_);
  if (id == last_id_ || (size() == 0 && id < last_id_)) return added;
  if (id > last_id_) return StreamGroup::kEntriesReadUnknown;
  const StreamId first = log_.first_id();
  const bool whole = max_deleted_id_.is_zero() || max_deleted_id_ < first;
  if (!whole || id > first) return StreamGroup::kEntriesReadUnknown;
  return added - static_cast<int64_t>(size()) + (id == first ? 1 : 0);
}

void Stream::Advance(StreamGroup& group, StreamId id) const {
  if (group.entries_read != StreamGroup::kEntriesReadUnknown && !HasGapAbove(id)) {
    ++group.entries_read;
  } else if (entries_added_ > 0) {
    group.entries_read = EntriesUpTo(id);
  }
  group.last_id = id;
}

std::optional<int64_t> Stream::Lag(const StreamGroup& group) const {
  if (entries_added_ == 0) return 0;
  const auto added = static_cast<int64_t>(entries_added_);
  if (group.entries_read != StreamGroup::kEntriesReadUnknown && !HasGapAbove(group.last_id)) {
    return added - group.entries_read;
  }
  const int64_t read = EntriesUpTo(group.last_id);
  if (read == StreamGroup::kEntriesReadUnknown) return std::nullopt;
  return added - read;
}

void Stream::CheckInvariants() const {
  log_.CheckInvariants();
  CHECK(last_id_ >= log_.last_id());
  for (const auto& [name, group] : groups_) group->CheckInvariants();
}

}  // namespace norn
