#pragma once
// Where a packed collection (listpack, intset) keeps its bytes. The formats only say which bytes go and how many come;
// whether they lie within a key's entry, in a block beside it or in a node of a list is the owner's business.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "engine/base/check.h"

namespace norn {

class PackedBytes {
 public:
  virtual ~PackedBytes() = default;

  // Valid until the next Splice.
  virtual std::string_view bytes() const = 0;
  // Puts `inserted` bytes, not set, in the place of the `removed` bytes at `at`. Returns all bytes, for writing, until the
  // next Splice. Requires at + removed <= bytes().size().
  virtual std::span<char> Splice(size_t at, size_t removed, size_t inserted) = 0;

  // All bytes for writing, as many as there are. Bytes that a snapshot may still want are only written behind one of these.
  std::span<char> Writable() { return Splice(0, 0, 0); }
};

// Moves what stands behind the `removed` bytes at `at`, for a Splice of `size` bytes on the heap; resize(bytes) makes them that
// many and returns where they are. Returns all of them.
template <typename Resize>
std::span<char> SpliceHeapBytes(char* data, size_t size, size_t at, size_t removed, size_t inserted,
                                Resize&& resize) {
  CHECK(at + removed <= size);
  const size_t behind = size - at - removed;
  const size_t spliced = at + inserted + behind;
  if (inserted > removed) data = resize(spliced);
  if (inserted != removed && behind > 0) {
    std::memmove(data + at + inserted, data + at + removed, behind);
  }
  if (inserted < removed) data = resize(spliced);
  return {data, spliced};
}

// Bytes on the heap, exactly as many as there are: packed collections change seldom and are many.
class PackedBlock final : public PackedBytes {
 public:
  PackedBlock() = default;
  explicit PackedBlock(std::string_view bytes) { Assign(bytes); }
  PackedBlock(PackedBlock&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  PackedBlock& operator=(PackedBlock&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~PackedBlock() override { std::free(data_); }

  std::string_view bytes() const override { return {data_, size_}; }

  std::span<char> Splice(size_t at, size_t removed, size_t inserted) override {
    return SpliceHeapBytes(data_, size_, at, removed, inserted, [this](size_t size) {
      Resize(size);
      return data_;
    });
  }

  void Assign(std::string_view bytes) {
    Resize(bytes.size());
    if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
  }

 private:
  void Resize(size_t size) {
    size_ = size;
    if (size == 0) {
      std::free(std::exchange(data_, nullptr));
      return;
    }
    data_ = static_cast<char*>(std::realloc(data_, size));
    CHECK(data_ != nullptr);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace norn
