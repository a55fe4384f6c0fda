#pragma once
// The rows of SORT and SORT_RO; the columns are those of table.cc.

#include "engine/commands/sort/sort_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kSortRows[] = {
    {"sort", -2, kWrite | kDenyOom, "set,sortedset,list,dangerous", "idx:1>range:0:1:0(RO,ACCESS) ; unknown>unknown(RO,ACCESS) ; unknown>unknown(OW,UPDATE)", Placement::kKeys, handlers::Sort, "generic", "1.0.0", "O(N + M log M), N the elements, M those that are put in order", "Puts the elements of a list, set or sorted set in order, and replies or stores them.", "key:key [by-pattern<pattern>:pattern#1=BY] [limit:block(offset:integer count:integer)=LIMIT] [get-pattern<pattern>:pattern#1=GET]...= [order:oneof(asc:ASC|desc:DESC)] [sorting:ALPHA] [destination:key#2=STORE]", "", {}, {}, handlers::SortPlacement},
    {"sort_ro", -2, kReadonly, "set,sortedset,list,dangerous", "idx:1>range:0:1:0(RO,ACCESS) ; unknown>unknown(RO,ACCESS)", Placement::kKeys, handlers::SortRo, "generic", "7.0.0", "O(N + M log M), N the elements, M those that are put in order", "Replies the elements of a list, set or sorted set in order.", "key:key [by-pattern<pattern>:pattern#1=BY] [limit:block(offset:integer count:integer)=LIMIT] [get-pattern<pattern>:pattern#1=GET]...= [order:oneof(asc:ASC|desc:DESC)] [sorting:ALPHA]", "", {}, {}, handlers::SortPlacement},
};
// clang-format on

}  // namespace norn
