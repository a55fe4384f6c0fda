#include "engine/commands/strings/lcs.h"

#include <algorithm>
#include <optional>

namespace norn::lcs {
namespace {

class Table {
 public:
  Table(std::string_view a, std::string_view b)
      : width_(b.size() + 1), lengths_((a.size() + 1) * width_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        At(i, j) =
            a[i - 1] == b[j - 1] ? At(i - 1, j - 1) + 1 : std::max(At(i - 1, j), At(i, j - 1));
      }
    }
  }

  // Of the first i bytes of a and the first j of b.
  uint32_t& At(size_t i, size_t j) { return lengths_[i * width_ + j]; }

 private:
  size_t width_;
  std::vector<uint32_t> lengths_;
};

// Joins single matched positions, which come in descending order, into runs.
class Runs {
 public:
  explicit Runs(std::vector<Match>* out) : out_(out) {}

  void Add(uint32_t a, uint32_t b) {
    if (run_ && run_->a.first == a + 1 && run_->b.first == b + 1) {
      run_->a.first = a;
      run_->b.first = b;
      return;
    }
    Flush();
    run_ = Match{{a, a}, {b, b}};
  }
  void Flush() {
    if (run_) out_->push_back(*run_);
    run_.reset();
  }

 private:
  std::vector<Match>* out_;
  std::optional<Match> run_;
};

}  // namespace

uint64_t TableBytes(uint64_t a_bytes, uint64_t b_bytes) {
  uint64_t bytes = 0;
  const bool overflows = __builtin_mul_overflow(a_bytes + 1, b_bytes + 1, &bytes) ||
                         __builtin_mul_overflow(bytes, sizeof(uint32_t), &bytes);
  return overflows ? UINT64_MAX : bytes;
}

Result Find(std::string_view a, std::string_view b, bool length_only) {
  Table table(a, b);
  Result result;
  result.length = table.At(a.size(), b.size());
  if (length_only) return result;
  result.text.resize(result.length);
  Runs runs(&result.matches);
  size_t left = result.length;
  size_t i = a.size();
  size_t j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      result.text[--left] = a[i - 1];
      --i;
      --j;
      runs.Add(static_cast<uint32_t>(i), static_cast<uint32_t>(j));
    } else if (table.At(i - 1, j) > table.At(i, j - 1)) {
      --i;
      runs.Flush();
    } else {
      --j;
      runs.Flush();
    }
  }
  runs.Flush();
  return result;
}

}  // namespace norn::lcs
