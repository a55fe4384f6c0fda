#pragma once
// Random numbers from the kernel, a page at a time.

#include "engine/env/entropy.h"

namespace norn::server {

class RealEntropy : public env::Entropy {
 public:
  // Any thread.
  uint64_t Next() override;
};

}  // namespace norn::server
