#pragma once
// The rows of the set commands; the columns are those of table.cc.

#include "engine/commands/sets/set_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kSetRows[] = {
    {"sadd", -3, kWrite | kDenyOom | kFast, "set", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::SAdd, "set", "1.0.0", "O(1) for each member", "Adds members to a set.", "key:key member:string..."},
    {"scard", 2, kReadonly | kFast, "set", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::SCard, "set", "1.0.0", "O(1)", "Replies the number of members of a set.", "key:key"},
    {"sdiff", -2, kReadonly, "set", "idx:1>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SDiff, "set", "1.0.0", "O(N), N the members of all sets", "Replies the members of the first set that are in no other.", "key:key...", "nondeterministic_output_order"},
    {"sdiffstore", -3, kWrite | kDenyOom, "set", "idx:1>range:0:1:0(OW,UPDATE) ; idx:2>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SDiffStore, "set", "1.0.0", "O(N), N the members of all sets", "Stores the members of the first set that are in no other.", "destination:key key:key#1..."},
    {"sinter", -2, kReadonly, "set", "idx:1>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SInter, "set", "1.0.0", "O(N*M) at worst, N the members of the smallest set, M the number of sets", "Replies the members that are in every set.", "key:key...", "nondeterministic_output_order"},
    {"sintercard", -3, kReadonly, "set", "idx:1>keynum:0:1:1(RO,ACCESS)", Placement::kKeys, handlers::SInterCard, "set", "7.0.0", "O(N*M) at worst, N the members of the smallest set, M the number of sets", "Replies how many members are in every set.", "numkeys:integer key:key... [limit:integer=LIMIT]"},
    {"sinterstore", -3, kWrite | kDenyOom, "set", "idx:1>range:0:1:0(OW,UPDATE) ; idx:2>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SInterStore, "set", "1.0.0", "O(N*M) at worst, N the members of the smallest set, M the number of sets", "Stores the members that are in every set.", "destination:key key:key#1..."},
    {"sismember", 3, kReadonly | kFast, "set", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::SIsMember, "set", "1.0.0", "O(1)", "Tells whether a set has a member.", "key:key member:string"},
    {"smembers", 2, kReadonly, "set", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::SMembers, "set", "1.0.0", "O(N), N the members", "Replies all members of a set.", "key:key", "nondeterministic_output_order"},
    {"smismember", -3, kReadonly | kFast, "set", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::SMIsMember, "set", "6.2.0", "O(N), N the members asked for", "Tells of several members whether a set has them.", "key:key member:string..."},
    {"smove", 4, kWrite | kFast, "set", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::SMove, "set", "1.0.0", "O(1)", "Moves a member from one set to another.", "source:key destination:key#1 member:string"},
    {"spop", -2, kWrite | kFast, "set", "idx:1>range:0:1:0(RW,ACCESS,DELETE)", Placement::kKeys, handlers::SPop, "set", "1.0.0", "O(1) for each member", "Removes members chosen at random and replies them.", "key:key [count:integer@3.2.0]", "nondeterministic_output"},
    {"srandmember", -2, kReadonly, "set", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::SRandMember, "set", "1.0.0", "O(1) for each member", "Replies members chosen at random.", "key:key [count:integer@2.6.0]", "nondeterministic_output"},
    {"srem", -3, kWrite | kFast, "set", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::SRem, "set", "1.0.0", "O(1) for each member", "Removes members from a set.", "key:key member:string..."},
    {"sscan", -3, kReadonly, "set", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::SScan, "set", "2.8.0", "O(1) for each call, O(N) for a whole iteration, N the members", "Walks the members of a set step by step.", "key:key cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT]", "nondeterministic_output"},
    {"sunion", -2, kReadonly, "set", "idx:1>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SUnion, "set", "1.0.0", "O(N), N the members of all sets", "Replies the members that are in any set.", "key:key...", "nondeterministic_output_order"},
    {"sunionstore", -3, kWrite | kDenyOom, "set", "idx:1>range:0:1:0(OW,UPDATE) ; idx:2>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::SUnionStore, "set", "1.0.0", "O(N), N the members of all sets", "Stores the members that are in any set.", "destination:key key:key#1..."},
};
// clang-format on

}  // namespace norn
