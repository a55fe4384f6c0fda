#include "engine/keyspace/access.h"

#include "engine/config/options.h"

namespace norn {

AccessPolicy AccessPolicyOf(const config::Options& options) {
  using config::MaxmemoryPolicy;
  const MaxmemoryPolicy policy = options.maxmemory_policy;
  return {
      .lfu = policy == MaxmemoryPolicy::kAllKeysLfu || policy == MaxmemoryPolicy::kVolatileLfu,
      .lfu_log_factor = static_cast<uint32_t>(options.lfu_log_factor),
      .lfu_decay_minutes = static_cast<uint32_t>(options.lfu_decay_time),
  };
}

}  // namespace norn
