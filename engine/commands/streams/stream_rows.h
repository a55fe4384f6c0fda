#pragma once
// The rows of the stream commands; the columns are those of table.cc.

#include "engine/commands/streams/stream_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kStreamRows[] = {
    {"xack", -4, kWrite | kFast, "stream", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::XAck, "stream", "5.0.0", "O(log N) for each id, N the pending entries", "Acknowledges entries that a consumer of a group has been given.", "key:key group:string ID:string..."},
    {"xadd", -5, kWrite | kDenyOom | kFast, "stream", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::XAdd, "stream", "5.0.0", "O(log N), and O(M) for M entries trimmed", "Appends an entry to a stream.", "key:key [nomkstream:NOMKSTREAM@6.2.0] [trim:block(strategy:oneof(maxlen:MAXLEN|minid:MINID@6.2.0) [operator:oneof(equal:=|approximately:~)] threshold:string [count:integer=LIMIT@6.2.0])] id-selector:oneof(auto-id:*|id:string) data:block(field:string value:string)...", "nondeterministic_output"},
    {"xautoclaim", -6, kWrite | kFast, "stream", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::XAutoClaim, "stream", "6.2.0", "O(M log N), M the entries looked at", "Gives pending entries that were idle for long to a consumer.", "key:key group:string consumer:string min-idle-time:string start:string [count:integer=COUNT] [justid:JUSTID]", "nondeterministic_output"},
    {"xclaim", -6, kWrite | kFast, "stream", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::XClaim, "stream", "5.0.0", "O(log N) for each id, N the pending entries", "Gives pending entries to a consumer.", "key:key group:string consumer:string min-idle-time:string ID:string... [ms:integer=IDLE] [unix-time-milliseconds:unix-time=TIME] [count:integer=RETRYCOUNT] [force:FORCE] [justid:JUSTID] [lastid:string=LASTID]", "nondeterministic_output"},
    {"xdel", -3, kWrite | kFast, "stream", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::XDel, "stream", "5.0.0", "O(log N) for each id", "Removes entries from a stream.", "key:key ID:string..."},
    {"xgroup", -2, 0, "", "", Placement::kHome, nullptr, "stream", "5.0.0", "That of the subcommand", "Makes and changes consumer groups.", ""},
    {"xinfo", -2, 0, "", "", Placement::kHome, nullptr, "stream", "5.0.0", "That of the subcommand", "Looks at streams and their groups.", ""},
    {"xlen", 2, kReadonly | kFast, "stream", "idx:1>range:0:1:0(RO)", Placement::kKeys, handlers::XLen, "stream", "5.0.0", "O(1)", "Replies the number of entries of a stream.", "key:key"},
    {"xpending", -3, kReadonly, "stream", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XPending, "stream", "5.0.0", "O(N), N the pending entries looked at, or the consumers", "Replies what is pending in a group.", "key:key group:string [filters:block([min-idle-time:integer=IDLE@6.2.0] start:string end:string count:integer [consumer:string])]", "nondeterministic_output"},
    {"xrange", -4, kReadonly, "stream", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XRange, "stream", "5.0.0", "O(log N + M), M the entries replied", "Replies entries in a range of ids.", "key:key start:string end:string [count:integer=COUNT]"},
    {"xread", -4, kBlocking | kReadonly, "stream", "kw:STREAMS:1>range:-1:1:2(RO,ACCESS)", Placement::kKeys, handlers::XRead, "stream", "5.0.0", "O(log N + M) for each stream, M the entries replied", "Replies entries behind an id of one or more streams.", "[count:integer=COUNT] [milliseconds:integer=BLOCK] streams:block(key:key... ID:string...)=STREAMS"},
    {"xreadgroup", -7, kBlocking | kWrite, "stream", "kw:STREAMS:4>range:-1:1:2(RO,ACCESS)", Placement::kKeys, handlers::XReadGroup, "stream", "5.0.0", "O(log N + M) for each stream, M the entries replied", "Replies entries of streams to a consumer of a group.", "group-block:block(group:string consumer:string)=GROUP [count:integer=COUNT] [milliseconds:integer=BLOCK] [noack:NOACK] streams:block(key:key... ID:string...)=STREAMS"},
    {"xrevrange", -4, kReadonly, "stream", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XRevRange, "stream", "5.0.0", "O(log N + M), M the entries replied", "Replies entries in a range of ids, the highest first.", "key:key end:string start:string [count:integer=COUNT]"},
    {"xsetid", -3, kWrite | kDenyOom | kFast, "stream", "idx:1>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::XSetId, "stream", "5.0.0", "O(1)", "Sets what a stream remembers of ids.", "key:key last-id:string [entries-added:integer=ENTRIESADDED@7.0.0] [max-deleted-id:string=MAXDELETEDID@7.0.0]"},
    {"xtrim", -4, kWrite, "stream", "idx:1>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::XTrim, "stream", "5.0.0", "O(N), N the entries removed; whole nodes go at once", "Removes entries from the front of a stream.", "key:key trim:block(strategy:oneof(maxlen:MAXLEN|minid:MINID@6.2.0) [operator:oneof(equal:=|approximately:~)] threshold:string [count:integer=LIMIT@6.2.0])", "nondeterministic_output"},
};

inline constexpr CommandSpec kStreamSubcommandRows[] = {
    {"xgroup|create", -5, kWrite | kDenyOom, "stream", "idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::XGroupCreate, "stream", "5.0.0", "O(1)", "Makes a consumer group.", "key:key group:string id-selector:oneof(id:string|new-id:$) [mkstream:MKSTREAM] [entriesread<entries-read>:integer=ENTRIESREAD]"},
    {"xgroup|createconsumer", 5, kWrite | kDenyOom, "stream", "idx:2>range:0:1:0(RW,INSERT)", Placement::kKeys, handlers::XGroupCreateConsumer, "stream", "6.2.0", "O(1)", "Makes a consumer of a group.", "key:key group:string consumer:string"},
    {"xgroup|delconsumer", 5, kWrite, "stream", "idx:2>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::XGroupDelConsumer, "stream", "5.0.0", "O(N log N), N the entries pending for it", "Removes a consumer of a group.", "key:key group:string consumer:string"},
    {"xgroup|destroy", 4, kWrite, "stream", "idx:2>range:0:1:0(RW,DELETE)", Placement::kKeys, handlers::XGroupDestroy, "stream", "5.0.0", "O(N), N the pending entries", "Removes a consumer group.", "key:key group:string"},
    {"xgroup|help", 2, kLoading | kStale, "stream", "", Placement::kHome, handlers::XGroupHelp, "stream", "5.0.0", "O(1)", "Lists the subcommands of XGROUP.", ""},
    {"xgroup|setid", -5, kWrite, "stream", "idx:2>range:0:1:0(RW,UPDATE)", Placement::kKeys, handlers::XGroupSetId, "stream", "5.0.0", "O(1)", "Sets how far a group has read.", "key:key group:string id-selector:oneof(id:string|new-id:$) [entriesread<entries-read>:integer=ENTRIESREAD]"},
    {"xinfo|consumers", 4, kReadonly, "stream", "idx:2>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XInfoConsumers, "stream", "5.0.0", "O(N), N the consumers", "Describes the consumers of a group.", "key:key group:string", "nondeterministic_output"},
    {"xinfo|groups", 3, kReadonly, "stream", "idx:2>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XInfoGroups, "stream", "5.0.0", "O(N), N the groups", "Describes the groups of a stream.", "key:key"},
    {"xinfo|help", 2, kLoading | kStale, "stream", "", Placement::kHome, handlers::XInfoHelp, "stream", "5.0.0", "O(1)", "Lists the subcommands of XINFO.", ""},
    {"xinfo|stream", -3, kReadonly, "stream", "idx:2>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::XInfoStream, "stream", "5.0.0", "O(1), or O(N) with FULL, N the entries, groups and pending entries replied", "Describes a stream.", "key:key [full-block:block(full:FULL [count:integer=COUNT])]"},
};
// clang-format on

}  // namespace norn
