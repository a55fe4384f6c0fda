#include "engine/commands/table.h"

#include "engine/commands/handlers.h"
#include "engine/commands/name_index.h"
#include "engine/commands/spec_parse.h"

namespace norn {
namespace {

namespace h = handlers;
using P = Placement;

// The columns: name, arity, flags, ACL categories, key specifications, placement, handler, group, since, complexity, summary,
// arguments, and where there are any tips, deprecated since, replaced by. Alphabetical in a group.
// clang-format off
constexpr CommandSpec kCommandRows[] = {
    // string
    {"append", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,INSERT)", P::kKeys, h::Append, "string", "2.0.0", "", "Adds bytes to the end of a string and replies its new length.", ""},
    {"decr", 2, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Decr, "string", "1.0.0", "", "Subtracts one from an integer value.", ""},
    {"decrby", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::DecrBy, "string", "1.0.0", "", "Subtracts a number from an integer value.", ""},
    {"delifeq", 3, kWrite, "string", "idx:1>range:0:1:0(RM,ACCESS,DELETE)", P::kKeys, h::DelIfEq, "string", "9.0.0", "", "Deletes a key if its string equals the given one.", ""},
    {"get", 2, kReadonly | kFast, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::Get, "string", "1.0.0", "", "Replies the string stored at a key.", ""},
    {"getdel", 2, kWrite | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,DELETE)", P::kKeys, h::GetDel, "string", "6.2.0", "", "Replies the string of a key and deletes the key.", ""},
    {"getex", -2, kWrite | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::GetEx, "string", "6.2.0", "", "Replies the string of a key and changes its time to live.", ""},
    {"getrange", 4, kReadonly, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::GetRange, "string", "2.4.0", "", "Replies a part of a string.", ""},
    {"getset", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::GetSet, "string", "1.0.0", "", "Stores a string and replies the one it replaced.", "", "", "6.2.0", "`SET` with the `!GET` argument"},
    {"incr", 2, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Incr, "string", "1.0.0", "", "Adds one to an integer value.", ""},
    {"incrby", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::IncrBy, "string", "1.0.0", "", "Adds a number to an integer value.", ""},
    {"incrbyfloat", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::IncrByFloat, "string", "2.6.0", "", "Adds a floating point number to a value.", ""},
    {"lcs", -3, kReadonly, "string", "idx:1>range:1:1:0(RO,ACCESS)", P::kKeys, h::Lcs, "string", "7.0.0", "", "Finds the longest common subsequence of two strings.", ""},
    {"mget", -2, kReadonly | kFast, "string", "idx:1>range:-1:1:0(RO,ACCESS)", P::kKeys, h::MGet, "string", "1.0.0", "", "Replies the strings of several keys.", "", "request_policy:multi_shard"},
    {"mset", -3, kWrite | kDenyOom, "string", "idx:1>range:-1:2:0(OW,UPDATE)", P::kKeys, h::MSet, "string", "1.0.1", "", "Stores several strings at once.", "", "request_policy:multi_shard,response_policy:all_succeeded"},
    {"msetex", -4, kWrite | kDenyOom, "string", "idx:1>keynum:0:1:2(OW,UPDATE)", P::kKeys, h::MSetEx, "string", "9.1.0", "", "Stores several strings at once, on a condition and with a time to live where asked for.", "", "request_policy:multi_shard,response_policy:all_succeeded"},
    {"msetnx", -3, kWrite | kDenyOom, "string", "idx:1>range:-1:2:0(OW,INSERT)", P::kKeys, h::MSetNx, "string", "1.0.1", "", "Stores several strings at once if none of the keys exists.", ""},
    {"psetex", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::PSetEx, "string", "2.6.0", "", "Stores a string that lives for some milliseconds.", "", "", "2.6.12", "`SET` with the `PX` argument"},
    {"set", -3, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(RW,ACCESS,UPDATE,VARIABLE_FLAGS)", P::kKeys, h::Set, "string", "1.0.0", "", "Stores a string, on a condition and with a time to live where asked for.", ""},
    {"setex", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(OW,UPDATE)", P::kKeys, h::SetEx, "string", "2.0.0", "", "Stores a string that lives for some seconds.", "", "", "2.6.12", "`SET` with the `EX` argument"},
    {"setnx", 3, kWrite | kDenyOom | kFast, "string", "idx:1>range:0:1:0(OW,INSERT)", P::kKeys, h::SetNx, "string", "1.0.0", "", "Stores a string if the key does not exist.", "", "", "2.6.12", "`SET` with the `NX` argument"},
    {"setrange", 4, kWrite | kDenyOom, "string", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::SetRange, "string", "2.2.0", "", "Overwrites a part of a string, padding it with zero bytes where needed.", ""},
    {"strlen", 2, kReadonly | kFast, "string", "idx:1>range:0:1:0(RO)", P::kKeys, h::StrLen, "string", "2.2.0", "", "Replies the length of a string.", ""},
    {"substr", 4, kReadonly, "string", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::SubStr, "string", "1.0.0", "", "Replies a part of a string.", "", "", "2.0.0", "`GETRANGE`"},
    // generic
    {"copy", -3, kWrite | kDenyOom, "keyspace", "idx:1>range:0:1:0(RO,ACCESS) ; idx:2>range:0:1:0(OW,UPDATE)", P::kKeys, h::Copy, "generic", "6.2.0", "", "Copies a value to another key.", ""},
    {"del", -2, kWrite, "keyspace", "idx:1>range:-1:1:0(RM,DELETE)", P::kKeys, h::Del, "generic", "1.0.0", "", "Deletes keys.", "", "request_policy:multi_shard,response_policy:agg_sum"},
    {"exists", -2, kReadonly | kFast, "keyspace", "idx:1>range:-1:1:0(RO)", P::kKeys, h::Exists, "generic", "1.0.0", "", "Counts how many of the given keys exist.", "", "request_policy:multi_shard,response_policy:agg_sum"},
    {"expire", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::Expire, "generic", "1.0.0", "", "Gives a key a time to live in seconds.", ""},
    {"expireat", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::ExpireAt, "generic", "1.2.0", "", "Lets a key expire at a unix time in seconds.", ""},
    {"expiretime", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::ExpireTime, "generic", "7.0.0", "", "Replies the unix time in seconds at which a key expires.", ""},
    {"keys", 2, kReadonly, "keyspace,dangerous", "", P::kAllShards, h::Keys, "generic", "1.0.0", "", "Replies all keys that match a pattern.", "", "request_policy:all_shards,nondeterministic_output_order"},
    {"move", 3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", P::kKeys, h::Move, "generic", "1.0.0", "", "Moves a key to another database.", ""},
    {"object", -2, 0, "", "", P::kHome, nullptr, "generic", "2.2.3", "", "Looks inside of values.", ""},
    {"persist", 2, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::Persist, "generic", "2.2.0", "", "Removes the time to live of a key.", ""},
    {"pexpire", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::PExpire, "generic", "2.6.0", "", "Gives a key a time to live in milliseconds.", ""},
    {"pexpireat", -3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,UPDATE)", P::kKeys, h::PExpireAt, "generic", "2.6.0", "", "Lets a key expire at a unix time in milliseconds.", ""},
    {"pexpiretime", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::PExpireTime, "generic", "7.0.0", "", "Replies the unix time in milliseconds at which a key expires.", ""},
    {"pttl", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::PTtl, "generic", "2.6.0", "", "Replies the time to live of a key in milliseconds.", "", "nondeterministic_output"},
    {"randomkey", 1, kReadonly | kTouchesArbitraryKeys, "keyspace", "", P::kAllShards, h::RandomKey, "generic", "1.0.0", "", "Replies some key of the database.", "", "request_policy:all_shards,response_policy:special,nondeterministic_output"},
    {"rename", 3, kWrite, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(OW,UPDATE)", P::kKeys, h::Rename, "generic", "1.0.0", "", "Renames a key, replacing the destination.", ""},
    {"renamenx", 3, kWrite | kFast, "keyspace", "idx:1>range:0:1:0(RW,ACCESS,DELETE) ; idx:2>range:0:1:0(OW,INSERT)", P::kKeys, h::RenameNx, "generic", "1.0.0", "", "Renames a key if the destination does not exist.", ""},
    {"scan", -2, kReadonly | kTouchesArbitraryKeys, "keyspace", "", P::kScan, h::Scan, "generic", "2.8.0", "", "Walks the keys of a database step by step.", "", "nondeterministic_output,request_policy:special,response_policy:special"},
    {"touch", -2, kReadonly | kFast, "keyspace", "idx:1>range:-1:1:0(RO)", P::kKeys, h::Touch, "generic", "3.2.1", "", "Marks keys as just used and counts those that exist.", "", "request_policy:multi_shard,response_policy:agg_sum"},
    {"ttl", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO,ACCESS)", P::kKeys, h::Ttl, "generic", "1.0.0", "", "Replies the time to live of a key in seconds.", "", "nondeterministic_output"},
    {"type", 2, kReadonly | kFast, "keyspace", "idx:1>range:0:1:0(RO)", P::kKeys, h::Type, "generic", "1.0.0", "", "Replies the type of the value at a key.", ""},
    {"unlink", -2, kWrite | kFast, "keyspace", "idx:1>range:-1:1:0(RM,DELETE)", P::kKeys, h::Unlink, "generic", "4.0.0", "", "Deletes keys and frees their memory later.", "", "request_policy:multi_shard,response_policy:agg_sum"},
    // transactions
    {"discard", 1, kNoScript | kLoading | kStale | kFast | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "2.0.0", "", "Drops the commands queued since MULTI.", ""},
    {"exec", 1, kNoScript | kLoading | kStale | kSkipCommandLog, "transaction", "", P::kDispatcher, nullptr, "transactions", "1.2.0", "", "Runs the commands queued since MULTI as one.", ""},
    {"multi", 1, kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "1.2.0", "", "Begins a transaction.", ""},
    {"unwatch", 1, kNoScript | kLoading | kStale | kFast | kAllowBusy, "transaction", "", P::kDispatcher, nullptr, "transactions", "2.2.0", "", "Forgets all watched keys of the connection.", ""},
    {"watch", -2, kNoScript | kLoading | kStale | kFast | kNoMulti | kAllowBusy, "transaction", "idx:1>range:-1:1:0(RO)", P::kDispatcher, nullptr, "transactions", "2.2.0", "", "Makes the next EXEC depend on keys staying as they are.", ""},
    // connection
    {"auth", -2, kNoScript | kLoading | kStale | kFast | kNoAuth | kSentinel | kAllowBusy, "connection", "", P::kHome, h::Auth, "connection", "1.0.0", "", "Authenticates the connection.", ""},
    {"client", -2, kSentinel, "", "", P::kHome, nullptr, "connection", "2.4.0", "", "Looks at and controls client connections.", ""},
    {"echo", 2, kLoading | kStale | kFast, "connection", "", P::kHome, h::Echo, "connection", "1.0.0", "", "Replies the given string.", ""},
    {"hello", -1, kNoScript | kLoading | kStale | kFast | kNoAuth | kSentinel | kAllowBusy, "connection", "", P::kHome, h::Hello, "connection", "6.0.0", "", "Greets the server and chooses the protocol version.", ""},
    {"ping", -1, kFast | kSentinel, "connection", "", P::kHome, h::Ping, "connection", "1.0.0", "", "Replies PONG, or the given string.", "", "request_policy:all_shards,response_policy:all_succeeded"},
    {"quit", -1, kAllowBusy | kNoScript | kLoading | kStale | kFast | kNoAuth, "connection", "", P::kHome, h::Quit, "connection", "1.0.0", "", "Closes the connection.", "", "", "7.2.0", "just closing the connection"},
    {"reset", 1, kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy, "connection", "", P::kHome, h::Reset, "connection", "6.2.0", "", "Puts the connection back into its first state.", ""},
    {"select", 2, kLoading | kStale | kFast, "connection", "", P::kHome, h::Select, "connection", "1.0.0", "", "Chooses the database of the connection.", ""},
    // server
    {"command", -1, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::Command, "server", "2.8.13", "", "Describes every command.", "", "nondeterministic_output_order"},
    {"commandlog", -2, 0, "", "", P::kHome, nullptr, "server", "8.1.0", "", "Looks at the logs of slow and large commands.", ""},
    {"config", -2, 0, "", "", P::kHome, nullptr, "server", "2.0.0", "", "Reads and changes the configuration.", ""},
    {"dbsize", 1, kReadonly | kFast, "keyspace", "", P::kAllShards, h::DbSize, "server", "1.0.0", "", "Replies the number of keys in the database.", "", "request_policy:all_shards,response_policy:agg_sum"},
    {"debug", -2, kAdmin | kNoScript | kLoading | kStale | kProtected, "", "", P::kAllShards, h::Debug, "server", "1.0.0", "", "Holds what developers and test suites need.", ""},
    {"flushall", -1, kWrite, "keyspace,dangerous", "", P::kAllShards, h::FlushAll, "server", "1.0.0", "", "Deletes the keys of all databases.", "", "request_policy:all_shards,response_policy:all_succeeded"},
    {"flushdb", -1, kWrite, "keyspace,dangerous", "", P::kAllShards, h::FlushDb, "server", "1.0.0", "", "Deletes the keys of the database.", "", "request_policy:all_shards,response_policy:all_succeeded"},
    {"info", -1, kLoading | kStale | kSentinel, "dangerous", "", P::kHome, h::Info, "server", "1.0.0", "", "Describes the server and its statistics.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"latency", -2, 0, "", "", P::kHome, nullptr, "server", "2.8.13", "", "Looks at latencies.", ""},
    {"lolwut", -1, kReadonly | kFast, "", "", P::kHome, h::Lolwut, "server", "5.0.0", "", "Draws something and tells the version.", ""},
    {"memory", -2, 0, "", "", P::kHome, nullptr, "server", "4.0.0", "", "Looks at the use of memory.", ""},
    {"shutdown", -1, kAdmin | kNoScript | kLoading | kStale | kNoMulti | kSentinel | kAllowBusy, "", "", P::kHome, h::Shutdown, "server", "1.0.0", "", "Stops the server.", ""},
    {"slowlog", -2, 0, "", "", P::kHome, nullptr, "server", "2.2.12", "", "Looks at the log of slow commands.", "", "", "8.1.0", "`COMMANDLOG`"},
    {"swapdb", 3, kWrite | kFast, "keyspace,dangerous", "", P::kAllShards, h::SwapDb, "server", "4.0.0", "", "Swaps two databases.", ""},
    {"time", 1, kLoading | kStale | kFast, "", "", P::kHome, h::Time, "server", "2.6.0", "", "Replies the time of the server.", "", "nondeterministic_output"},
};

// Their containers' rows stand above; the subcommands of one container stand together.
constexpr CommandSpec kSubcommandRows[] = {
    // generic
    {"object|encoding", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectEncoding, "generic", "2.2.3", "", "Replies how a value is stored.", "", "nondeterministic_output"},
    {"object|freq", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectFreq, "generic", "4.0.0", "", "Replies the logarithmic access counter of a key.", "", "nondeterministic_output"},
    {"object|help", 2, kLoading | kStale, "keyspace", "", P::kHome, h::ObjectHelp, "generic", "6.2.0", "", "Lists the subcommands of OBJECT.", ""},
    {"object|idletime", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectIdleTime, "generic", "2.2.3", "", "Replies the seconds since the last access of a key.", "", "nondeterministic_output"},
    {"object|refcount", 3, kReadonly, "keyspace", "idx:2>range:0:1:0(RO)", P::kKeys, h::ObjectRefCount, "generic", "2.2.3", "", "Replies the reference count of a value.", "", "nondeterministic_output"},
    // connection
    {"client|caching", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientCaching, "connection", "6.0.0", "", "Says whether the keys of the next command are tracked.", ""},
    {"client|capa", -3, kNoScript | kLoading | kStale, "connection", "", P::kHome, h::ClientCapa, "connection", "8.0.0", "", "Tells the server what the client can do.", ""},
    {"client|getname", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientGetName, "connection", "2.6.9", "", "Replies the name of the connection.", ""},
    {"client|getredir", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientGetRedir, "connection", "6.0.0", "", "Replies the client that tracking messages are redirected to.", ""},
    {"client|help", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientHelp, "connection", "5.0.0", "", "Lists the subcommands of CLIENT.", ""},
    {"client|id", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientId, "connection", "5.0.0", "", "Replies the id of the connection.", ""},
    {"client|info", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientInfo, "connection", "6.2.0", "", "Describes the connection.", "", "nondeterministic_output"},
    {"client|kill", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientKill, "connection", "2.4.0", "", "Closes client connections.", ""},
    {"client|list", -2, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientList, "connection", "2.4.0", "", "Describes client connections.", "", "nondeterministic_output"},
    {"client|no-evict", 3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientNoEvict, "connection", "7.0.0", "", "Exempts the connection from client eviction.", ""},
    {"client|no-touch", 3, kNoScript | kLoading | kStale, "connection", "", P::kHome, h::ClientNoTouch, "connection", "7.2.0", "", "Lets the commands of the connection leave access times alone.", ""},
    {"client|pause", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientPause, "connection", "3.0.0", "", "Holds back the commands of clients for some time.", ""},
    {"client|reply", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientReply, "connection", "3.2.0", "", "Switches the replies of the connection on or off.", ""},
    {"client|setinfo", 4, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientSetInfo, "connection", "7.2.0", "", "Names the client library of the connection.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"client|setname", 3, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientSetName, "connection", "2.6.9", "", "Names the connection.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"client|trackinginfo", 2, kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientTrackingInfo, "connection", "6.2.0", "", "Describes the tracking state of the connection.", ""},
    {"client|unblock", -3, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientUnblock, "connection", "5.0.0", "", "Wakes a client that waits in a blocking command.", ""},
    {"client|unpause", 2, kAdmin | kNoScript | kLoading | kStale | kSentinel, "connection", "", P::kHome, h::ClientUnpause, "connection", "6.2.0", "", "Ends a pause of clients.", ""},
    // server
    {"commandlog|get", 4, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogGet, "server", "8.1.0", "", "Replies the entries of a command log.", "", "request_policy:all_nodes,nondeterministic_output"},
    {"commandlog|help", 2, kLoading | kStale, "", "", P::kHome, h::CommandLogHelp, "server", "8.1.0", "", "Lists the subcommands of COMMANDLOG.", ""},
    {"commandlog|len", 3, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogLen, "server", "8.1.0", "", "Replies the length of a command log.", "", "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output"},
    {"commandlog|reset", 3, kAdmin | kLoading | kStale, "", "", P::kHome, h::CommandLogReset, "server", "8.1.0", "", "Clears a command log.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"command|count", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandCount, "server", "2.8.13", "", "Replies the number of commands.", ""},
    {"command|docs", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandDocs, "server", "7.0.0", "", "Replies the documentation of commands.", "", "nondeterministic_output_order"},
    {"command|getkeys", -3, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandGetKeys, "server", "2.8.13", "", "Finds the keys in a command line.", ""},
    {"command|getkeysandflags", -3, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandGetKeysAndFlags, "server", "7.0.0", "", "Finds the keys in a command line and how each one is used.", ""},
    {"command|help", 2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandHelp, "server", "5.0.0", "", "Lists the subcommands of COMMAND.", ""},
    {"command|info", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandInfo, "server", "2.8.13", "", "Describes some or all commands.", "", "nondeterministic_output_order"},
    {"command|list", -2, kLoading | kStale | kSentinel, "connection", "", P::kHome, h::CommandList, "server", "7.0.0", "", "Replies the names of commands.", "", "nondeterministic_output_order"},
    {"config|get", -3, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigGet, "server", "2.0.0", "", "Replies the values of parameters.", ""},
    {"config|help", 2, kLoading | kStale, "", "", P::kHome, h::ConfigHelp, "server", "5.0.0", "", "Lists the subcommands of CONFIG.", ""},
    {"config|resetstat", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigResetStat, "server", "2.0.0", "", "Clears the statistics of the server.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"config|rewrite", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigRewrite, "server", "2.8.0", "", "Writes the running configuration to its file.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"config|set", -4, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::ConfigSet, "server", "2.0.0", "", "Changes parameters of the running server.", "", "request_policy:all_nodes,response_policy:all_succeeded"},
    {"latency|help", 2, kLoading | kStale, "", "", P::kHome, h::LatencyHelp, "server", "2.8.13", "", "Lists the subcommands of LATENCY.", ""},
    {"latency|histogram", -2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyHistogram, "server", "7.0.0", "", "Replies the distribution of the latencies of commands.", "", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|history", 3, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyHistory, "server", "2.8.13", "", "Replies the latencies of an event over time.", "", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|latest", 2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyLatest, "server", "2.8.13", "", "Replies the latest latencies of all events.", "", "nondeterministic_output,request_policy:all_nodes,response_policy:special"},
    {"latency|reset", -2, kAdmin | kNoScript | kLoading | kStale, "", "", P::kHome, h::LatencyReset, "server", "2.8.13", "", "Clears the latencies of events.", "", "request_policy:all_nodes,response_policy:agg_sum"},
    {"memory|doctor", 2, 0, "", "", P::kHome, h::MemoryDoctor, "server", "4.0.0", "", "Reports problems with the use of memory.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|help", 2, kLoading | kStale, "", "", P::kHome, h::MemoryHelp, "server", "4.0.0", "", "Lists the subcommands of MEMORY.", ""},
    {"memory|malloc-stats", 2, kLoading, "", "", P::kHome, h::MemoryMallocStats, "server", "4.0.0", "", "Replies the statistics of the allocator.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|purge", 2, kLoading, "", "", P::kHome, h::MemoryPurge, "server", "4.0.0", "", "Asks the allocator to give unused memory back.", "", "request_policy:all_shards,response_policy:all_succeeded"},
    {"memory|stats", 2, 0, "", "", P::kHome, h::MemoryStats, "server", "4.0.0", "", "Says what the memory is used for.", "", "nondeterministic_output,request_policy:all_shards,response_policy:special"},
    {"memory|usage", -3, kReadonly, "", "idx:2>range:0:1:0(RO)", P::kKeys, h::MemoryUsage, "server", "4.0.0", "", "Replies the bytes that a key and its value take.", ""},
    {"slowlog|get", -2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogGet, "server", "2.2.12", "", "Replies the entries of the slow log.", "", "request_policy:all_nodes,nondeterministic_output", "8.1.0", "`COMMANDLOG GET <count> SLOW`"},
    {"slowlog|help", 2, kLoading | kStale, "", "", P::kHome, h::SlowLogHelp, "server", "6.2.0", "", "Lists the subcommands of SLOWLOG.", "", "", "8.1.0", "`COMMANDLOG HELP`"},
    {"slowlog|len", 2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogLen, "server", "2.2.12", "", "Replies the length of the slow log.", "", "request_policy:all_nodes,response_policy:agg_sum,nondeterministic_output", "8.1.0", "`COMMANDLOG LEN SLOW`"},
    {"slowlog|reset", 2, kAdmin | kLoading | kStale, "", "", P::kHome, h::SlowLogReset, "server", "2.2.12", "", "Clears the slow log.", "", "request_policy:all_nodes,response_policy:all_succeeded", "8.1.0", "`COMMANDLOG RESET SLOW`"},
};
// clang-format on

constexpr size_t kCommandCount = std::size(kCommandRows);
constexpr size_t kSpecCount = kCommandCount + std::size(kSubcommandRows);

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

constexpr size_t IndexOfContainer(std::string_view name) {
  for (size_t i = 0; i < kCommandCount; ++i) {
    if (kCommandRows[i].name == name) return i;
  }
  throw "a subcommand without its container";
}

constexpr void LinkSubcommands(Specs& specs) {
  for (size_t i = kCommandCount; i < kSpecCount; ++i) {
    CommandSpec& spec = specs.rows[i];
    const size_t bar = spec.full_name.find('|');
    const size_t parent = IndexOfContainer(spec.full_name.substr(0, bar));
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
  for (size_t i = 0; i < kSpecCount; ++i) {
    specs.rows[i] = i < kCommandCount ? kCommandRows[i] : kSubcommandRows[i - kCommandCount];
    Complete(specs.rows[i], static_cast<uint32_t>(i));
  }
  LinkSubcommands(specs);
  return specs;
}

constinit const Specs kSpecs = BuildSpecs();

// Four slots a name or more: nearly every lookup is one probe.
using Index = NameIndex<512>;
static_assert(kSpecCount * 2 <= 512);

constexpr Index BuildIndex() {
  Index index;
  for (size_t i = 0; i < kCommandCount; ++i) {
    index.Add(kCommandRows[i].name, static_cast<uint16_t>(i));
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
