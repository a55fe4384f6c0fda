// Against plain registers; and against bytes that clients made up.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "engine/base/prng.h"
#include "engine/structs/hyperloglog.h"

namespace norn {
namespace {

namespace hll = hyperloglog;

// On the heap, at its exact length: the sanitizer sees each byte read beyond it.
struct Exact {
  explicit Exact(std::string_view bytes)
      : size(bytes.size()), copy(std::make_unique<char[]>(bytes.size())) {
    bytes.copy(copy.get(), size);
  }
  std::string_view view() const { return {copy.get(), size}; }
  size_t size;
  std::unique_ptr<char[]> copy;
};

RC_GTEST_PROP(HyperLogLogProperty, BothFormsHoldTheRegisters, (uint64_t seed)) {
  Prng prng(seed);
  hll::Registers plain = {};
  std::string bytes = hll::Empty();
  const size_t sparse_bytes_max = prng.Below(4000);
  const size_t span = 1 + prng.Below(prng.OneIn(2) ? 50 : hll::kRegisters);
  for (int i = 0; i < 600; ++i) {
    const auto value = static_cast<uint8_t>(prng.Between(1, prng.OneIn(500) ? 51 : 4));
    const hll::Mark mark{prng.Below(span), value};
    const bool raises = plain[mark.at] < value;
    plain[mark.at] = std::max(plain[mark.at], value);
    const hll::Raised raised = hll::Raise(&bytes, mark, sparse_bytes_max);
    RC_ASSERT(raised == (raises ? hll::Raised::kChanged : hll::Raised::kSame));
    RC_ASSERT(hll::HasHeader(bytes));
    RC_ASSERT(hll::IsDense(bytes) || bytes.size() <= std::max<size_t>(sparse_bytes_max, 18));
  }
  hll::Registers read = {};
  RC_ASSERT(hll::MergeInto(&read, bytes));
  RC_ASSERT(read == plain);
  RC_ASSERT(hll::Count(bytes) == hll::Count(plain));
  RC_ASSERT(hll::MakeDense(&bytes));
  for (size_t i = 0; i < hll::kRegisters; ++i) {
    if (hll::DenseRegister(bytes, i) != plain[i]) RC_FAIL("a register differs");
  }
  std::string other = hll::Empty();
  RC_ASSERT(hll::MakeDense(&other));
  hll::SetRegisters(other, plain);
  RC_ASSERT(other == bytes);
}

// Random runs, or the runs of a good one with a few bytes changed.
std::string DrawRuns(Prng& prng) {
  std::string bytes = hll::Empty();
  if (prng.OneIn(2)) {
    for (uint64_t i = prng.Below(100); i > 0; --i) {
      hll::Raise(&bytes, {prng.Below(hll::kRegisters), 3}, 3000);
    }
    for (uint64_t i = prng.Below(4); i > 0; --i) {
      bytes[hll::kHeaderBytes + prng.Below(bytes.size() - hll::kHeaderBytes)] =
          static_cast<char>(prng.Next());
    }
    if (prng.OneIn(2)) bytes.pop_back();
    return bytes;
  }
  bytes.resize(hll::kHeaderBytes + prng.Below(prng.OneIn(4) ? 2000 : 12));
  for (size_t i = hll::kHeaderBytes; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(prng.Next());
  return bytes;
}

RC_GTEST_PROP(HyperLogLogProperty, CorruptRunsAreToldAndNothingElseIsRead, (uint64_t seed)) {
  Prng prng(seed);
  const std::string bytes = DrawRuns(prng);
  const Exact exact(bytes);
  RC_ASSERT(hll::HasHeader(exact.view()));
  const std::optional<uint64_t> count = hll::Count(exact.view());
  hll::Registers registers = {};
  RC_ASSERT(hll::MergeInto(&registers, exact.view()) == count.has_value());
  RC_ASSERT(hll::Describe(exact.view()).has_value());
  std::string dense = bytes;
  RC_ASSERT(hll::MakeDense(&dense) == count.has_value());
  if (!count) RC_ASSERT(dense == bytes);
  const hll::Mark mark{prng.Below(hll::kRegisters), static_cast<uint8_t>(prng.Between(1, 51))};
  std::string raised = bytes;
  const hll::Raised outcome = hll::Raise(&raised, mark, prng.Below(3000));
  if (count) RC_ASSERT(outcome != hll::Raised::kCorrupt);
  if (outcome != hll::Raised::kChanged) RC_ASSERT(raised == bytes);
}

RC_GTEST_PROP(HyperLogLogProperty, HeadersOfAnyBytes, (std::string bytes)) {
  const Exact exact(bytes);
  const Exact longer("HYLL" + bytes);
  RC_ASSERT(!hll::HasHeader(exact.view()) || bytes.size() >= hll::kHeaderBytes);
  RC_ASSERT(!hll::HasHeader(longer.view()) || bytes.size() >= hll::kHeaderBytes - 4);
}

}  // namespace
}  // namespace norn
