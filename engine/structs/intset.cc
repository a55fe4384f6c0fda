#include "engine/structs/intset.h"

#include <bit>
#include <cstring>
#include <vector>

#include "engine/base/check.h"

namespace norn {
namespace {

static_assert(std::endian::native == std::endian::little,
              "integers are stored as they lie in memory");

constexpr size_t kHeaderBytes = 8;

uint32_t WordAt(std::string_view bytes, size_t at) {
  uint32_t word;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

void SetCount(std::span<char> bytes, size_t count) {
  const auto word = static_cast<uint32_t>(count);
  std::memcpy(bytes.data() + 4, &word, sizeof(word));
}

size_t WidthFor(int64_t value) {
  if (value >= INT16_MIN && value <= INT16_MAX) return 2;
  return value >= INT32_MIN && value <= INT32_MAX ? 4 : 8;
}

template <typename T>
int64_t Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

int64_t LoadWidth(const char* at, size_t width) {
  if (width == 2) return Load<int16_t>(at);
  return width == 4 ? Load<int32_t>(at) : Load<int64_t>(at);
}

}  // namespace

// ---- IntsetView ----

size_t IntsetView::Count() const { return WordAt(bytes_, 4); }

size_t IntsetView::WidthBytes() const { return WordAt(bytes_, 0); }

int64_t IntsetView::At(size_t index) const {
  const size_t width = WidthBytes();
  return LoadWidth(bytes_.data() + kHeaderBytes + index * width, width);
}

size_t IntsetView::LowerBound(int64_t value) const {
  size_t begin = 0;
  size_t count = Count();
  while (count > 0) {
    const size_t half = count / 2;
    if (At(begin + half) < value) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

bool IntsetView::Contains(int64_t value) const {
  if (WidthFor(value) > WidthBytes()) return false;  // I2
  const size_t at = LowerBound(value);
  return at < Count() && At(at) == value;
}

// ---- Intset ----

std::string_view Intset::Empty() {
  using namespace std::string_view_literals;
  return "\2\0\0\0\0\0\0\0"sv;
}

bool Intset::Insert(int64_t value) {
  const IntsetView before = view();
  const size_t width = before.WidthBytes();
  if (WidthFor(value) > width) {
    Widen(value);
    return true;
  }
  const size_t count = before.Count();
  const size_t at = before.LowerBound(value);
  if (at < count && before.At(at) == value) return false;
  const std::span<char> bytes = storage_->Splice(kHeaderBytes + at * width, 0, width);
  std::memcpy(bytes.data() + kHeaderBytes + at * width, &value, width);
  SetCount(bytes, count + 1);
  return true;
}

void Intset::Widen(int64_t value) {
  const IntsetView before = view();
  std::vector<int64_t> values;
  values.reserve(before.Count() + 1);
  if (value < 0) values.push_back(value);
  for (size_t i = 0; i < before.Count(); ++i) values.push_back(before.At(i));
  // What needs a wider integer than all others lies outside them.
  if (value >= 0) values.push_back(value);
  const size_t width = WidthFor(value);
  const std::span<char> bytes = storage_->Splice(
      kHeaderBytes, storage_->bytes().size() - kHeaderBytes, values.size() * width);
  const auto word = static_cast<uint32_t>(width);
  std::memcpy(bytes.data(), &word, sizeof(word));
  SetCount(bytes, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    std::memcpy(bytes.data() + kHeaderBytes + i * width, &values[i], width);
  }
}

bool Intset::Erase(int64_t value) {
  const IntsetView before = view();
  if (!before.Contains(value)) return false;
  const size_t width = before.WidthBytes();
  const size_t count = before.Count();
  const size_t at = before.LowerBound(value);
  SetCount(storage_->Splice(kHeaderBytes + at * width, width, 0), count - 1);
  return true;
}

// ---- bytes from outside ----

bool IntsetIsValid(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return false;
  const IntsetView view(bytes);
  const size_t width = view.WidthBytes();
  if (width != 2 && width != 4 && width != 8) return false;
  if (bytes.size() - kHeaderBytes != view.Count() * width) return false;
  for (size_t i = 1; i < view.Count(); ++i) {
    if (view.At(i - 1) >= view.At(i)) return false;
  }
  return true;
}

}  // namespace norn
