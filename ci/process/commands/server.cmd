# CONFIG, COMMAND, SLOWLOG, LATENCY, MEMORY, DEBUG and what else speaks about the server.

== CONFIG GET
CONFIG GET maxclients
CONFIG GET nosuchoption
CONFIG GET "save*x"
{sorted} CONFIG GET maxmemory maxmemory-policy
CONFIG GET MAXMEMORY
CONFIG GET
{sorted} CONFIG GET timeout tcp-keepalive nosuch
CONFIG GET hash-max-listpack-entries
{sorted} CONFIG GET client-query-buffer-limit proto-max-bulk-len
{sorted} CONFIG GET slowlog-*

== CONFIG SET
CONFIG SET maxmemory 100mb
CONFIG GET maxmemory
CONFIG SET maxmemory 0
CONFIG SET maxmemory abc
CONFIG SET maxmemory 1gbx
CONFIG SET nosuchoption 1
CONFIG SET timeout 100
CONFIG GET timeout
CONFIG SET timeout -1
CONFIG SET timeout abc
CONFIG SET timeout 0
CONFIG SET timeout
CONFIG SET
CONFIG SET timeout 1 timeout 2
CONFIG SET timeout 5 maxmemory abc
CONFIG GET timeout
CONFIG SET timeout 5 nosuchoption 1
CONFIG GET timeout
CONFIG SET maxmemory-policy bogus
CONFIG SET maxmemory-policy ALLKEYS-LRU
CONFIG GET maxmemory-policy
CONFIG SET maxmemory-policy noeviction
CONFIG SET activerehashing maybe
CONFIG SET lazyfree-lazy-expire yes lazyfree-lazy-server-del no
CONFIG GET lazyfree-lazy-expire
CONFIG SET lazyfree-lazy-expire no
CONFIG SET databases 4
CONFIG SET client-output-buffer-limit "normal 1mb 512kb 10"
CONFIG GET client-output-buffer-limit
CONFIG SET client-output-buffer-limit "bogus 1 1 1"
CONFIG SET client-output-buffer-limit "normal 1 1"
CONFIG SET client-output-buffer-limit "normal 0 0 0"
CONFIG SET save "900 1 300 10"
CONFIG GET save
CONFIG SET save "900"
CONFIG SET save ""
CONFIG GET save
CONFIG SET notify-keyspace-events KEA
CONFIG GET notify-keyspace-events
CONFIG SET notify-keyspace-events bogus
CONFIG SET notify-keyspace-events ""
{since:8.0} CONFIG SET loglevel bogus => (error) ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one of the following: debug, verbose, notice, warning, nothing
CONFIG SET hz 1000
CONFIG GET hz
CONFIG SET hz 10
CONFIG RESETSTAT
CONFIG RESETSTAT x
CONFIG REWRITE
{shape} CONFIG HELP

== COMMAND
{shape} COMMAND COUNT
COMMAND COUNT x
COMMAND INFO nosuch
COMMAND GETKEYS GET k
COMMAND GETKEYS MSET a 1 b 2 c 3
{since:8.0} COMMAND GETKEYS PING => (error) ERR The command has no key arguments
COMMAND GETKEYS NOSUCH a
{since:8.0} COMMAND GETKEYS GET => (error) ERR Invalid number of arguments specified for command
COMMAND GETKEYS
COMMAND GETKEYS RENAME a b
COMMAND GETKEYS COPY a b DB 1
COMMAND GETKEYS OBJECT ENCODING k
COMMAND GETKEYS MEMORY USAGE k
COMMAND GETKEYS LCS a b
COMMAND GETKEYS DEL a b c
COMMAND GETKEYSANDFLAGS GET k
COMMAND GETKEYSANDFLAGS MSET a 1 b 2
COMMAND GETKEYSANDFLAGS RENAME a b
COMMAND GETKEYSANDFLAGS COPY a b
COMMAND GETKEYSANDFLAGS SET k v
COMMAND GETKEYSANDFLAGS SET k v GET
COMMAND GETKEYSANDFLAGS GETDEL k
COMMAND GETKEYSANDFLAGS EXISTS a b
COMMAND GETKEYSANDFLAGS INCR a
COMMAND GETKEYSANDFLAGS APPEND a b
{since:8.0} COMMAND GETKEYSANDFLAGS PING => (error) ERR The command has no key arguments
{sorted} COMMAND LIST FILTERBY PATTERN "get*" bogus
COMMAND LIST FILTERBY BOGUS x
COMMAND LIST FILTERBY PATTERN
{sorted} COMMAND LIST FILTERBY PATTERN msetn*
{sorted} COMMAND LIST FILTERBY PATTERN nosuch*
{sorted} COMMAND LIST FILTERBY MODULE nosuch
{sorted} COMMAND LIST FILTERBY ACLCAT nosuch
{shape} COMMAND LIST
COMMAND DOCS nosuch
{shape} COMMAND HELP
COMMAND BOGUS

