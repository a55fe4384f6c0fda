#include "engine/structs/packed_node.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "engine/base/allocation.h"
#include "engine/base/check.h"
#include "engine/base/lzf.h"
#include "engine/structs/listpack.h"
#include "engine/structs/listpack_fold.h"

namespace norn {
namespace {

char* NewRoom(size_t bytes) {
  char* const data = static_cast<char*>(std::malloc(AllocationBytes(bytes)));
  CHECK(data != nullptr);
  return data;
}

char* NewBytes(std::string_view bytes) {
  char* const data = NewRoom(bytes.size());
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  return data;
}

}  // namespace

// ---- life ----

PackedNode::PackedNode() : PackedNode(OfListpack(Listpack::Empty(), 0)) {}

PackedNode PackedNode::OfListpack(std::string_view listpack, size_t count) {
  CHECK(listpack.size() <= UINT32_MAX);
  PackedNode node(NewBytes(listpack));
  node.size_bytes_ = static_cast<uint32_t>(listpack.size());
  node.count_ = static_cast<uint32_t>(count);
  return node;
}

PackedNode PackedNode::OfLarge(std::string_view element) {
  PackedNode node = OfListpack(element, 1);
  node.is_large_ = true;
  return node;
}

PackedNode::PackedNode(const PackedNode& other)
    : data_(NewRoom(other.front_bytes_ + other.stored().size())),
      size_bytes_(other.size_bytes_),
      packed_bytes_(other.packed_bytes_),
      count_(other.count_),
      front_bytes_(other.front_bytes_),
      is_large_(other.is_large_),
      form_(other.form_) {
  // With the same room, so that it is accounted for alike.
  std::memcpy(data_ + front_bytes_, other.stored().data(), other.stored().size());
}

PackedNode::PackedNode(PackedNode&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(other.size_bytes_),
      packed_bytes_(other.packed_bytes_),
      count_(other.count_),
      front_bytes_(other.front_bytes_),
      is_large_(other.is_large_),
      form_(other.form_) {}

PackedNode& PackedNode::operator=(PackedNode&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(packed_bytes_, other.packed_bytes_);
  std::swap(count_, other.count_);
  std::swap(front_bytes_, other.front_bytes_);
  std::swap(is_large_, other.is_large_);
  std::swap(form_, other.form_);
  return *this;
}

PackedNode::~PackedNode() { std::free(data_); }

// ---- open and packed ----

std::string_view PackedNode::stored() const {
  return {data_ + front_bytes_, is_open() ? size_bytes_ : packed_bytes_};
}

size_t PackedNode::UsedBytes() const { return AllocationBytes(front_bytes_ + stored().size()); }

std::string_view PackedNode::bytes() const {
  CHECK(is_open());
  return stored();
}

std::string_view PackedNode::Read(std::string& scratch) const {
  if (is_open()) return bytes();
  scratch.resize(size_bytes_);
  if (is_folded()) {
    UnfoldListpack(stored(), {scratch.data(), scratch.size()});
  } else {
    CHECK(LzfDecompress(stored(), {scratch.data(), scratch.size()}));
  }
  return scratch;
}

void PackedNode::Pack(Form form, std::string_view packed) {
  std::free(std::exchange(data_, NewBytes(packed)));
  packed_bytes_ = static_cast<uint32_t>(packed.size());
  front_bytes_ = 0;
  form_ = form;
}

void PackedNode::Compress(size_t bytes_max) {
  LzfCompressor compressor;
  const std::string_view compressed = compressor.Compress(bytes(), bytes_max);
  if (!compressed.empty()) Pack(Form::kLzf, compressed);
}

void PackedNode::Fold(size_t bytes_max) {
  CHECK(!is_large());
  std::string folded;
  if (FoldListpack(bytes(), bytes_max, folded)) Pack(Form::kFolded, folded);
}

void PackedNode::Open() {
  if (is_open()) return;
  std::string scratch;
  char* const data = NewBytes(Read(scratch));
  std::free(std::exchange(data_, data));
  packed_bytes_ = 0;
  form_ = Form::kOpen;
}

// ---- Storage ----

PackedNode::Storage::Storage(PackedNode& node) : node_(node) {
  CHECK(node.is_open());
  CHECK(!node.is_large_);
}

std::span<char> PackedNode::Storage::Splice(size_t at, size_t removed, size_t inserted) {
  CHECK(at + removed <= node_.size_bytes_);
  if (inserted != removed) {
    const size_t behind = node_.size_bytes_ - at - removed;
    at < behind ? SpliceFront(at, removed, inserted) : SpliceBack(at, removed, inserted);
  }
  return {node_.data_ + node_.front_bytes_, node_.size_bytes_};
}

void PackedNode::Storage::SpliceFront(size_t at, size_t removed, size_t inserted) {
  const size_t front = node_.front_bytes_;
  const size_t size = node_.size_bytes_ + inserted - removed;
  const size_t room = AllocationBytes(front + node_.size_bytes_);
  const size_t behind = node_.size_bytes_ - at - removed;
  char* const begin = node_.data_ + front;
  // What stands behind stays where it is, and room for `front` is enough or little is unused.
  if (front + removed >= inserted && 4 * size + 64 > 3 * room) {
    const size_t moved = front + removed - inserted;
    if (moved <= UINT16_MAX) {
      std::memmove(node_.data_ + moved, begin, at);
      node_.front_bytes_ = static_cast<uint16_t>(moved);
      node_.size_bytes_ = static_cast<uint32_t>(size);
      return;
    }
  }
  // Into a room of the right size, at its end: all that is left over is in front.
  const size_t needed = AllocationBytes(size);
  const size_t moved = std::min<size_t>(needed - size, UINT16_MAX);
  char* const data = NewRoom(size);
  std::memcpy(data + moved, begin, at);
  std::memcpy(data + moved + at + inserted, begin + at + removed, behind);
  std::free(std::exchange(node_.data_, data));
  node_.front_bytes_ = static_cast<uint16_t>(moved);
  node_.size_bytes_ = static_cast<uint32_t>(size);
}

void PackedNode::Storage::SpliceBack(size_t at, size_t removed, size_t inserted) {
  const size_t size = node_.size_bytes_ + inserted - removed;
  const size_t room = AllocationBytes(node_.front_bytes_ + node_.size_bytes_);
  const size_t behind = node_.size_bytes_ - at - removed;
  if (node_.front_bytes_ > 0 && AllocationBytes(node_.front_bytes_ + size) != room) {
    std::memmove(node_.data_, node_.data_ + node_.front_bytes_, node_.size_bytes_);
    node_.front_bytes_ = 0;
  }
  const auto resize = [&] {
    node_.size_bytes_ = static_cast<uint32_t>(size);
    if (AllocationBytes(node_.front_bytes_ + size) == room) return;
    node_.data_ = static_cast<char*>(std::realloc(node_.data_, AllocationBytes(size)));
    CHECK(node_.data_ != nullptr);
  };
  if (inserted > removed) resize();
  char* const begin = node_.data_ + node_.front_bytes_;
  std::memmove(begin + at + inserted, begin + at + removed, behind);
  if (inserted < removed) resize();
}

}  // namespace norn
