#pragma once
// Bytes that grow at the end and are consumed from the front: a connection's input, a reply under way. One contiguous
// block, so that parsing and one write() see it whole. Empty buffers own no memory once Release was called.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace norn {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ByteBuffer(ByteBuffer&& other) noexcept { Swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~ByteBuffer() { std::free(data_); }

  const char* data() const { return data_ + begin_; }
  char* data() { return data_ + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return end_ == begin_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_ + begin_, size()}; }

  // Room for `bytes` more behind the end; write there, then Commit what was written. The pointer dies with the next call.
  char* Reserve(size_t bytes) {
    if (__builtin_expect(capacity_ - end_ < bytes, 0)) Grow(bytes);
    return data_ + end_;
  }
  void Commit(size_t bytes) { end_ += bytes; }
  std::span<char> Free() { return {data_ + end_, capacity_ - end_}; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void Append(char c) {
    *Reserve(1) = c;
    ++end_;
  }

  // Drops `bytes` from the front. Requires bytes <= size().
  void Consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Drops everything behind the first `size_bytes`.
  void Truncate(size_t size_bytes) { end_ = begin_ + size_bytes; }
  void Clear() { begin_ = end_ = 0; }

  // Clears, and gives the memory back when it is more than `keep_bytes`.
  void Release(size_t keep_bytes = 0) {
    Clear();
    if (capacity_ <= keep_bytes) return;
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
  }

  void Swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void Grow(size_t bytes) {
    if (begin_ > 0 && capacity_ - size() >= bytes &&
        begin_ >= size()) {  // moving costs less than what it frees
      std::memmove(data_, data_ + begin_, size());
    } else {
      size_t wanted = capacity_ < 512 ? 512 : capacity_ * 2;
      while (wanted - size() < bytes) wanted *= 2;
      char* grown = static_cast<char*>(std::malloc(wanted));
      if (grown == nullptr) throw std::bad_alloc();
      if (size() > 0) std::memcpy(grown, data_ + begin_, size());
      std::free(data_);
      data_ = grown;
      capacity_ = wanted;
    }
    end_ -= begin_;
    begin_ = 0;
  }

  char* data_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace norn
