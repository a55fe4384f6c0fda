#pragma once
// Bytes, first in, first out. Holds little memory while empty.

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace norn::sim {

class ByteQueue {
 public:
  size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return size() == 0; }

  void Push(std::span<const char> data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }

  // The byte that has `behind` others behind it. Requires: behind < size().
  char& FromBack(size_t behind) { return bytes_[bytes_.size() - 1 - behind]; }

  // Requires: out.size() <= size().
  void Pop(std::span<char> out) {
    std::memcpy(out.data(), bytes_.data() + head_, out.size());
    Drop(out.size());
  }

  void Drop(size_t count) {
    head_ += count;
    if (head_ == bytes_.size()) {
      bytes_.clear();
      head_ = 0;
      if (bytes_.capacity() > kKeptBytes) std::vector<char>().swap(bytes_);
    } else if (head_ > kKeptBytes && head_ > bytes_.size() / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }

 private:
  static constexpr size_t kKeptBytes = 4096;

  std::vector<char> bytes_;
  size_t head_ = 0;
};

}  // namespace norn::sim
