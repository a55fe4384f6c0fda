#pragma once
// Fields of hashes that have expired, erased without anybody asking: the other half of hiding them from readers. Goes round the
// keys of one database that have such fields, in order of their bytes, some way at a time.

#include <cstddef>
#include <cstdint>

#include "engine/config/options.h"
#include "engine/keyspace/keyspace.h"

namespace norn {

// Erases fields of `db` with deadlines up to `now_ms`, for about `lines` lines of the hashes' tables or to the end of a round;
// returns how many. Counted, told of as "hexpired", and recorded as HDEL (Keyspace::deletions()); a hash that loses its last
// field goes. Keys that have expired themselves are left to Db::ExpireSome. `db` is one of `keyspace`.
size_t ExpireFieldsSome(Keyspace& keyspace, Db& db, const config::Options& options, int64_t now_ms,
                        size_t lines);

}  // namespace norn
