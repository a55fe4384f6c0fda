#pragma once
// Where random numbers are born. Engine code seeds one norn::Prng per purpose from it and draws
// from that.

#include <cstdint>

namespace norn::env {

class Entropy {
 public:
  virtual ~Entropy() = default;

  // 64 unpredictable bits (in the real world: from the kernel). Callable from every executor.
  virtual uint64_t Next() = 0;
};

}  // namespace norn::env
