#pragma once
// The rows of the hash commands; the columns are those of table.cc.

#include "engine/commands/hashes/hash_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kHashRows[] = {
    {"hdel", -3, kWrite | kFast, "hash", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::HDel, "hash", "2.0.0", "O(N), N the fields given", "Deletes fields of a hash, and the hash with the last.", "key:key field:string..."},
    {"hexists", 3, kReadonly | kFast, "hash", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::HExists, "hash", "2.0.0", "O(1)", "Tells whether a hash has a field.", "key:key field:string"},
    {"hget", 3, kReadonly | kFast, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HGet, "hash", "2.0.0", "O(1)", "Replies the value of a field.", "key:key field:string"},
    {"hgetall", 2, kReadonly, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HGetAll, "hash", "2.0.0", "O(N), N the fields", "Replies all fields and their values.", "key:key", "nondeterministic_output_order"},
    {"hincrby", 4, kWrite | kDenyOom | kFast, "hash", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", Placement::kKeys, handlers::HIncrBy, "hash", "2.0.0", "O(1)", "Adds a number to the integer value of a field.", "key:key field:string increment:integer"},
    {"hincrbyfloat", 4, kWrite | kDenyOom | kFast, "hash", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", Placement::kKeys, handlers::HIncrByFloat, "hash", "2.6.0", "O(1)", "Adds a floating point number to the value of a field.", "key:key field:string increment:double"},
    {"hkeys", 2, kReadonly, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HKeys, "hash", "2.0.0", "O(N), N the fields", "Replies all fields of a hash.", "key:key", "nondeterministic_output_order"},
    {"hlen", 2, kReadonly | kFast, "hash", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::HLen, "hash", "2.0.0", "O(1)", "Replies the number of fields of a hash.", "key:key"},
    {"hmget", -3, kReadonly | kFast, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HMGet, "hash", "2.0.0", "O(N), N the fields asked for", "Replies the values of several fields.", "key:key field:string..."},
    {"hmset", -4, kWrite | kDenyOom | kFast, "hash", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::HMSet, "hash", "2.0.0", "O(N), N the fields given", "Sets the values of several fields.", "key:key data:block(field:string value:string)...", "", "4.0.0", "`HSET` with multiple field-value pairs"},
    {"hrandfield", -2, kReadonly, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HRandField, "hash", "6.2.0", "O(N), N the fields replied", "Replies fields chosen at random.", "key:key [options:block(count:integer [withvalues:WITHVALUES])]", "nondeterministic_output"},
    {"hscan", -3, kReadonly, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HScan, "hash", "2.8.0", "O(1) for each call, O(N) for a whole iteration, N the fields", "Walks the fields of a hash step by step.", "key:key cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT] [novalues:NOVALUES]", "nondeterministic_output"},
    {"hset", -4, kWrite | kDenyOom | kFast, "hash", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::HSet, "hash", "2.0.0", "O(N), N the fields given", "Sets the values of fields.", "key:key data:block(field:string value:string)..."},
    {"hsetnx", 4, kWrite | kDenyOom | kFast, "hash", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::HSetNx, "hash", "2.0.0", "O(1)", "Sets the value of a field that the hash does not have yet.", "key:key field:string value:string"},
    {"hstrlen", 3, kReadonly | kFast, "hash", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::HStrLen, "hash", "3.2.0", "O(1)", "Replies the length of the value of a field.", "key:key field:string"},
    {"hvals", 2, kReadonly, "hash", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::HVals, "hash", "2.0.0", "O(N), N the fields", "Replies all values of a hash.", "key:key", "nondeterministic_output_order"},
};
// clang-format on

}  // namespace norn
