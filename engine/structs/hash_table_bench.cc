// The table alone: nanoseconds of CPU an operation, bytes an item, the worst single insert.
//
//   hash_table_bench [items ...]     default 1000000 10000000

#include <algorithm>
#include <chrono>  // clock_gettime too
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/hash_table.h"

namespace norn {
namespace {

struct Number {
  uint64_t key;
};
struct NumberTraits {
  using Item = Number;
  using Key = uint64_t;
  uint64_t Hash(const Number& number) const { return HashOf(number.key); }
  bool Equal(const Number& number, uint64_t key) const { return number.key == key; }
  static uint64_t HashOf(uint64_t key) { return SplitMix64(key); }
};

double NowNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Operation>
double NsEach(size_t count, Operation&& operation) {
  const double start = NowNs();
  for (size_t i = 0; i < count; ++i) operation(i);
  return (NowNs() - start) / static_cast<double>(count);
}

// Apart from the means: reading the clock costs more than an insert.
void PrintWorstInserts(std::vector<Number>& numbers) {
  struct Insert {
    double ns;
    size_t size;
    size_t moved;
  };
  std::vector<Insert> worst;
  const auto keep_five = [&worst] {
    std::partial_sort(worst.begin(), worst.begin() + 5, worst.end(),
                      [](const Insert& a, const Insert& b) { return a.ns > b.ns; });
    worst.resize(5);
  };
  HashTable<NumberTraits> table;
  for (Number& number : numbers) {
    const uint64_t hash = NumberTraits::HashOf(number.key);
    const double start = NowNs();
    table.Insert(&number, hash, false);
    worst.push_back({NowNs() - start, table.size(), table.moved_by_last_call()});
    if (worst.size() == 10000) keep_five();
  }
  keep_five();
  for (const Insert& insert : worst) {
    std::printf("  slow insert: us=%.1f at_size=%zu moved=%zu\n", insert.ns / 1000, insert.size,
                insert.moved);
  }
}

void Run(size_t count) {
  std::vector<Number> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i].key = i;
  HashTable<NumberTraits> table;
  const double insert_ns =
      NsEach(count, [&](size_t i) { table.Insert(&numbers[i], NumberTraits::HashOf(i), false); });
  PrintWorstInserts(numbers);
  const double bytes = static_cast<double>(table.UsedBytes()) / static_cast<double>(count);
  Prng prng(3);
  std::vector<uint32_t> order(1 << 20);
  for (uint32_t& key : order) key = static_cast<uint32_t>(prng.Below(count));
  size_t found = 0;
  const double hit_ns = NsEach(order.size(), [&](size_t i) {
    found += table.Find(order[i], NumberTraits::HashOf(order[i])) ? 1 : 0;
  });
  const double miss_ns = NsEach(order.size(), [&](size_t i) {
    const uint64_t key = order[i] + count;
    found += table.Find(key, NumberTraits::HashOf(key)) ? 1 : 0;
  });
  const double erase_ns =
      NsEach(count, [&](size_t i) { table.Erase(table.Find(i, NumberTraits::HashOf(i)).at); });
  std::printf(
      "items=%zu bytes_an_item=%.2f insert_ns=%.0f hit_ns=%.0f miss_ns=%.0f erase_ns=%.0f (%zu)\n",
      count, bytes, insert_ns, hit_ns, miss_ns, erase_ns, found);
}

}  // namespace
}  // namespace norn

int main(int argc, char** argv) {
  if (argc < 2) {
    norn::Run(1'000'000);
    norn::Run(10'000'000);
  }
  for (int i = 1; i < argc; ++i) norn::Run(std::strtoull(argv[i], nullptr, 10));
}
