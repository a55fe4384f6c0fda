// A stream's entries alone: nanoseconds of CPU an operation, bytes an entry.
//
//   stream_log_bench [entries]     default 1000000

#include <chrono>  // clock_gettime too
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/structs/stream_log.h"

namespace norn {
namespace {

double NowNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Operation>
void Print(const char* name, size_t count, Operation&& operation) {
  const double start = NowNs();
  for (size_t i = 0; i < count; ++i) operation(i);
  std::printf("  %-28s %8.0f ns\n", name, (NowNs() - start) / static_cast<double>(count));
}

size_t Read(const StreamLog& log, StreamId from, size_t count) {
  size_t bytes = 0;
  log.Visit(from, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& entry) {
    entry.ForEachField([&](const PackedValue& field, const PackedValue& value) {
      bytes += field.Length() + value.Length();
    });
    return --count > 0;
  });
  return bytes;
}

void Run(const char* shape, size_t entries, bool is_random) {
  Prng prng(1);
  StreamLog log;
  const StreamNodeLimits limits{.bytes_max = 4096, .entries_max = 100};
  std::printf("%zu entries of %s\n", entries, shape);
  Print("append", entries, [&](size_t i) {
    const std::string first =
        is_random ? std::to_string(prng.Next()) : "21." + std::to_string(i % 97);
    const std::string second = std::to_string(prng.Below(100));
    const std::string_view words[] = {"temperature", first, "humidity", second};
    log.Append({1'700'000'000'000 + i, 0}, words, limits);
  });
  std::printf("  %-28s %8.1f bytes\n", "memory of an entry",
              static_cast<double>(log.UsedBytes()) / static_cast<double>(entries));
  size_t bytes = 0;
  const size_t reads = entries / 10;
  const auto at = [&](uint64_t i) { return StreamId{1'700'000'000'000 + i, 0}; };
  Print("read 10 anywhere", reads,
        [&](size_t) { bytes += Read(log, at(prng.Below(entries)), 10); });
  Print("read 10, going on", reads, [&](size_t i) { bytes += Read(log, at(10 * i), 10); });
  Print("read the last", reads, [&](size_t) { bytes += Read(log, at(entries - 1), 1); });
  Print("erase anywhere", reads, [&](size_t) { bytes += log.Erase(at(prng.Below(entries))); });
  Print("trim 100", entries / 200,
        [&](size_t) { bytes += log.Trim({.length_max = log.size() - 100}); });
  std::printf("  (%zu)\n", bytes % 10);
}

}  // namespace
}  // namespace norn

int main(int argc, char** argv) {
  const size_t entries = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  norn::Run("readings", entries, false);
  norn::Run("readings, one random", entries, true);
  return 0;
}
