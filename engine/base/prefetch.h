#pragma once
// Asks for a cache line ahead of its use.
//
// Not __builtin_prefetch alone: gcc finds a function that only prefetches free of effects and drops the calls to it.

namespace norn {

inline void Prefetch(const void* address) {
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address);
#endif
}

}  // namespace norn