== COMMAND INFO of each command
COMMAND INFO get
COMMAND INFO getdel getset getrange substr strlen
COMMAND INFO set
COMMAND INFO setnx setex psetex setrange append
COMMAND INFO getex
{since:8.0} COMMAND INFO mget mset msetnx => [["mget", -2, [readonly, fast], 1, -1, 1, [@read, @string, @fast], ["request_policy:multi_shard"], [["flags", [RO, access], "begin_search", ["type", "index", "spec", ["index", 1]], "find_keys", ["type", "range", "spec", ["lastkey", -1, "keystep", 1, "limit", 0]]]], []], ["mset", -3, [write, denyoom], 1, -1, 2, [@write, @string, @slow], ["request_policy:multi_shard", "response_policy:all_succeeded"], [["flags", [OW, update], "begin_search", ["type", "index", "spec", ["index", 1]], "find_keys", ["type", "range", "spec", ["lastkey", -1, "keystep", 2, "limit", 0]]]], []], ["msetnx", -3, [write, denyoom], 1, -1, 2, [@write, @string, @slow], [], [["flags", [OW, insert], "begin_search", ["type", "index", "spec", ["index", 1]], "find_keys", ["type", "range", "spec", ["lastkey", -1, "keystep", 2, "limit", 0]]]], []]]
COMMAND INFO incr decr incrby decrby incrbyfloat
COMMAND INFO lcs
COMMAND INFO del unlink exists type touch
COMMAND INFO rename renamenx copy move
{since:8.0} COMMAND INFO randomkey keys scan dbsize => [["randomkey", 1, [readonly], 0, 0, 0, [@keyspace, @read, @slow], ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"], [], []], ["keys", 2, [readonly], 0, 0, 0, [@keyspace, @read, @slow, @dangerous], ["request_policy:all_shards", "nondeterministic_output_order"], [], []], ["scan", -2, [readonly], 0, 0, 0, [@keyspace, @read, @slow], ["nondeterministic_output", "request_policy:special", "response_policy:special"], [], []], ["dbsize", 1, [readonly, fast], 0, 0, 0, [@keyspace, @read, @fast], ["request_policy:all_shards", "response_policy:agg_sum"], [], []]]
COMMAND INFO expire pexpire expireat pexpireat
COMMAND INFO ttl pttl expiretime pexpiretime persist
{sorted} COMMAND INFO object
{since:8.0} COMMAND INFO multi exec discard watch unwatch => [["multi", 1, [noscript, loading, stale, fast, no_multi, allow_busy], 0, 0, 0, [@fast, @transaction], [], [], []], ["exec", 1, [noscript, loading, stale, skip_commandlog], 0, 0, 0, [@slow, @transaction], [], [], []], ["discard", 1, [noscript, loading, stale, fast, allow_busy], 0, 0, 0, [@fast, @transaction], [], [], []], ["watch", -2, [noscript, loading, stale, fast, no_multi, allow_busy], 1, -1, 1, [@fast, @transaction], [], [["flags", [RO], "begin_search", ["type", "index", "spec", ["index", 1]], "find_keys", ["type", "range", "spec", ["lastkey", -1, "keystep", 1, "limit", 0]]]], []], ["unwatch", 1, [noscript, loading, stale, fast, allow_busy], 0, 0, 0, [@fast, @transaction], [], [], []]]
COMMAND INFO ping echo select quit reset
COMMAND INFO hello auth
COMMAND INFO flushdb flushall swapdb time
COMMAND INFO lolwut shutdown
COMMAND INFO object|encoding object|freq object|idletime object|refcount object|help
{since:8.0} COMMAND INFO config|get config|set config|resetstat config|rewrite config|help => [["config|get", -3, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], [], [], []], ["config|set", -4, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], ["request_policy:all_nodes", "response_policy:all_succeeded"], [], []], ["config|resetstat", 2, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], ["request_policy:all_nodes", "response_policy:all_succeeded"], [], []], ["config|rewrite", 2, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], ["request_policy:all_nodes", "response_policy:all_succeeded"], [], []], ["config|help", 2, [loading, stale], 0, 0, 0, [@slow], [], [], []]]
{since:8.0} COMMAND INFO client|id client|info client|list client|kill client|setname client|getname client|reply => [["client|id", 2, [noscript, loading, stale], 0, 0, 0, [@slow, @connection], [], [], []], ["client|info", 2, [noscript, loading, stale], 0, 0, 0, [@slow, @connection], ["nondeterministic_output"], [], []], ["client|list", -2, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous, @connection], ["nondeterministic_output"], [], []], ["client|kill", -3, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous, @connection], [], [], []], ["client|setname", 3, [noscript, loading, stale], 0, 0, 0, [@slow, @connection], ["request_policy:all_nodes", "response_policy:all_succeeded"], [], []], ["client|getname", 2, [noscript, loading, stale], 0, 0, 0, [@slow, @connection], [], [], []], ["client|reply", 3, [noscript, loading, stale], 0, 0, 0, [@slow, @connection], [], [], []]]
COMMAND INFO client|no-evict client|pause client|unpause client|unblock client|caching client|help
COMMAND INFO memory|usage memory|stats memory|help
COMMAND INFO slowlog|get slowlog|len slowlog|reset slowlog|help
{since:8.0} COMMAND INFO command|count command|list command|info command|docs command|getkeys command|getkeysandflags command|help => [["command|count", 2, [loading, stale], 0, 0, 0, [@slow, @connection], [], [], []], ["command|list", -2, [loading, stale], 0, 0, 0, [@slow, @connection], ["nondeterministic_output_order"], [], []], ["command|info", -2, [loading, stale], 0, 0, 0, [@slow, @connection], ["nondeterministic_output_order"], [], []], ["command|docs", -2, [loading, stale], 0, 0, 0, [@slow, @connection], ["nondeterministic_output_order"], [], []], ["command|getkeys", -3, [loading, stale], 0, 0, 0, [@slow, @connection], [], [], []], ["command|getkeysandflags", -3, [loading, stale], 0, 0, 0, [@slow, @connection], [], [], []], ["command|help", 2, [loading, stale], 0, 0, 0, [@slow, @connection], [], [], []]]
{since:8.0} COMMAND INFO latency|histogram latency|reset latency|help => [["latency|histogram", -2, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], [], []], ["latency|reset", -2, [admin, noscript, loading, stale], 0, 0, 0, [@admin, @slow, @dangerous], ["request_policy:all_nodes", "response_policy:agg_sum"], [], []], ["latency|help", 2, [loading, stale], 0, 0, 0, [@slow], [], [], []]]
COMMAND INFO debug info

