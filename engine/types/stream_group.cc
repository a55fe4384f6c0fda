#include "engine/types/stream_group.h"

#include <iterator>

#include "engine/base/allocation.h"
#include "engine/base/check.h"

namespace norn {
namespace {

// A tree's slot costs a quarter more than what is in it, filled as trees are.
constexpr size_t SlotBytes(size_t bytes) { return bytes + bytes / 4; }

constexpr size_t kGroupBytes =
    AllocationBytes(sizeof(StreamGroup)) + SlotBytes(sizeof(std::string) + sizeof(void*));
constexpr size_t kPendingBytes =
    SlotBytes(sizeof(StreamId) + sizeof(StreamPending)) + SlotBytes(sizeof(StreamId));

size_t ConsumerBytes(std::string_view name) {
  return AllocationBytes(sizeof(StreamConsumer)) + SlotBytes(sizeof(std::string) + sizeof(void*)) +
         2 * AllocationBytes(name.size());
}

}  // namespace

StreamGroup::StreamGroup(StreamId last_id, int64_t entries_read, size_t* used_bytes)
    : last_id(last_id), entries_read(entries_read), used_bytes_(used_bytes) {
  *used_bytes_ += kGroupBytes;
}

StreamGroup::StreamGroup(const StreamGroup& other, size_t* used_bytes)
    : StreamGroup(other.last_id, other.entries_read, used_bytes) {
  for (const auto& [name, consumer] : other.consumers_) {
    AddConsumer(name, consumer->seen_ms).active_ms = consumer->active_ms;
  }
  for (const auto& [id, pending] : other.pending_) {
    StreamPending& copy = Assign(id, *FindConsumer(pending.consumer->name()));
    copy.delivered_ms = pending.delivered_ms;
    copy.deliveries = pending.deliveries;
  }
}

StreamGroup::~StreamGroup() {
  *used_bytes_ -= kGroupBytes + pending_.size() * kPendingBytes;
  for (const auto& [name, consumer] : consumers_) *used_bytes_ -= ConsumerBytes(name);
}

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) {
  const auto at = consumers_.find(name);
  return at == consumers_.end() ? nullptr : at->second.get();
}

const StreamConsumer* StreamGroup::FindConsumer(std::string_view name) const {
  const auto at = consumers_.find(name);
  return at == consumers_.end() ? nullptr : at->second.get();
}

StreamConsumer& StreamGroup::AddConsumer(std::string_view name, int64_t now_ms) {
  const auto [at, added] =
      consumers_.emplace(std::string(name), std::make_unique<StreamConsumer>(name, now_ms));
  CHECK(added);
  *used_bytes_ += ConsumerBytes(name);
  return *at->second;
}

void StreamGroup::EraseConsumer(StreamConsumer& consumer) {
  for (const StreamId id : consumer.pending_) pending_.erase(id);
  *used_bytes_ -= consumer.pending_.size() * kPendingBytes + ConsumerBytes(consumer.name());
  const auto at = consumers_.find(std::string_view(consumer.name()));
  CHECK(at != consumers_.end());
  consumers_.erase(at);
}

StreamPending* StreamGroup::FindPending(StreamId id) {
  const auto at = pending_.find(id);
  return at == pending_.end() ? nullptr : &at->second;
}

StreamPending& StreamGroup::Assign(StreamId id, StreamConsumer& consumer) {
  // Ids are mostly delivered in their order.
  const bool is_last = pending_.empty() || id > std::prev(pending_.end())->first;
  const auto at = is_last ? pending_.emplace_hint(pending_.end(), id, StreamPending())
                          : pending_.try_emplace(id).first;
  StreamPending& pending = at->second;
  if (pending.consumer == &consumer) return pending;
  if (pending.consumer == nullptr) {
    *used_bytes_ += kPendingBytes;
  } else {
    pending.consumer->pending_.erase(id);
  }
  consumer.pending_.insert(consumer.pending_.end(), id);
  pending.consumer = &consumer;
  return pending;
}

bool StreamGroup::ErasePending(StreamId id) {
  const auto at = pending_.find(id);
  if (at == pending_.end()) return false;
  at->second.consumer->pending_.erase(id);
  pending_.erase(at);
  *used_bytes_ -= kPendingBytes;
  return true;
}

bool StreamGroup::FreeSome(size_t effort) {
  for (; effort > 0 && !pending_.empty(); --effort) ErasePending(std::prev(pending_.end())->first);
  for (; effort > 0 && !consumers_.empty(); --effort) {
    EraseConsumer(*std::prev(consumers_.end())->second);
  }
  return pending_.empty() && consumers_.empty();
}

void StreamGroup::CheckInvariants() const {
  size_t pending = 0;
  for (const auto& [name, consumer] : consumers_) {
    CHECK(name == consumer->name());
    pending += consumer->pending().size();
    for (const StreamId id : consumer->pending()) {
      const auto at = pending_.find(id);
      CHECK(at != pending_.end());
      CHECK(at->second.consumer == consumer.get());  // I1, I2
    }
  }
  CHECK(pending == pending_.size());
}

}  // namespace norn
