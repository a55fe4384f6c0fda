// The long walks over bits: bytes a nanosecond of CPU.
//
//   bit_ops_bench [bytes]     default 10000000

#include <chrono>  // clock_gettime too
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/commands/bitmaps/bit_ops.h"

namespace norn {
namespace {

double NowNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Operation>
void Print(const char* name, size_t bytes, Operation&& operation) {
  constexpr int kRounds = 20;
  uint64_t sum = 0;
  const double start = NowNs();
  for (int i = 0; i < kRounds; ++i) sum += operation();
  const double took_ns = NowNs() - start;
  std::printf("%-12s %7.2f bytes/ns   (%llu)\n", name,
              static_cast<double>(bytes) * kRounds / took_ns, static_cast<unsigned long long>(sum));
}

void Run(size_t bytes) {
  Prng prng(1);
  std::vector<std::string> strings(3, std::string(bytes, '\0'));
  for (std::string& string : strings) {
    for (char& byte : string) byte = static_cast<char>(prng.Next());
  }
  const std::vector<std::string_view> three(strings.begin(), strings.end());
  const std::string zeros(bytes, '\0');
  Print("count", bytes, [&] { return bit_ops::Count(strings[0]); });
  Print("find", bytes, [&] { return bit_ops::Find(zeros, true, {3, 8 * bytes - 1}).value_or(0); });
  using bit_ops::Operation;
  Print("and of 3", 3 * bytes, [&] { return bit_ops::Combine(Operation::kAnd, three).size(); });
  Print("xor of 3", 3 * bytes, [&] { return bit_ops::Combine(Operation::kXor, three).size(); });
  Print("not", bytes, [&] { return bit_ops::Combine(Operation::kNot, {{three[0]}}).size(); });
}

}  // namespace
}  // namespace norn

int main(int argc, char** argv) {
  norn::Run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000);
  return 0;
}
