#include "server/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

// Weak: null where the program was linked without jemalloc.
extern "C" __attribute__((weak)) int mallctl(const char* name, void* old_value, size_t* old_bytes,
                                             void* new_value, size_t new_bytes);

namespace norn::server {
namespace {

uint64_t JemallocFigure(const char* name) {
  size_t value = 0;
  size_t bytes = sizeof(value);
  return mallctl(name, &value, &bytes, nullptr, 0) == 0 ? value : 0;
}

void ReadJemalloc(env::ProcessStats& stats) {
  if (mallctl == nullptr) return;
  // jemalloc's figures are as of the last time that somebody advanced its epoch.
  uint64_t epoch = 1;
  size_t bytes = sizeof(epoch);
  mallctl("epoch", &epoch, &bytes, &epoch, bytes);
  stats.allocated_bytes = JemallocFigure("stats.allocated");
  stats.active_bytes = JemallocFigure("stats.active");
  stats.mapped_bytes = JemallocFigure("stats.mapped");
}

uint64_t ResidentBytes(uint64_t page_bytes) {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long pages = 0;
  const int fields = std::fscanf(file, "%*u %llu", &pages);
  std::fclose(file);
  return fields == 1 ? pages * page_bytes : 0;
}

int64_t MicrosOf(const timeval& time) {
  return static_cast<int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

}  // namespace

env::ProcessStats ReadProcessStats() {
  env::ProcessStats stats;
  const uint64_t page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  stats.resident_bytes = ResidentBytes(page_bytes);
  ReadJemalloc(stats);
  stats.total_memory_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  stats.cpu_user_us = MicrosOf(usage.ru_utime);
  stats.cpu_system_us = MicrosOf(usage.ru_stime);
  stats.pid = getpid();
  return stats;
}

}  // namespace norn::server
