#include "server/tsc_clock.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace norn::server {
namespace {

constexpr Duration kLookInterval = Duration::Seconds(1);
constexpr Duration kFirstLook = Duration::Millis(50);  // the first rate comes from 2 ms only
constexpr int64_t kJumpNs = 100'000'000;  // further behind than this (a suspend): jump, do not slew
constexpr double kSlewMax = 0.005;
// A processor may read the counter a few nanoseconds after it checked the version. The new line
// starts this much higher, which is more than a line gains on another in that time (I1).
constexpr int64_t kStartAboveNs = 2;

int64_t KernelNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

#if defined(__x86_64__)

// Ordered after every earlier load, so that a time read after a message came is later than the time
// that was read before it was sent.
uint64_t ReadTsc() {
  _mm_lfence();
  return __rdtsc();
}

bool TscIsTrusted() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) == 0 || (edx & (1u << 8)) == 0) return false;
  std::FILE* file =
      std::fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
  if (file == nullptr) return false;
  char name[16] = {};
  const bool read = std::fgets(name, sizeof(name), file) != nullptr;
  std::fclose(file);
  return read && std::strcmp(name, "tsc\n") == 0;
}

#else

uint64_t ReadTsc() { return 0; }
bool TscIsTrusted() { return false; }

#endif

uint64_t MultOf(double ns_per_tick) { return static_cast<uint64_t>(ns_per_tick * 0x1p32); }

int64_t OnLine(uint64_t ticks, uint64_t mult) {
  return static_cast<int64_t>((static_cast<unsigned __int128>(ticks) * mult) >> 32);
}

}  // namespace

// The tightest of a few looks: the two clocks cannot be read at the same moment.
TscClock::Sample TscClock::TakeSample() {
  Sample best{};
  uint64_t best_gap = UINT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const uint64_t before = ReadTsc();
    const int64_t kernel_ns = KernelNs(CLOCK_MONOTONIC);
    const uint64_t after = ReadTsc();
    if (after - before < best_gap) {
      best_gap = after - before;
      best = Sample{before + best_gap / 2, kernel_ns};
    }
  }
  return best;
}

TscClock::TscClock() {
  static const bool trusted = TscIsTrusted();
  uses_tsc_ = trusted;
  if (!uses_tsc_) return;
  static const double ns_per_tick = [] {
    const Sample first = TakeSample();
    while (KernelNs(CLOCK_MONOTONIC) - first.kernel_ns < 2'000'000) {
    }
    const Sample second = TakeSample();
    return static_cast<double>(second.kernel_ns - first.kernel_ns) /
           static_cast<double>(second.tsc - first.tsc);
  }();
  last_ = TakeSample();
  next_look_ = Instant{last_.kernel_ns} + kFirstLook;
  base_tsc_.store(last_.tsc);
  base_ns_.store(last_.kernel_ns);
  mult_.store(MultOf(ns_per_tick));
}

Instant TscClock::Now() {
  if (!uses_tsc_) return Instant{KernelNs(CLOCK_MONOTONIC)};
  for (;;) {
    const uint32_t version = version_.load(std::memory_order_acquire);
    const uint64_t base_tsc = base_tsc_.load(std::memory_order_acquire);
    const int64_t base_ns = base_ns_.load(std::memory_order_acquire);
    const uint64_t mult = mult_.load(std::memory_order_acquire);
    const uint64_t tsc = ReadTsc();
    if (version_.load(std::memory_order_acquire) != version || (version & 1) != 0) continue;
    const uint64_t ticks = tsc > base_tsc ? tsc - base_tsc : 0;  // another core's may lag a little
    return Instant{base_ns + OnLine(ticks, mult)};
  }
}

WallTime TscClock::Wall() { return WallTime{KernelNs(CLOCK_REALTIME) / 1000}; }

void TscClock::Discipline(Instant now) {
  if (!uses_tsc_ || now < next_look_) return;
  next_look_ = now + kLookInterval;
  const Sample sample = TakeSample();
  const uint64_t ticks = sample.tsc - last_.tsc;
  if (ticks == 0) return;
  const double rate =
      static_cast<double>(sample.kernel_ns - last_.kernel_ns) / static_cast<double>(ticks);
  last_ = sample;
  Bend(sample, rate);
}

// Writer's half of a sequence lock: nobody uses the old line any more once the version is odd, and
// only then is the counter read at which the new line begins. Stores are releases and loads
// acquires, so that none passes a version.
void TscClock::Bend(const Sample& sample, double rate) {
  const uint32_t version = version_.load(std::memory_order_relaxed);
  version_.exchange(version + 1, std::memory_order_acq_rel);
  const uint64_t tsc = ReadTsc();
  const int64_t old_ns = base_ns_.load(std::memory_order_relaxed) +
                         OnLine(tsc - base_tsc_.load(std::memory_order_relaxed),
                                mult_.load(std::memory_order_relaxed));
  const int64_t kernel_ns =
      sample.kernel_ns + static_cast<int64_t>(static_cast<double>(tsc - sample.tsc) * rate);
  const int64_t behind_ns = kernel_ns - old_ns;
  // Bent so that the difference is gone by the next look.
  const double slew = std::clamp(
      static_cast<double>(behind_ns) / static_cast<double>(kLookInterval.ns), -kSlewMax, kSlewMax);
  const bool jump = behind_ns > kJumpNs;
  base_tsc_.store(tsc, std::memory_order_release);
  base_ns_.store(jump ? kernel_ns : old_ns + kStartAboveNs, std::memory_order_release);
  mult_.store(MultOf(jump ? rate : rate * (1.0 + slew)), std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

Duration TscClock::Ahead() { return Now() - Instant{KernelNs(CLOCK_MONOTONIC)}; }

}  // namespace norn::server
