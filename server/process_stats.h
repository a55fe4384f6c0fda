#pragma once
// Env::Stats from the operating system and jemalloc.

#include "engine/env/env.h"

namespace norn::server {

// Allocator figures are zero in a build without jemalloc (sanitizers). Any thread.
env::ProcessStats ReadProcessStats();

}  // namespace norn::server
