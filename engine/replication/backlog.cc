#include "engine/replication/backlog.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"

namespace norn {
namespace {

// A sixteenth of the limit at a time, so that little is kept beyond it, within what the allocator likes.
constexpr size_t kBlockBytesMin = 1024;
constexpr size_t kBlockBytesMax = 64 * 1024;

}  // namespace

void Backlog::Start(StreamOffset at) {
  CHECK(holds_.empty());
  blocks_.clear();
  memory_bytes_ = 0;
  begin_ = end_ = at;
}

void Backlog::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().size == blocks_.back().capacity) AddBlock();
    Block& block = blocks_.back();
    const size_t count = std::min(bytes.size(), block.capacity - block.size);
    std::memcpy(block.bytes.get() + block.size, bytes.data(), count);
    block.size += count;
    end_ += static_cast<StreamOffset>(count);
    bytes.remove_prefix(count);
    Trim();
  }
}

size_t Backlog::Read(StreamOffset from, std::span<char> out) const {
  size_t copied = 0;
  while (copied < out.size()) {
    const std::string_view piece = Piece(from + static_cast<StreamOffset>(copied));
    if (piece.empty()) break;
    const size_t count = std::min(piece.size(), out.size() - copied);
    std::memcpy(out.data() + copied, piece.data(), count);
    copied += count;
  }
  return copied;
}

std::string_view Backlog::Piece(StreamOffset from) const {
  CHECK(Contains(from));
  if (from == end_) return {};
  const Block& block = BlockOf(from);
  const auto skip = static_cast<size_t>(from - block.at);
  return {block.bytes.get() + skip, block.size - skip};
}

Backlog::HoldId Backlog::Hold(StreamOffset at) {
  CHECK(Contains(at));
  const HoldId hold{next_hold_++};
  holds_.emplace(hold.value, at);
  return hold;
}

void Backlog::MoveHold(HoldId hold, StreamOffset at) {
  const auto found = holds_.find(hold.value);
  CHECK(found != holds_.end());
  CHECK(at >= found->second);
  CHECK(at <= end_);
  found->second = at;
  Trim();
}

void Backlog::Release(HoldId hold) {
  CHECK(holds_.erase(hold.value) == 1);
  Trim();
}

StreamOffset Backlog::PositionOf(HoldId hold) const {
  const auto found = holds_.find(hold.value);
  CHECK(found != holds_.end());
  return found->second;
}

void Backlog::SetLimit(size_t limit_bytes) {
  limit_bytes_ = limit_bytes;
  Trim();
}

void Backlog::AddBlock() {
  const size_t capacity = std::clamp(limit_bytes_ / 16, kBlockBytesMin, kBlockBytesMax);
  Block block;
  block.at = end_;
  block.capacity = capacity;
  block.bytes = std::make_unique_for_overwrite<char[]>(capacity);
  memory_bytes_ += capacity;
  blocks_.push_back(std::move(block));
}

void Backlog::Trim() {
  StreamOffset keep = end_ - static_cast<StreamOffset>(std::min(limit_bytes_, size()));
  for (const auto& [id, at] : holds_) keep = std::min(keep, at);
  begin_ = std::max(begin_, keep);  // B1
  while (!blocks_.empty()) {
    const Block& first = blocks_.front();
    const bool full = first.size == first.capacity;
    if (first.at + static_cast<StreamOffset>(first.size) > begin_ || !full) break;
    memory_bytes_ -= first.capacity;
    blocks_.pop_front();
  }
}

const Backlog::Block& Backlog::BlockOf(StreamOffset offset) const {
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                       [](StreamOffset at, const Block& block) { return at < block.at; });
  CHECK(behind != blocks_.begin());
  return *(behind - 1);
}

}  // namespace norn