== SLOWLOG
CONFIG SET slowlog-log-slower-than -1
SLOWLOG RESET
SLOWLOG LEN
SLOWLOG GET
CONFIG SET slowlog-log-slower-than 0
PING
{near:1} SLOWLOG LEN
CONFIG SET slowlog-log-slower-than -1
{shape} SLOWLOG GET
SLOWLOG GET 0
SLOWLOG GET abc
SLOWLOG GET -2
{shape} SLOWLOG GET -1
SLOWLOG GET 1 2
SLOWLOG BOGUS
SLOWLOG
SLOWLOG RESET
SLOWLOG LEN
SLOWLOG LEN x
CONFIG SET slowlog-log-slower-than 10000
{shape} SLOWLOG HELP

== COMMANDLOG {since:8.1}
COMMANDLOG RESET slow => OK
COMMANDLOG LEN slow => 0
COMMANDLOG LEN large-request => 0
COMMANDLOG LEN large-reply => 0
COMMANDLOG LEN bogus => (error) ERR type should be one of the following: slow, large-request, large-reply
COMMANDLOG GET 10 bogus => (error) ERR type should be one of the following: slow, large-request, large-reply
COMMANDLOG GET abc slow => (error) ERR count should be greater than or equal to -1
COMMANDLOG GET -2 slow => (error) ERR count should be greater than or equal to -1
COMMANDLOG GET 10 => (error) ERR wrong number of arguments for 'commandlog|get' command
COMMANDLOG GET => (error) ERR wrong number of arguments for 'commandlog|get' command
COMMANDLOG LEN => (error) ERR wrong number of arguments for 'commandlog|len' command
COMMANDLOG RESET => (error) ERR wrong number of arguments for 'commandlog|reset' command
COMMANDLOG RESET large-request => OK
COMMANDLOG RESET large-reply => OK
COMMANDLOG BOGUS => (error) ERR unknown subcommand 'BOGUS'. Try COMMANDLOG HELP.
COMMANDLOG => (error) ERR wrong number of arguments for 'commandlog' command

== LATENCY
{any} LATENCY HISTOGRAM
LATENCY HISTOGRAM nosuch
LATENCY RESET
LATENCY RESET nosuch
LATENCY BOGUS
LATENCY
{shape} LATENCY HELP

== MEMORY
MEMORY USAGE nosuch
SET k v
{shape} MEMORY USAGE k
{shape} MEMORY USAGE k SAMPLES 5
MEMORY USAGE k SAMPLES
MEMORY USAGE k SAMPLES abc
MEMORY USAGE k SAMPLES -1
MEMORY USAGE k BOGUS 1
MEMORY USAGE
MEMORY BOGUS
MEMORY
{any} MEMORY STATS
{shape} MEMORY HELP

== TIME INFO LOLWUT
{shape} TIME
TIME x
{shape} INFO
{shape} INFO server
{shape} INFO nosuchsection
{shape} INFO everything
{shape} INFO server clients
{shape} LOLWUT
{shape} LOLWUT VERSION 5

== DEBUG is off by default {resp:2}
DEBUG SLEEP 0
DEBUG OBJECT k

== SHUTDOWN with wrong words
SHUTDOWN BOGUS
SHUTDOWN SAVE NOSAVE
SHUTDOWN ABORT NOW
SHUTDOWN ABORT
