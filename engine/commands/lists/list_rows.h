#pragma once
// The rows of the list commands; the columns are those of table.cc.

#include "engine/commands/lists/list_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kListRows[] = {
    {"blmove", 6, kWrite | kDenyOom | kBlocking, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::BLMove, "list", "6.2.0", "O(1)", "As LMOVE, and waits for an element where there is none.", "source:key destination:key#1 wherefrom:oneof(left:LEFT|right:RIGHT) whereto:oneof(left:LEFT|right:RIGHT) timeout:double"},
    {"blmpop", -5, kWrite | kBlocking, "list", "idx:2>keynum:0:1:1(RW,ACCESS,DELETE)", Placement::kKeys, handlers::BLMPop, "list", "7.0.0", "O(N+M), N the keys given, M the elements popped", "As LMPOP, and waits for an element where there is none.", "timeout:double numkeys:integer key:key... where:oneof(left:LEFT|right:RIGHT) [count:integer=COUNT]"},
    {"blpop", -3, kWrite | kBlocking, "list", "idx:1>range:-2:1:0(RW,ACCESS,DELETE)", Placement::kKeys, handlers::BLPop, "list", "2.0.0", "O(N), N the keys given", "Pops the first element of the first of several lists that has any; waits where there is none.", "key:key... timeout:double"},
    {"brpop", -3, kWrite | kBlocking, "list", "idx:1>range:-2:1:0(RW,ACCESS,DELETE)", Placement::kKeys, handlers::BRPop, "list", "2.0.0", "O(N), N the keys given", "Pops the last element of the first of several lists that has any; waits where there is none.", "key:key... timeout:double"},
    {"brpoplpush", 4, kWrite | kDenyOom | kBlocking, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::BRPopLPush, "list", "2.2.0", "O(1)", "As RPOPLPUSH, and waits for an element where there is none.", "source:key destination:key#1 timeout:double", "", "6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"},
    {"lindex", 3, kReadonly, "list", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::LIndex, "list", "1.0.0", "O(N) at worst, N the nodes to add up", "Replies the element at an index.", "key:key index:integer"},
    {"linsert", 5, kWrite | kDenyOom, "list", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::LInsert, "list", "2.2.0", "O(N), N the elements before the pivot", "Inserts an element before or after another.", "key:key where:oneof(before:BEFORE|after:AFTER) pivot:string element:string"},
    {"llen", 2, kReadonly | kFast, "list", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::LLen, "list", "1.0.0", "O(1)", "Replies the length of a list.", "key:key"},
    {"lmove", 5, kWrite | kDenyOom, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::LMove, "list", "6.2.0", "O(1)", "Pops an element of one list, pushes it to another and replies it.", "source:key destination:key#1 wherefrom:oneof(left:LEFT|right:RIGHT) whereto:oneof(left:LEFT|right:RIGHT)"},
    {"lmpop", -4, kWrite, "list", "idx:1>keynum:0:1:1(RW,ACCESS,DELETE)", Placement::kKeys, handlers::LMPop, "list", "7.0.0", "O(N+M), N the keys given, M the elements popped", "Pops elements of the first of several lists that has any.", "numkeys:integer key:key... where:oneof(left:LEFT|right:RIGHT) [count:integer=COUNT]"},
    {"lpop", -2, kWrite | kFast, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE)", Placement::kKeys, handlers::LPop, "list", "1.0.0", "O(N), N the elements popped", "Pops elements from the front of a list.", "key:key [count:integer@6.2.0]"},
    {"lpos", -3, kReadonly, "list", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::LPos, "list", "6.0.6", "O(N), N the elements looked at", "Replies the index of elements equal to a value.", "key:key element:string [rank:integer=RANK] [num-matches:integer=COUNT] [len:integer=MAXLEN]"},
    {"lpush", -3, kWrite | kDenyOom | kFast, "list", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::LPush, "list", "1.0.0", "O(1) for each element", "Pushes elements to the front of a list.", "key:key element:string..."},
    {"lpushx", -3, kWrite | kDenyOom | kFast, "list", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::LPushX, "list", "2.2.0", "O(1) for each element", "Pushes elements to the front of a list that exists.", "key:key element:string..."},
    {"lrange", 4, kReadonly, "list", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::LRange, "list", "1.0.0", "O(S+N), S the nodes before the first, N the elements replied", "Replies the elements between two indices.", "key:key start:integer stop:integer"},
    {"lrem", 4, kWrite, "list", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::LRem, "list", "1.0.0", "O(N), N the elements", "Removes elements equal to a value.", "key:key count:integer element:string"},
    {"lset", 4, kWrite | kDenyOom, "list", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::LSet, "list", "1.0.0", "O(N) at worst, N the nodes to add up", "Replaces the element at an index.", "key:key index:integer element:string"},
    {"ltrim", 4, kWrite, "list", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::LTrim, "list", "1.0.0", "O(N), N the elements removed", "Removes all elements but those between two indices.", "key:key start:integer stop:integer"},
    {"rpop", -2, kWrite | kFast, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE)", Placement::kKeys, handlers::RPop, "list", "1.0.0", "O(N), N the elements popped", "Pops elements from the back of a list.", "key:key [count:integer@6.2.0]"},
    {"rpoplpush", 3, kWrite | kDenyOom, "list", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::RPopLPush, "list", "1.2.0", "O(1)", "Pops the last element of one list, pushes it to the front of another and replies it.", "source:key destination:key#1", "", "6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"},
    {"rpush", -3, kWrite | kDenyOom | kFast, "list", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::RPush, "list", "1.0.0", "O(1) for each element", "Pushes elements to the back of a list.", "key:key element:string..."},
    {"rpushx", -3, kWrite | kDenyOom | kFast, "list", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::RPushX, "list", "2.2.0", "O(1) for each element", "Pushes elements to the back of a list that exists.", "key:key element:string..."},
};
// clang-format on

}  // namespace norn
