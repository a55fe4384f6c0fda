#pragma once
// One node of a long collection: a listpack, or one large element as it is; open, to be read and changed in place, or packed
// while nobody is at it. Lists and streams are rows of these.
//
//     data_     | front | the bytes | rest |         open: AllocationBytes(front + size_bytes) in all
//               | packed form |                      folded (listpack_fold.h) or LZF (lzf.h)
//
// What is put before the first element, or taken from there, moves the few bytes of the header instead of all that follow:
// the room for it is `front`. So the nodes at both ends of a list cost the same. Otherwise the allocator's own classes are
// the room to grow in.
//
// Runs anywhere, never parks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/structs/packed_bytes.h"

namespace norn {

class PackedNode {
 public:
  // An empty listpack.
  PackedNode();
  static PackedNode OfListpack(std::string_view listpack, size_t count);
  static PackedNode OfLarge(std::string_view element);
  PackedNode(const PackedNode& other);
  PackedNode(PackedNode&& other) noexcept;
  PackedNode& operator=(PackedNode&& other) noexcept;
  ~PackedNode();

  // Elements, entries: what the collection counts.
  size_t count() const { return count_; }
  void set_count(size_t count) { count_ = static_cast<uint32_t>(count); }
  size_t size_bytes() const { return size_bytes_; }  // open
  bool is_large() const { return is_large_; }
  bool is_open() const { return form_ == Form::kOpen; }
  bool is_folded() const { return form_ == Form::kFolded; }
  bool is_compressed() const { return form_ == Form::kLzf; }
  size_t UsedBytes() const;  // without the node itself

  // The bytes; in `scratch` if the node is packed.
  std::string_view Read(std::string& scratch) const;
  // The same bytes as they lie in the node. Requires that it is open.
  std::string_view bytes() const;

  // Packs, if the form has at most `bytes_max` bytes. Require that it is open; Fold, a listpack.
  void Compress(size_t bytes_max);
  void Fold(size_t bytes_max);
  void Open();

  // The listpack for writing. Requires that the node is open and not large.
  class Storage;

 private:
  enum class Form : uint8_t { kOpen, kFolded, kLzf };

  explicit PackedNode(char* data) : data_(data) {}
  // What data_ holds: of the bytes or of their packed form.
  std::string_view stored() const;
  void Pack(Form form, std::string_view packed);

  char* data_ = nullptr;
  uint32_t size_bytes_ = 0;
  uint32_t packed_bytes_ = 0;  // 0: open
  uint32_t count_ = 0;
  uint16_t front_bytes_ = 0;  // 0: packed
  bool is_large_ = false;
  Form form_ = Form::kOpen;
};

class PackedNode::Storage final : public PackedBytes {
 public:
  explicit Storage(PackedNode& node);

  std::string_view bytes() const override { return node_.bytes(); }
  std::span<char> Splice(size_t at, size_t removed, size_t inserted) override;

 private:
  // The bytes begin and end elsewhere: those up to `at` by the front, those from at + removed on by the back.
  void SpliceFront(size_t at, size_t removed, size_t inserted);
  void SpliceBack(size_t at, size_t removed, size_t inserted);

  PackedNode& node_;
};

}  // namespace norn
