#include "engine/commands/table.h"

#include "engine/commands/bitmaps/bitmap_rows.h"
#include "engine/commands/geo/geo_rows.h"
#include "engine/commands/handlers.h"
#include "engine/commands/hashes/hash_rows.h"
#include "engine/commands/hyperloglog/hyperloglog_rows.h"
#include "engine/commands/lists/list_rows.h"
#include "engine/commands/name_index.h"
#include "engine/commands/sets/set_rows.h"
#include "engine/commands/sort/sort_rows.h"
#include "engine/commands/spec_parse.h"
#include "engine/commands/streams/stream_rows.h"
#include "engine/commands/zsets/zset_rows.h"

namespace norn {
namespace {

namespace h = handlers;
using P = Placement;

// For a command that collects its tokens itself, because it waits for others in between: in a transaction it would wait for ever.
constexpr Placement AtHome(std::span<const std::string_view>) { return P::kHome; }

// The columns: name, arity, flags, ACL categories, key specifications, placement, handler, group, since, complexity, summary,
// arguments, and where there are any tips, deprecated since, replaced by. Alphabetical in a group.
// clang-format off
constexpr CommandSpec kCoreRows[] = {
    // string
    {"append", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,INSERT)", P::kKeys, h::Append, "string", "2.0.0", "O(1) amortized for short values", "Adds bytes to the end of a string and replies its new length.", "key:key value:string"},
    {"decr", 2, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Decr, "string", "1.0.0", "O(1)", "Subtracts one from an integer value.", "key:key"},
    {"decrby", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::DecrBy, "string", "1.0.0", "O(1)", "Subtracts a number from an integer value.", "key:key decrement:integer"},
    {"delifeq", 3, kWrite, "string", "idx:1>range:0:1:0(RM,ACCESS,DELETE)", P::kKeys, h::DelIfEq, "string", "9.0.0", "O(1)", "Deletes a key if its string equals the given one.", "key:key value:string"},
    {"get", 2, kReadonly | kFast, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::Get, "string", "1.0.0", "O(1)", "Replies the string stored at a key.", "key:key"},
    {"getdel", 2, kWrite | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,DELETE)", P::kKeys, h::GetDel, "string", "6.2.0", "O(1)", "Replies the string of a key and deletes the key.", "key:key"},
    {"getex", -2, kWrite | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::GetEx, "string", "6.2.0", "O(1)", "Replies the string of a key and changes its time to live.", "key:key [expiration:oneof(seconds:integer=EX|milliseconds:integer=PX|unix-time-seconds:unix-time=EXAT|unix-time-milliseconds:unix-time=PXAT|persist:PERSIST)]"},
    {"getrange", 4, kReadonly, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::GetRange, "string", "2.4.0", "O(N), N the bytes replied", "Replies a part of a string.", "key:key start:integer end:integer"},
    {"getset", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::GetSet, "string", "1.0.0", "O(1)", "Stores a string and replies the one it replaced.", "key:key value:string", "", "6.2.0", "`SET` with the `!GET` argument"},
    {"incr", 2, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Incr, "string", "1.0.0", "O(1)", "Adds one to an integer value.", "key:key"},
    {"incrby", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::IncrBy, "string", "1.0.0", "O(1)", "Adds a number to an integer value.", "key:key increment:integer"},
    {"incrbyfloat", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::IncrByFloat, "string", "2.6.0", "O(1)", "Adds a floating point number to a value.", "key:key increment:double"},
    {"lcs", -3, kReadonly, "string", "idx:1>range:1:1:0(RO,ACCESS)", P::kKeys, h::Lcs, "string", "7.0.0", "O(N*M), N and M the lengths of the two strings", "Finds the longest common subsequence of two strings.", "key1:key key2:key [len:LEN] [idx:IDX] [min-match-len:integer=MINMATCHLEN] [withmatchlen:WITHMATCHLEN]"},
    {"mget", -2, kReadonly | kFast, "string", "idx:1>range:-1:1:0(RO,ACCESS)", P::kKeys, h::MGet, "string", "1.0.0", "O(N), N the keys given", "Replies the strings of several keys.", "key:key...", "request_policy:multi_shard"},
    {"mset", -3, kWrite | kDenyOom, "string", "idx:1>range:-1:2:0(OW,UPDATE)", P::kKeys, h::MSet, "string", "1.0.1", "O(N), N the keys given", "Stores several strings at once.", "data:block(key:key value:string)...", "request_policy:multi_shard,response_policy:all_succeeded"},
    {"msetex", -4, kWrite | kDenyOom, "string", "idx:1>keynum:0:1:2(OW,UPDATE)", P::kKeys, h::MSetEx, "string", "9.1.0", "O(N), N the keys given", "Stores several strings at once, on a condition and with a time to live where asked for.", "numkeys:integer data:block(key:key value:string)... [condition:oneof(nx:NX|xx:XX)] [expiration:oneof(seconds:integer=EX|milliseconds:integer=PX|unix-time-seconds:unix-time=EXAT|unix-time-milliseconds:unix-time=PXAT|keepttl:KEEPTTL)]", "request_policy:multi_shard,response_policy:all_succeeded"},
    {"msetnx", -3, kWrite | kDenyOom, "string", "idx:1>range:-1:2:0(OW,INSERT)", P::kKeys, h::MSetNx, "string", "1.0.1", "O(N), N the keys given", "Stores several strings at once if none of the keys exists.", "data:block(key:key value:string)..."},
    {"psetex", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::PSetEx, "string", "2.6.0", "O(1)", "Stores a string that lives for some milliseconds.", "key:key milliseconds:integer value:string", "", "2.6.12", "`SET` with the `PX` argument"},
    {"set", -3, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE,VARIABLE_FLAGS)", P::kKeys, h::Set, "string", "1.0.0", "O(1)", "Stores a string, on a condition and with a time to live where asked for.", "key:key value:string [condition:oneof(nx:NX@2.6.12|xx:XX@2.6.12|comparison-value:string=IFEQ@8.1.0)] [get:GET@6.2.0] [expiration:oneof(seconds:integer=EX@2.6.12|milliseconds:integer=PX@2.6.12|unix-time-seconds:unix-time=EXAT@6.2.0|unix-time-milliseconds:unix-time=PXAT@6.2.0|keepttl:KEEPTTL@6.0.0)]"},
    {"setex", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::SetEx, "string", "2.0.0", "O(1)", "Stores a string that lives for some seconds.", "key:key seconds:integer value:string", "", "2.6.12", "`SET` with the `EX` argument"},
    {"setnx", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(OW,INSERT)", P::kKeys, h::SetNx, "string", "1.0.0", "O(1)", "Stores a string if the key does not exist.", "key:key value:string", "", "2.6.12", "`SET` with the `NX` argument"},
    {"setrange", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::SetRange, "string", "2.2.0", "O(M), M the bytes of the value", "Overwrites a part of a string, padding it with zero bytes where needed.", "key:key offset:integer value:string"},
    {"strlen", 2, kReadonly | kFast, "string", "idx:1>range:0:1:0(RO)", P::kKeys, h::StrLen, "string", "2.2.0", "O(1)", "Replies the length of a string.", "key:key"},
    {"substr", 4, kReadonly, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::SubStr, "string", "1.0.0", "O(N), N the bytes replied", "Replies a part of a string.", "key:key start:integer end:integer", "", "2.0.0", "`GETRANGE`"},
    // generic
    {"copy", -3, kWrite | kDenyOom, "keyspace", "idx:1>range:0:1:0(RO,ACCESS) ; idx:2>range:0:1:0(OW,UPDATE)", P::kKeys, h::Copy, "generic", "6.2.0", "O(N), N the elements of a collection; O(1) for a string", "Copies a value to another key.", "source:key destination:key#1 [destination-db:integer=DB] [replace:REPLACE]"},
    {"del", -2, kWrite, "keyspace", "idx:1>range:-1:1:0(RM,DELETE)", P::kKeys, h::Del, "generic", "1.0.0", "O(N), N the keys given, and for each collection O(M), M its elements", "Deletes keys.", "key:key...", "request_policy:multi_shard,response_policy:agg_sum"},
    {"dump", 2, kReadonly, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::Dump, "generic", "2.6.0", "O(N), N the bytes of the value", "Replies a value in a form that RESTORE reads.", "key:key", "nondeterministic_output"},
    {"exists", -2, kReadonly | kFast, "keyspace", "idx:1>range:-1:1:0(RO)", P::kKeys, h::Exists, "generic", "1.0.0", "O(N), N the keys given", "Counts how many of the given keys exist.", "key:key...", "request_policy:multi_shard,response_policy:agg_sum"},
    {"expire", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::Expire, "generic", "1.0.0", "O(1)", "Gives a key a time to live in seconds.", "key:key seconds:integer [condition:oneof(nx:NX|xx:XX|gt:GT|lt:LT)@7.0.0]"},
    {"expireat", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::ExpireAt, "generic", "1.2.0", "O(1)", "Lets a key expire at a unix time in seconds.", "key:key unix-time-seconds:unix-time [condition:oneof(nx:NX|xx:XX|gt:GT|lt:LT)@7.0.0]"},
    {"expiretime", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::ExpireTime, "generic", "7.0.0", "O(1)", "Replies the unix time in seconds at which a key expires.", "key:key"},
    {"keys", 2, kReadonly, "keyspace,dangerous", "", P::kAllShards, h::Keys, "generic", "1.0.0", "O(N), N the keys of the database", "Replies all keys that match a pattern.", "pattern:pattern", "request_policy:all_shards,nondeterministic_output_order"},
    {"migrate", -6, kWrite, "keyspace,dangerous", "idx:3>range:0:1:0(RW,ACCESS,DELETE) ; kw:KEYS:-2>range:-1:1:0(RW,ACCESS,DELETE,INCOMPLETE)", P::kAllShards, h::Migrate, "generic", "2.6.0", "A DUMP and DEL at the source and a RESTORE at the target for each key", "Moves keys to another server.", "host:string port:integer key-selector:oneof(key:key|empty-string:\"\") destination-db:integer timeout:integer [copy:COPY@3.0.0] [replace:REPLACE@3.0.0] [authentication:oneof(auth:string=AUTH@4.0.7|auth2:block(username:string password:string)=AUTH2@6.0.0)] [keys:key#1=KEYS@3.0.6]..."},
    {"move", 3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Move, "generic", "1.0.0", "O(1)", "Moves a key to another database.", "key:key db:integer"},
    {"object", -2, 0, "", "", P::kHome, nullptr, "generic", "2.2.3", "That of the subcommand", "Looks inside of values.", ""},
    {"persist", 2, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::Persist, "generic", "2.2.0", "O(1)", "Removes the time to live of a key.", "key:key"},
    {"pexpire", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::PExpire, "generic", "2.6.0", "O(1)", "Gives a key a time to live in milliseconds.", "key:key milliseconds:integer [condition:oneof(nx:NX|xx:XX|gt:GT|lt:LT)@7.0.0]"},
    {"pexpireat", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::PExpireAt, "generic", "2.6.0", "O(1)", "Lets a key expire at a unix time in milliseconds.", "key:key unix-time-milliseconds:unix-time [condition:oneof(nx:NX|xx:XX|gt:GT|lt:LT)@7.0.0]"},
    {"pexpiretime", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::PExpireTime, "generic", "7.0.0", "O(1)", "Replies the unix time in milliseconds at which a key expires.", "key:key"},
    {"pttl", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::PTtl, "generic", "2.6.0", "O(1)", "Replies the time to live of a key in milliseconds.", "key:key", "nondeterministic_output"},
    {"randomkey", 1, kReadonly | kTouchesArbitraryKeys, "keyspace", "", P::kAllShards, h::RandomKey, "generic", "1.0.0", "O(1)", "Replies some key of the database.", "", "request_policy:all_shards,response_policy:special,nondeterministic_output"},
    {"rename", 3, kWrite, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(OW,UPDATE)", P::kKeys, h::Rename, "generic", "1.0.0", "O(1)", "Renames a key, replacing the destination.", "key:key newkey:key#1"},
    {"renamenx", 3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(OW,INSERT)", P::kKeys, h::RenameNx, "generic", "1.0.0", "O(1)", "Renames a key if the destination does not exist.", "key:key newkey:key#1"},
    {"restore", -4, kWrite | kDenyOom, "keyspace,dangerous", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::Restore, "generic", "2.6.0", "O(N), N the bytes of the value; O(N*log(N)) for a sorted set of N elements", "Creates a key from what DUMP replied.", "key:key ttl:integer serialized-value:string [replace:REPLACE@3.0.0] [absttl:ABSTTL@5.0.0] [seconds:integer=IDLETIME@5.0.0] [frequency:integer=FREQ@5.0.0]"},
    {"restore-asking", -4, kWrite | kDenyOom | kAsking, "keyspace,dangerous", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::Restore, "server", "3.0.0", "O(N), N the bytes of the value; O(N*log(N)) for a sorted set of N elements", "RESTORE as one cluster node sends it to another.", "key:key ttl:integer serialized-value:string [replace:REPLACE@3.0.0] [absttl:ABSTTL@5.0.0] [seconds:integer=IDLETIME@5.0.0] [frequency:integer=FREQ@5.0.0]"},
    {"scan", -2, kReadonly | kTouchesArbitraryKeys, "keyspace", "", P::kScan, h::Scan, "generic", "2.8.0", "O(1) for each call, O(N) for a whole iteration, N the keys of the database", "Walks the keys of a database step by step.", "cursor:integer [pattern:pattern=MATCH] [count:integer=COUNT] [type:string=TYPE@6.0.0]", "nondeterministic_output,request_policy:special,response_policy:special"},
    {"touch", -2, kReadonly | kFast, "keyspace", "idx:1>range:-1:1:0(RO)", P::kKeys, h::Touch, "generic", "3.2.1", "O(N), N the keys given", "Marks keys as just used and counts those that exist.", "key:key...", "request_policy:multi_shard,response_policy:agg_sum"},
    {"ttl", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::Ttl, "generic", "1.0.0", "O(1)", "Replies the time to live of a key in seconds.", "key:key", "nondeterministic_output"},
    {"type", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO)", P::kKeys, h::Type, "generic", "1.0.0", "O(1)", "Replies the type of the value at a key.", "key:key"},
    {"unlink", -2, kWrite | kFast, "keyspace", "idx:1>range:-1:1:0(RM,DELETE)", P::kKeys, h::Unlink, "generic", "4.0.0", "O(1) for each key; memory is given back later, O(M) for each collection of M elements", "Deletes keys and frees their memory later.", "key:key...", "request_policy:multi_shard,response_policy:agg_sum"},
    {"wait", 3, kBlocking, "connection", "", P::kHome, h::Wait, "generic", "3.0.0", "O(1)", "Waits until replicas have the connection's writes.", "numreplicas:integer timeout:integer", "request_policy:all_shards,response_policy:agg_min"},
    {"waitaof", 4, kBlocking, "connection", "", P::kHome, h::WaitAof, "generic", "7.2.0", "O(1)", "Waits until the connection's writes are on disk, here and at replicas.", "numlocal:integer numreplicas:integer timeout:integer", "request_policy:all_shards,response_policy:agg_min"},
    // transactions
    {"discard", 1, kNoScript | kLoading | kStale | kFast | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "2.0.0", "O(N), N the queued commands", "Drops the commands queued since MULTI.", ""},
    {"exec", 1, kNoScript | kLoading | kStale | kSkipCommandLog, "transaction", "", P::kDispatcher, nullptr, "transactions", "1.2.0", "That of the queued commands", "Runs the commands queued since MULTI as one.", ""},
    {"multi", 1, kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "1.2.0", "O(1)", "Begins a transaction.", ""},
    {"unwatch", 1, kNoScript | kLoading | kStale | kFast | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "2.2.0", "O(1)", "Forgets all watched keys of the connection.", ""},
    {"watch", -2, kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy, "transaction", "idx:1>range:-1:1:0(RO)", P::kDispatcher, nullptr, "transactions", "2.2.0", "O(1) for each key", "Makes the next EXEC depend on keys staying as they are.", "key:key..."},
    // pubsub
    {"psubscribe", -2, kPubSub | kNoScript | kLoading | kStale | kSentinel, "", "", P::kAllShards, h::PSubscribe, "pubsub", "2.0.0", "O(N), N the patterns", "Listens to channels that match patterns.", "pattern:pattern..."},
    {"publish", 3, kPubSub | kLoading | kStale | kFast | kMayReplicate | kSentinel, "", "", P::kChannel, h::Publish, "pubsub", "2.0.0", "O(N+M), N the subscribers of the channel, M the patterns that anybody listens to", "Sends a message to those who listen to a channel.", "channel:string message:string"},
    {"pubsub", -2, 0, "", "", P::kHome, nullptr, "pubsub", "2.8.0", "That of the subcommand", "Looks at channels and who listens to them.", ""},
    {"punsubscribe", -1, kPubSub | kNoScript | kLoading | kStale | kSentinel, "", "", P::kAllShards, h::PUnsubscribe, "pubsub", "2.0.0", "O(N), N the patterns", "Ends listening to channels that match patterns.", "[pattern:pattern]..."},
    {"spublish", 3, kPubSub | kLoading | kStale | kFast | kMayReplicate, "", "idx:1>range:0:1:0(NOT_KEY)", P::kChannel, h::SPublish, "pubsub", "7.0.0", "O(N), N the subscribers of the shard channel", "Sends a message to those who listen to a shard channel.", "shardchannel:string message:string"},
    {"ssubscribe", -2, kPubSub | kNoScript | kLoading | kStale, "", "idx:1>range:-1:1:0(NOT_KEY)", P::kChannels, h::SSubscribe, "pubsub", "7.0.0", "O(N), N the shard channels", "Listens to shard channels.", "shardchannel:string..."},
    {"subscribe", -2, kPubSub | kNoScript | kLoading | kStale | kSentinel, "", "", P::kChannels, h::Subscribe, "pubsub", "2.0.0", "O(N), N the channels", "Listens to channels.", "channel:string..."},
    {"sunsubscribe", -1, kPubSub | kNoScript | kLoading | kStale, "", "idx:1>range:-1:1:0(NOT_KEY)", P::kAllShards, h::SUnsubscribe, "pubsub", "7.0.0", "O(N), N the shard channels", "Ends listening to shard channels.", "[shardchannel:string]..."},
    {"unsubscribe", -1, kPubSub | kNoScript | kLoading | kStale | kSentinel, "", "", P::kAllShards, h::Unsubscribe, "pubsub", "2.0.0", "O(N), N the channels", "Ends listening to channels.", "[channel:string]..."},
    // connection
    {"auth", -2, kNoScript | kLoading | kStale | kFast | kNoAuth | kSentinel | kAllowBusy, "connection", "", P::kHome, h::Auth, "connection", "1.0.0", "O(N), N the passwords of the user", "Authenticates the connection.", "[username:string@6.0.0] password:string"},
    {"client", -2, kSentinel, "", "", P::kHome, nullptr, "connection", "2.4.0", "That of the subcommand", "Looks at and controls client connections.", ""},
    {"echo", 2, kLoading | kStale | kFast, "connection", "", P::kHome, h::Echo, "connection", "1.0.0", "O(1)", "Replies the given string.", "message:string"},
    {"hello", -1, kNoScript | kLoading | kStale | kFast | kNoAuth | kSentinel | kAllowBusy, "connection", "", P::kHome, h::Hello, "connection", "6.0.0", "O(1)", "Greets the server and chooses the protocol version.", "[arguments:block(protover:integer [auth:block(username:string password:string)=AUTH] [clientname:string=SETNAME])]"},
    {"ping", -1, kFast | kSentinel, "connection", "", P::kHome, h::Ping, "connection", "1.0.0", "O(1)", "Replies PONG, or the given string.", "[message:string]", "request_policy:all_shards,response_policy:all_succeeded"},
    {"quit", -1, kAllowBusy | kNoScript | kLoading | kStale | kFast | kNoAuth, "connection", "", P::kHome, h::Quit, "connection", "1.0.0", "O(1)", "Closes the connection.", "", "", "7.2.0", "just closing the connection"},
    {"reset", 1, kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy, "connection", "", P::kHome, h::Reset, "connection", "6.2.0", "O(1)", "Puts the connection back into its first state.", ""},
    {"select", 2, kLoading | kStale | kFast, "connection", "", P::kHome, h::Select, "connection", "1.0.0", "O(1)", "Chooses the database of the connection.", "index:integer"},
    // cluster
    {"asking", 1, kFast, "connection", "", P::kHome, h::Asking, "cluster", "3.0.0", "O(1)", "Says that the next command follows an -ASK redirection.", ""},
    {"cluster", -2, 0, "", "", P::kHome, nullptr, "cluster", "3.0.0", "That of the subcommand", "Looks at and controls the cluster of the node.", ""},
    {"clusterscan", -2, kReadonly | kTouchesArbitraryKeys, "keyspace", "idx:1>range:0:1:0(NOT_KEY)", P::kAllShards, h::ClusterScan, "cluster", "9.1.0", "O(1) for each call, O(N) for a whole iteration, N the keys of the cluster", "Walks the keys of a cluster slot by slot.", "cursor:string [pattern:pattern=MATCH] [count:integer=COUNT] [type:string=TYPE] [slot:integer=SLOT]", "nondeterministic_output,request_policy:special,response_policy:special"},
    {"readonly", 1, kFast | kLoading | kStale, "connection", "", P::kHome, h::ReadOnly, "cluster", "3.0.0", "O(1)", "Lets the connection read at a replica.", ""},
    {"readwrite", 1, kFast | kLoading | kStale, "connection", "", P::kHome, h::ReadWrite, "cluster", "3.0.0", "O(1)", "Ends what READONLY began.", ""},
    // server
    {"bgrewriteaof", 1, kNoAsyncLoading | kAdmin | kNoScript, "", "", P::kHome, h::BgRewriteAof, "server", "1.0.0", "O(N), N the keys, in the background", "Rewrites the append-only log in the background.", ""},
    {"bgsave", -1, kNoAsyncLoading | kAdmin | kNoScript, "", "", P::kHome, h::BgSave, "server", "1.0.0", "O(N), N the keys, in the background", "Saves a snapshot to disk in the background.", "[operation:oneof(schedule:SCHEDULE@3.2.2|cancel:CANCEL@8.1.0)]"},
    {"command", -1, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::Command, "server", "2.8.13", "O(N), N all commands", "Describes every command.", "", "nondeterministic_output_order"},
    {"commandlog", -2, 0, "", "", P::kHome, nullptr, "server", "8.1.0", "That of the subcommand", "Looks at the logs of slow and large commands.", ""},
    {"config", -2, 0, "", "", P::kHome, nullptr, "server", "2.0.0", "That of the subcommand", "Reads and changes the configuration.", ""},
    {"dbsize", 1, kReadonly | kFast, "keyspace", "", P::kAllShards, h::DbSize, "server", "1.0.0", "O(1)", "Replies the number of keys in the database.", "", "request_policy:all_shards,response_policy:agg_sum"},
    {"debug", -2, kAdmin | kNoScript | kLoading | kStale | kProtected, "", "", P::kAllShards, h::Debug, "server", "1.0.0", "That of the subcommand", "Holds what developers and test suites need.", "", {}, {}, {}, h::DebugPlacement},
    {"failover", -1, kAdmin | kNoScript | kStale, "", "", P::kHome, h::Failover, "server", "6.2.0", "O(1)", "Hands the role of primary to a replica, without losing a write.", "[target:block(host:string port:integer [force:FORCE])=TO] [abort:ABORT] [milliseconds:integer=TIMEOUT]"},
    {"flushall", -1, kWrite, "keyspace,dangerous", "", P::kAllShards, h::FlushAll, "server", "1.0.0", "O(N), N the keys of all databases", "Deletes the keys of all databases.", "[flush-type:oneof(async:ASYNC@4.0.0|sync:SYNC@6.2.0)]", "request_policy:all_shards,response_policy:all_succeeded"},
    {"flushdb", -1, kWrite, "keyspace,dangerous", "", P::kAllShards, h::FlushDb, "server", "1.0.0", "O(N), N the keys of the database", "Deletes the keys of the database.", "[flush-type:oneof(async:ASYNC@4.0.0|sync:SYNC@6.2.0)]", "request_policy:all_shards,response_policy:all_succeeded"},
    {"info", -1, kLoading | kStale | kSentinel, "dangerous", "", P::kAllShards, h::Info, "server", "1.0.0", "O(1)", "Describes the server and its statistics.", "[section:string]...", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"lastsave", 1, kLoading | kStale | kFast, "admin,dangerous", "", P::kHome, h::LastSave, "server", "1.0.0", "O(1)", "Replies the time of the last snapshot that succeeded.", "", "nondeterministic_output"},
    {"latency", -2, 0, "", "", P::kHome, nullptr, "server", "2.8.13", "That of the subcommand", "Looks at latencies.", ""},
    {"lolwut", -1, kReadonly | kFast, "", "", P::kHome, h::Lolwut, "server", "5.0.0", "", "Draws something and tells the version.", "[version:integer=VERSION]"},
    {"memory", -2, 0, "", "", P::kHome, nullptr, "server", "4.0.0", "That of the subcommand", "Looks at the use of memory.", ""},
    {"psync", -3, kNoAsyncLoading | kAdmin | kNoMulti | kNoScript, "", "", P::kHome, h::PSync, "server", "2.8.0", "", "Turns the connection into a replica's, from a point of the stream.", "replicationid:string offset:integer"},
    {"replconf", -1, kAdmin | kNoScript | kLoading | kStale | kAllowBusy, "", "", P::kHome, h::ReplConf, "server", "3.0.0", "O(1)", "Tells the primary about the replica.", ""},
    {"replicaof", 3, kNoAsyncLoading | kAdmin | kNoScript | kStale, "", "", P::kHome, h::ReplicaOf, "server", "5.0.0", "O(1)", "Makes the server a replica of another, or a primary.", "args:oneof(host-port:block(host:string port:integer)|no-one:block(no:NO one:ONE))"},
    {"role", 1, kNoScript | kLoading | kStale | kFast | kSentinel, "admin,dangerous", "", P::kHome, h::Role, "server", "2.8.12", "O(1)", "Replies the replication role.", ""},
    {"save", 1, kNoAsyncLoading | kAdmin | kNoScript | kNoMulti, "", "", P::kHome, h::Save, "server", "1.0.0", "O(N), N the keys", "Saves a snapshot to disk and waits for it.", ""},
    {"shutdown", -1, kAdmin | kNoScript | kLoading | kStale | kNoMulti | kSentinel | kAllowBusy, "", "", P::kHome, h::Shutdown, "server", "1.0.0", "O(N) when saving, N the keys of all databases; else O(1)", "Stops the server.", "[abort-selector:oneof(save-selector-block:block([save-selector:oneof(nosave:NOSAVE|save:SAVE)] [now:NOW@7.0.0] [force:FORCE@7.0.0])|abort:ABORT@7.0.0)]"},
    {"slaveof", 3, kNoAsyncLoading | kAdmin | kNoScript | kStale, "", "", P::kHome, h::ReplicaOf, "server", "1.0.0", "O(1)", "Makes the server a replica of another, or a primary.", "args:oneof(host-port:block(host:string port:integer)|no-one:block(no:NO one:ONE))", "", "5.0.0", "`REPLICAOF`"},
    {"slowlog", -2, 0, "", "", P::kHome, nullptr, "server", "2.2.12", "That of the subcommand", "Looks at the log of slow commands.", "", "", "8.1.0", "`COMMANDLOG`"},
    {"swapdb", 3, kWrite | kFast, "keyspace,dangerous", "", P::kAllShards, h::SwapDb, "server", "4.0.0", "O(N), N the watched keys of both databases", "Swaps two databases.", "index1:integer index2:integer"},
    {"sync", 1, kNoAsyncLoading | kAdmin | kNoMulti | kNoScript, "", "", P::kHome, h::Sync, "server", "1.0.0", "", "Turns the connection into a replica's.", ""},
    {"time", 1, kLoading | kStale | kFast, "", "", P::kHome, h::Time, "server", "2.6.0", "O(1)", "Replies the time of the server.", "", "nondeterministic_output"},
};

// Their containers' rows stand above; the subcommands of one container stand together.
constexpr CommandSpec kSubcommandRows[] = {
    // generic
    {"object|encoding", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectEncoding, "generic", "2.2.3", "O(1)", "Replies how a value is stored.", "key:key", "nondeterministic_output"},
    {"object|freq", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectFreq, "generic", "4.0.0", "O(1)", "Replies the logarithmic access counter of a key.", "key:key", "nondeterministic_output"},
    {"object|help", 2, kLoading | kStale, "keyspace", "", P::kHome, h::ObjectHelp, "generic", "6.2.0", "O(1)", "Lists the subcommands of OBJECT.", ""},
    {"object|idletime", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectIdleTime, "generic", "2.2.3", "O(1)", "Replies the seconds since the last access of a key.", "key:key", "nondeterministic_output"},
    {"object|refcount", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectRefCount, "generic", "2.2.3", "O(1)", "Replies the reference count of a value.", "key:key", "nondeterministic_output"},
    // pubsub
    {"pubsub|channels", -2, kPubSub | kLoading | kStale, "", "", P::kAllShards, h::PubSubChannels, "pubsub", "2.8.0", "O(N), N the channels that anybody listens to", "Replies the channels that anybody listens to.", "[pattern:pattern]"},
    {"pubsub|help", 2, kLoading | kStale, "", "", P::kHome, h::PubSubHelp, "pubsub", "6.2.0", "O(1)", "Lists the subcommands of PUBSUB.", ""},
    {"pubsub|numpat", 2, kPubSub | kLoading | kStale, "", "", P::kAllShards, h::PubSubNumPat, "pubsub", "2.8.0", "O(1)", "Counts the patterns that anybody listens to.", ""},
    {"pubsub|numsub", -2, kPubSub | kLoading | kStale, "", "", P::kAllShards, h::PubSubNumSub, "pubsub", "2.8.0", "O(N), N the channels asked for", "Counts those who listen to channels.", "[channel:string]..."},
    {"pubsub|shardchannels", -2, kPubSub | kLoading | kStale, "", "", P::kAllShards, h::PubSubShardChannels, "pubsub", "7.0.0", "O(N), N the shard channels that anybody listens to", "Replies the shard channels that anybody listens to.", "[pattern:pattern]"},
    {"pubsub|shardnumsub", -2, kPubSub | kLoading | kStale, "", "", P::kAllShards, h::PubSubShardNumSub, "pubsub", "7.0.0", "O(N), N the shard channels asked for", "Counts those who listen to shard channels.", "[shardchannel:string]..."},
    // connection
    {"client|caching", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientCaching, "connection", "6.0.0", "O(1)", "Says whether the keys of the next command are tracked.", "mode:oneof(yes:YES|no:NO)"},
    {"client|capa", -3, kNoScript | kLoading | kStale, "connection", "", P::kHome, h::ClientCapa, "connection", "8.0.0", "O(1)", "Tells the server what the client can do.", "capability:string..."},
    {"client|getname", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientGetName, "connection", "2.6.9", "O(1)", "Replies the name of the connection.", ""},
    {"client|getredir", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientGetRedir, "connection", "6.0.0", "O(1)", "Replies the client that tracking messages are redirected to.", ""},
    {"client|help", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientHelp, "connection", "5.0.0", "O(1)", "Lists the subcommands of CLIENT.", ""},
    {"client|id", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientId, "connection", "5.0.0", "O(1)", "Replies the id of the connection.", ""},
    {"client|import-source", 3, kNoScript | kLoading | kStale, "connection", "", P::kHome, h::ClientImportSource, "connection", "8.1.0", "O(1)", "Makes the connection one that fills a server in import mode.", "enabled:oneof(on:ON|off:OFF)"},
    {"client|info", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientInfo, "connection", "6.2.0", "O(1)", "Describes the connection.", "", "nondeterministic_output"},
    {"client|kill", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientKill, "connection", "2.4.0", "O(N), N the client connections", "Closes client connections.", "filter:oneof(old-format<ip:port>:string!2.8.12|new-format:oneof([client-id:integer=ID@2.8.12]...|[client-type:oneof(normal:NORMAL|master:MASTER@3.2.0|primary:PRIMARY@8.0.0|slave:SLAVE|replica:REPLICA@5.0.0|pubsub:PUBSUB)=TYPE@2.8.12]|[username:string=USER]|[addr<ip:port>:string=ADDR]|[laddr<ip:port>:string=LADDR@6.2.0]|[skipme:oneof(yes:YES|no:NO)=SKIPME]|[maxage:integer=MAXAGE@8.0.0])...)"},
    {"client|list", -2, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientList, "connection", "2.4.0", "O(N), N the client connections", "Describes client connections.", "[client-type:oneof(normal:NORMAL|master:MASTER|replica:REPLICA|pubsub:PUBSUB)=TYPE@5.0.0] [client-id:integer=ID@6.2.0]... [username:string=USER@8.1.0] [addr<ip:port>:string=ADDR@8.1.0] [laddr<ip:port>:string=LADDR@8.1.0] [skipme:oneof(yes:YES|no:NO)=SKIPME@8.1.0] [maxage:integer=MAXAGE@8.1.0]", "nondeterministic_output"},
    {"client|no-evict", 3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientNoEvict, "connection", "7.0.0", "O(1)", "Exempts the connection from client eviction.", "enabled:oneof(on:ON|off:OFF)"},
    {"client|no-touch", 3, kNoScript | kLoading | kStale, "connection", "", P::kHome, h::ClientNoTouch, "connection", "7.2.0", "O(1)", "Lets the commands of the connection leave access times alone.", "enabled:oneof(on:ON|off:OFF)"},
    {"client|pause", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientPause, "connection", "3.0.0", "O(1)", "Holds back the commands of clients for some time.", "timeout:integer [mode:oneof(write:WRITE|all:ALL)@6.2.0]"},
    {"client|reply", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientReply, "connection", "3.2.0", "O(1)", "Switches the replies of the connection on or off.", "action:oneof(on:ON|off:OFF|skip:SKIP)"},
    {"client|setinfo", 4, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientSetInfo, "connection", "7.2.0", "O(1)", "Names the client library of the connection.", "attr:oneof(libname:string=LIB-NAME|libver:string=LIB-VER)", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"client|setname", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientSetName, "connection", "2.6.9", "O(1)", "Names the connection.", "connection-name:string", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"client|trackinginfo", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientTrackingInfo, "connection", "6.2.0", "O(1)", "Describes the tracking state of the connection.", ""},
    {"client|unblock", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientUnblock, "connection", "5.0.0", "O(N), N the client connections", "Wakes a client that waits in a blocking command.", "client-id:integer [unblock-type:oneof(timeout:TIMEOUT|error:ERROR)]"},
    {"client|unpause", 2, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientUnpause, "connection", "6.2.0", "O(N), N the paused clients", "Ends a pause of clients.", ""},
    // cluster
    {"cluster|addslots", -3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the slots given", "Makes the node the owner of slots that have none.", "slot:integer..."},
    {"cluster|addslotsrange", -4, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "7.0.0", "O(N), N the slots of the ranges", "Makes the node the owner of ranges of slots that have none.", "range:block(start-slot:integer end-slot:integer)..."},
    {"cluster|bumpepoch", 2, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Gives the node the greatest config epoch.", "", "nondeterministic_output"},
    {"cluster|cancelslotmigrations", 3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "9.0.0", "O(N), N the migrations under way", "Ends the slot migrations of the node.", "all:ALL", "", "", "", AtHome},
    {"cluster|count-failure-reports", 3, kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the reports", "Counts the voters that suspect a node.", "node-id:string", "nondeterministic_output"},
    {"cluster|countkeysinslot", 3, kStale, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(1)", "Counts the keys of a slot.", "slot:integer"},
    {"cluster|delslots", -3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the slots given", "Leaves slots without an owner in the view of the node.", "slot:integer..."},
    {"cluster|delslotsrange", -4, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "7.0.0", "O(N), N the slots of the ranges", "Leaves ranges of slots without an owner in the view of the node.", "range:block(start-slot:integer end-slot:integer)..."},
    {"cluster|failover", -2, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(1)", "Lets a replica take over from its primary.", "[options:oneof(force:FORCE|takeover:TAKEOVER)]"},
    {"cluster|flushslots", 2, kNoAsyncLoading | kAdmin | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(N), N the slots of the node", "Leaves all slots of the node without an owner.", ""},
    {"cluster|forget", 3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Removes a node from the view of the node.", "node-id:string"},
    {"cluster|getkeysinslot", 4, kStale, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(N), N the keys asked for", "Replies keys of a slot.", "slot:integer count:integer", "nondeterministic_output"},
    {"cluster|getslotmigrations", 2, kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "9.0.0", "O(N), N the migrations remembered", "Describes the slot migrations of the node.", "", "nondeterministic_output"},
    {"cluster|help", 2, kLoading | kStale, "", "", P::kHome, h::ClusterHelp, "cluster", "5.0.0", "O(1)", "Lists the subcommands of CLUSTER.", ""},
    {"cluster|info", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Describes the state of the cluster.", "", "nondeterministic_output"},
    {"cluster|keyslot", 3, kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the bytes of the key", "Replies the slot of a key.", "key:string"},
    {"cluster|links", 2, kStale, "", "", P::kHome, h::Cluster, "cluster", "7.0.0", "O(N), N the nodes", "Describes the bus links of the node.", "", "nondeterministic_output"},
    {"cluster|meet", -4, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(1)", "Makes the node and another one members of one cluster.", "ip:string port:integer [cluster-bus-port:integer@4.0.0]"},
    {"cluster|migrateslots", -7, kNoAsyncLoading | kAdmin | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "9.0.0", "O(N), N the slots of the ranges", "Moves ranges of slots with their keys to other nodes.", "slotsrange:block(start-slot:integer=SLOTSRANGE end-slot:integer node-id:string=NODE)...", "", "", "", AtHome},
    {"cluster|myid", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(1)", "Replies the id of the node.", ""},
    {"cluster|myshardid", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "7.2.0", "O(1)", "Replies the id of the shard of the node.", "", "nondeterministic_output"},
    {"cluster|nodes", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Describes the nodes of the cluster, a line each.", "", "nondeterministic_output"},
    {"cluster|replicas", 3, kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "5.0.0", "O(N), N the nodes", "Describes the replicas of a primary, a line each.", "node-id:string", "nondeterministic_output"},
    {"cluster|replicate", 3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(1)", "Makes the node a replica of a primary.", "node-id:string"},
    {"cluster|reset", -2, kAdmin | kNoScript | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes; and that of FLUSHALL on a replica", "Makes the node forget its cluster.", "[reset-type:oneof(hard:HARD|soft:SOFT)]"},
    {"cluster|saveconfig", 2, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Saves the view of the node to disk.", ""},
    {"cluster|set-config-epoch", 3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(1)", "Sets the config epoch of a new node.", "config-epoch:integer"},
    {"cluster|setslot", -4, kNoAsyncLoading | kAdmin | kStale | kMayReplicate, "", "", P::kAllShards, h::Cluster, "cluster", "3.0.0", "O(1)", "Moves a slot, or says that it is on its way.", "slot:integer subcommand:oneof(importing<node-id>:string=IMPORTING|migrating<node-id>:string=MIGRATING|node<node-id>:string=NODE|stable:STABLE) [timeout<timeout>:integer=TIMEOUT@8.0.0]", "", "", "", AtHome},
    {"cluster|shards", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "7.0.0", "O(N), N the nodes", "Describes the shards of the cluster.", "", "nondeterministic_output"},
    {"cluster|slaves", 3, kAdmin | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Describes the replicas of a primary, a line each.", "node-id:string", "nondeterministic_output", "5.0.0", "`CLUSTER REPLICAS`"},
    {"cluster|slot-stats", -4, kStale | kLoading, "", "", P::kAllShards, h::Cluster, "cluster", "8.0.0", "O(N), N the slots asked for; O(N*log(N)) with ORDERBY", "Replies statistics of the slots of the node.", "filter:oneof(slotsrange:block(start-slot:integer end-slot:integer)=SLOTSRANGE|orderby:block(metric:string [limit:integer=LIMIT] [order:oneof(asc:ASC|desc:DESC)])=ORDERBY)", "nondeterministic_output,request_policy:all_shards"},
    {"cluster|slots", 2, kLoading | kStale, "", "", P::kHome, h::Cluster, "cluster", "3.0.0", "O(N), N the nodes", "Says which nodes serve which slots.", "", "nondeterministic_output"},
    {"cluster|syncslots", -3, kNoAsyncLoading | kAdmin | kStale, "", "", P::kAllShards, h::Cluster, "cluster", "9.0.0", "O(N), N the bytes of the message", "How nodes talk to each other about slot migrations.", "", "", "", "", AtHome},
    // server
    {"commandlog|get", 4, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogGet, "server", "8.1.0", "O(N), N the entries replied", "Replies the entries of a command log.", "count:integer type:oneof(slow:string|large-request:string|large-reply:string)", "request_policy:all_nodes,nondeterministic_output"},
    {"commandlog|help", 2, kLoading | kStale, "", "", P::kHome, h::CommandLogHelp, "server", "8.1.0", "O(1)", "Lists the subcommands of COMMANDLOG.", ""},
    {"commandlog|len", 3, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogLen, "server", "8.1.0", "O(1)", "Replies the length of a command log.", "type:oneof(slow:string|large-request:string|large-reply:string)", "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output"},
    {"commandlog|reset", 3, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogReset, "server", "8.1.0", "O(N), N the entries of the log", "Clears a command log.", "type:oneof(slow:string|large-request:string|large-reply:string)", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"command|count", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandCount, "server", "2.8.13", "O(1)", "Replies the number of commands.", ""},
    {"command|docs", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandDocs, "server", "7.0.0", "O(N), N the commands asked for", "Replies the documentation of commands.", "[command-name:string]...", "nondeterministic_output_order"},
    {"command|getkeys", -3, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandGetKeys, "server", "2.8.13", "O(N), N the words of the command", "Finds the keys in a command line.", "command:string [arg:string]..."},
    {"command|getkeysandflags", -3, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandGetKeysAndFlags, "server", "7.0.0", "O(N), N the words of the command", "Finds the keys in a command line and how each one is used.", "command:string [arg:string]..."},
    {"command|help", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandHelp, "server", "5.0.0", "O(1)", "Lists the subcommands of COMMAND.", ""},
    {"command|info", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandInfo, "server", "2.8.13", "O(N), N the commands asked for", "Describes some or all commands.", "[command-name:string]...", "nondeterministic_output_order"},
    {"command|list", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandList, "server", "7.0.0", "O(N), N all commands", "Replies the names of commands.", "[filterby:oneof(module-name:string=MODULE|category:string=ACLCAT|pattern:pattern=PATTERN)=FILTERBY]", "nondeterministic_output_order"},
    {"config|get", -3, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigGet, "server", "2.0.0", "O(N), N the parameters of the server", "Replies the values of parameters.", "parameter:string..."},
    {"config|help", 2, kLoading | kStale, "", "", P::kHome, h::ConfigHelp, "server", "5.0.0", "O(1)", "Lists the subcommands of CONFIG.", ""},
    {"config|resetstat", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kAllShards, h::ConfigResetStat, "server", "2.0.0", "O(1)", "Clears the statistics of the server.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"config|rewrite", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigRewrite, "server", "2.8.0", "O(1)", "Writes the running configuration to its file.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"config|set", -4, kAdmin | kNoScript | kLoading | kStale, "", "", P::kAllShards, h::ConfigSet, "server", "2.0.0", "O(N), N the parameters given", "Changes parameters of the running server.", "data:block(parameter:string value:string)...", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"latency|doctor", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyDoctor, "server", "2.8.13", "O(1)", "Replies what the recorded latencies say.", "", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|graph", 3, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyGraph, "server", "2.8.13", "O(1)", "Draws the latencies of an event over time.", "event:string", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|help", 2, kLoading | kStale, "", "", P::kHome, h::LatencyHelp, "server", "2.8.13", "O(1)", "Lists the subcommands of LATENCY.", ""},
    {"latency|histogram", -2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kAllShards, h::LatencyHistogram, "server", "7.0.0", "O(N), N the commands with latencies", "Replies the distribution of the latencies of commands.", "[command:string]...", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|history", 3, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyHistory, "server", "2.8.13", "O(1)", "Replies the latencies of an event over time.", "event:string", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|latest", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyLatest, "server", "2.8.13", "O(1)", "Replies the latest latencies of all events.", "", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|reset", -2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyReset, "server", "2.8.13", "O(1)", "Clears the latencies of events.", "[event:string]...", "request_policy:all_nodes,response_policy:agg_sum"},
    {"memory|doctor", 2, 0, "", "", P::kAllShards, h::MemoryDoctor, "server", "4.0.0", "O(1)", "Reports problems with the use of memory.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|help", 2, kLoading | kStale, "", "", P::kHome, h::MemoryHelp, "server", "4.0.0", "O(1)", "Lists the subcommands of MEMORY.", ""},
    {"memory|malloc-stats", 2, kLoading, "", "", P::kAllShards, h::MemoryMallocStats, "server", "4.0.0", "O(1)", "Replies the statistics of the allocator.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|purge", 2, kLoading, "", "", P::kAllShards, h::MemoryPurge, "server", "4.0.0", "O(N), N the memory that waits to be given back", "Asks the allocator to give unused memory back.", "", "request_policy:all_shards,response_policy:all_succeeded"},
    {"memory|stats", 2, 0, "", "", P::kAllShards, h::MemoryStats, "server", "4.0.0", "O(1)", "Says what the memory is used for.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|usage", -3, kReadonly, "", "idx:2>range:0:1:0(RO)", P::kKeys, h::MemoryUsage, "server", "4.0.0", "O(N), N the samples", "Replies the bytes that a key and its value take.", "key:key [count:integer=SAMPLES]"},
    {"slowlog|get", -2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogGet, "server", "2.2.12", "O(N), N the entries replied", "Replies the entries of the slow log.", "[count:integer]", "request_policy:all_nodes,nondeterministic_output", "8.1.0", "`COMMANDLOG GET <count> SLOW`"},
    {"slowlog|help", 2, kLoading | kStale, "", "", P::kHome, h::SlowLogHelp, "server", "6.2.0", "O(1)", "Lists the subcommands of SLOWLOG.", "", "", "8.1.0", "`COMMANDLOG HELP`"},
    {"slowlog|len", 2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogLen, "server", "2.2.12", "O(1)", "Replies the length of the slow log.", "", "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output", "8.1.0", "`COMMANDLOG LEN SLOW`"},
    {"slowlog|reset", 2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogReset, "server", "2.2.12", "O(N), N the entries of the log", "Clears the slow log.", "", "request_policy:all_nodes,response_policy:all_succeeded", "8.1.0", "`COMMANDLOG RESET SLOW`"},
};
// clang-format on

// Families with a folder of their own have their rows there.
constexpr std::span<const CommandSpec> kFamilies[] = {
    kCoreRows, kBitmapRows, kGeoRows,  kHashRows,   kHyperLogLogRows,
    kListRows, kSetRows,    kSortRows, kStreamRows, kZsetRows};
constexpr std::span<const CommandSpec> kSubcommandFamilies[] = {kSubcommandRows,
                                                                kStreamSubcommandRows};

using Families = std::span<const std::span<const CommandSpec>>;

constexpr size_t CountRows(Families families) {
  size_t count = 0;
  for (const std::span<const CommandSpec>& family : families) count += family.size();
  return count;
}

constexpr size_t kCommandCount = CountRows(kFamilies);
constexpr size_t kSpecCount = kCommandCount + CountRows(kSubcommandFamilies);

struct Specs {
  CommandSpec rows[kSpecCount];  // commands, then subcommands; the index is the id
};
extern const Specs kSpecs;

constexpr void Complete(CommandSpec& spec, uint32_t id) {
  spec.id = id;
  spec.full_name = spec.name;
  spec.acl_bits = spec_parse::AclBits(spec.acl, spec.flags);
  spec_parse::ReadKeySpecs(spec.keys, spec);
  spec_parse::SetLegacyRange(spec);
}

// Compilers bound the steps of what they evaluate: few are made here for each row.
constexpr bool Same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && __builtin_memcmp(a.data(), b.data(), a.size()) == 0;
}

constexpr size_t IndexOfContainer(const Specs& specs, std::string_view name) {
  for (size_t i = 0; i < kCommandCount; ++i) {
    if (Same(specs.rows[i].name, name)) return i;
  }
  throw "a subcommand without its container";
}

constexpr void LinkSubcommands(Specs& specs) {
  size_t parent = 0;
  for (size_t i = kCommandCount; i < kSpecCount; ++i) {
    CommandSpec& spec = specs.rows[i];
    const size_t bar = spec.full_name.find('|');
    const std::string_view container = spec.full_name.substr(0, bar);
    if (i == kCommandCount || !Same(specs.rows[parent].name, container)) {
      parent = IndexOfContainer(specs, container);
    }
    spec.name = spec.full_name.substr(bar + 1);
    spec.parent = &kSpecs.rows[parent];
    std::span<const CommandSpec>& all = specs.rows[parent].subcommands;
    if (!all.empty() && all.data() + all.size() != &kSpecs.rows[i]) throw "subcommands apart";
    all = all.empty() ? std::span<const CommandSpec>(&kSpecs.rows[i], 1)
                      : std::span<const CommandSpec>(all.data(), all.size() + 1);
  }
}

constexpr Specs BuildSpecs() {
  Specs specs = {};
  uint32_t id = 0;
  for (const Families families : {Families(kFamilies), Families(kSubcommandFamilies)}) {
    for (const std::span<const CommandSpec>& family : families) {
      for (const CommandSpec& row : family) {
        specs.rows[id] = row;
        Complete(specs.rows[id], id);
        ++id;
      }
    }
  }
  LinkSubcommands(specs);
  return specs;
}

constexpr Specs kSpecs = BuildSpecs();

// Four slots a name or more: nearly every lookup is one probe.
using Index = NameIndex<1024>;
static_assert(kSpecCount * 2 <= 1024);

constexpr Index BuildIndex() {
  Index index;
  for (size_t i = 0; i < kCommandCount; ++i) {
    index.Add(kSpecs.rows[i].name, static_cast<uint16_t>(i));
  }
  return index;
}

constinit const Index kIndex = BuildIndex();

const CommandSpec* FindSubcommand(const CommandSpec& container, std::string_view name) {
  for (const CommandSpec& spec : container.subcommands) {
    if (WordIs(name, spec.name)) return &spec;
  }
  return nullptr;
}

}  // namespace

std::span<const CommandSpec> AllCommands() { return {kSpecs.rows, kCommandCount}; }

size_t CommandIdCount() { return kSpecCount; }

const CommandSpec& CommandById(uint32_t id) { return kSpecs.rows[id]; }

const CommandSpec* FindCommand(std::string_view name) {
  const uint16_t at = kIndex.Find(name);
  if (at == Index::kNone) return nullptr;
  const CommandSpec& spec = kSpecs.rows[at];
  if (name.size() > NameWords::kExactBytes && !WordIs(name, spec.name)) return nullptr;
  return &spec;
}

const CommandSpec* FindByFullName(std::string_view name) {
  const size_t bar = name.find('|');
  const CommandSpec* spec = FindCommand(name.substr(0, bar));
  if (spec == nullptr || bar == std::string_view::npos) return spec;
  return FindSubcommand(*spec, name.substr(bar + 1));
}

Resolved ResolveCommand(std::span<const std::string_view> words) {
  if (words.empty()) return {};
  const CommandSpec* spec = FindCommand(words[0]);
  if (spec == nullptr || spec->subcommands.empty() || words.size() == 1) return {spec, false};
  const CommandSpec* subcommand = FindSubcommand(*spec, words[1]);
  if (subcommand == nullptr) return {spec, true};
  return {subcommand, false};
}

}  // namespace norn
