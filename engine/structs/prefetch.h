#pragma once
// Asking for memory ahead of its use.

namespace norn {

// gcc takes a function that does nothing but __builtin_prefetch for one without effect, and drops the calls; the empty asm is
// an effect that it must keep. (hash_table_test.cc cannot see the difference, db_bench does: a GET costs three times
// as much without.)
inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("" : : "r"(address));
}

}  // namespace norn
