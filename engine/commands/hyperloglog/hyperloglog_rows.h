#pragma once
// The rows of the HyperLogLog commands; the columns are those of table.cc.

#include "engine/commands/hyperloglog/hyperloglog_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kHyperLogLogRows[] = {
    {"pfadd", -2, kWrite | kDenyOom | kFast, "hyperloglog", "idx:1>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::PfAdd, "hyperloglog", "2.8.9", "O(1) for each element", "Adds elements to a HyperLogLog.", "key:key [element:string]..."},
    {"pfcount", -2, kReadonly | kMayReplicate, "hyperloglog", "idx:1>range:-1:1:0(RW,ACCESS)", Placement::kKeys, handlers::PfCount, "hyperloglog", "2.8.9", "O(1) with one key; O(N) with N keys, and a large constant", "Replies about how many different elements one or several HyperLogLogs were given.", "key:key..."},
    {"pfdebug", 3, kWrite | kDenyOom | kAdmin, "hyperloglog", "idx:2>range:0:1:0(RW,ACCESS)", Placement::kKeys, handlers::PfDebug, "hyperloglog", "2.8.9", "N/A", "Looks into a HyperLogLog.", "subcommand:string key:key"},
    {"pfmerge", -2, kWrite | kDenyOom, "hyperloglog", "idx:1>range:0:1:0(RW,ACCESS,INSERT) ; idx:2>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::PfMerge, "hyperloglog", "2.8.9", "O(N), N the HyperLogLogs, with a large constant", "Merges HyperLogLogs into one.", "destkey:key [sourcekey:key#1]..."},
    {"pfselftest", 1, kAdmin, "hyperloglog", "", Placement::kHome, handlers::PfSelfTest, "hyperloglog", "2.8.9", "N/A", "Tests the counting of HyperLogLogs.", ""},
};
// clang-format on

}  // namespace norn
