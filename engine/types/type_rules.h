#pragma once
// What an operation on a value needs to know besides the value.

#include <cstdint>

#include "engine/config/options.h"
#include "engine/config/table.h"

namespace norn {

struct TypeRules {
  const config::Options& options = config::Defaults();  // the sizes of compact forms
  uint64_t hash_seed = 0;                               // the keyspace's: tables of big values
};

}  // namespace norn
