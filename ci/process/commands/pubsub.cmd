# Publish/subscribe: the connection 2 listens, 1 asks and publishes. raw "" reads what comes without being asked for.

== subscribe and publish
PUBLISH news x
{as:2} SUBSCRIBE news sport
{as:2} raw ""
PUBLISH news "hello\r\n"
{as:2} raw ""
PUBLISH sport ""
{as:2} raw ""
{as:2} SUBSCRIBE news
PUBLISH nobody x
{as:2} UNSUBSCRIBE news
PUBLISH news x
{as:2} UNSUBSCRIBE news
{as:2} UNSUBSCRIBE
{as:2} UNSUBSCRIBE
PUBLISH sport x
SUBSCRIBE
PUBLISH
PUBLISH a
PUBLISH a b c

== patterns
{as:2} PSUBSCRIBE n*
PUBLISH news x
{as:2} raw ""
{as:2} SUBSCRIBE news
PUBLISH news y
{as:2} raw ""
{as:2} raw ""
{as:3} PSUBSCRIBE n?ws
PUBLISH news z
{as:2} raw ""
{as:2} raw ""
{as:3} raw ""
PUBSUB NUMPAT
PUBSUB NUMSUB news sport
PUBSUB NUMSUB
{sorted} PUBSUB CHANNELS
{as:2} PUNSUBSCRIBE n*
{as:2} PUNSUBSCRIBE
{as:2} UNSUBSCRIBE
PUBSUB NUMPAT
{as:3} PUNSUBSCRIBE

== shard channels
SPUBLISH c x
{as:2} SSUBSCRIBE c d
{as:2} raw ""
SPUBLISH c x
{as:2} raw ""
PUBLISH c x
{as:3} SUBSCRIBE c
SPUBLISH c y
{as:2} raw ""
PUBLISH c z
{as:3} raw ""
PUBSUB SHARDNUMSUB c d e
{sorted} PUBSUB SHARDCHANNELS
PUBSUB SHARDCHANNELS c*
PUBSUB SHARDNUMSUB
PUBSUB CHANNELS
{as:2} SUBSCRIBE c
{as:2} SUNSUBSCRIBE c
{as:2} SUNSUBSCRIBE
{as:2} SUNSUBSCRIBE

== what a listener may say
{as:2} SUBSCRIBE c
{as:2} PING
{as:2} PING x
{as:2} PING x y
{as:2} GET a
{as:2} CONFIG GET maxmemory
# In RESP3 it hears its own message: behind the reply, as since 8.0, or before it.
{as:2,any} PUBLISH c x
{as:2,resp:3,any} raw ""
{as:2} MULTI
{as:2,resp:3} DISCARD
{as:2} NOSUCH
{as:2} HELLO x
{as:2} GET
{as:2} UNSUBSCRIBE c
{as:2} PING
{as:2} GET a
{as:2} SUBSCRIBE c
{as:2} RESET
{as:2} PING
PUBLISH c x
{as:2} SUBSCRIBE c
{as:2} PING
{as:2} QUIT

== questions
{as:2} SUBSCRIBE a1 a2 b1
{as:2} raw ""
{as:2} raw ""
{sorted} PUBSUB CHANNELS a*
PUBSUB CHANNELS b1
PUBSUB CHANNELS x*
PUBSUB CHANNELS a b c
PUBSUB NUMPAT x
PUBSUB NOSUCH
PUBSUB
PUBSUB NUMSUB a1 a1

== in a transaction
{as:2} SUBSCRIBE c
MULTI
SET a 1
PUBLISH c one
PUBLISH c two
GET a
EXEC
{as:2} raw ""
{as:2} raw ""
MULTI
PUBLISH c never
DISCARD
PUBLISH c end
{as:2} raw ""
{as:3} MULTI
{as:3} SUBSCRIBE x
{as:3} PING
{as:3} UNSUBSCRIBE x

== a client that wants no replies
{as:2} SUBSCRIBE first
{as:2,resp:3} raw "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n"
{resp:3} PUBLISH c x
{as:2,resp:3} raw ""
{as:2,resp:3} CLIENT REPLY ON

== events of strings
CONFIG SET notify-keyspace-events KEA
{as:2} PSUBSCRIBE __key*
SET k v
{as:2} raw ""
{as:2} raw ""
SET k v EX 100
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
APPEND k x
{as:2} raw ""
{as:2} raw ""
SETRANGE k 1 yy
{as:2} raw ""
{as:2} raw ""
SETRANGE k 1 ""
GETEX k PERSIST
{as:2} raw ""
{as:2} raw ""
GETEX k EX 100
{as:2} raw ""
{as:2} raw ""
GETDEL k
{as:2} raw ""
{as:2} raw ""
INCR n
{as:2} raw ""
{as:2} raw ""
DECRBY n 3
{as:2} raw ""
{as:2} raw ""
INCRBYFLOAT n 1.5
{as:2} raw ""
{as:2} raw ""
GETSET n 5
{as:2} raw ""
{as:2} raw ""
SETNX n 6
SETNX m 6
{as:2} raw ""
{as:2} raw ""
MSET a 1 b 2
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
MSETNX a 1 z 2
MSETNX y 1
{as:2} raw ""
{as:2} raw ""
GET nosuch
INCR nosuch
{as:2} raw ""
{as:2} raw ""
CONFIG SET notify-keyspace-events ""
SET k v
DEL k
CONFIG SET notify-keyspace-events Eg
DEL a
{as:2} raw ""

== events of keys
CONFIG SET notify-keyspace-events AKE
{as:2} PSUBSCRIBE __key*
MSET a 1 b 2
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
DEL a nosuch
{as:2} raw ""
{as:2} raw ""
UNLINK b
{as:2} raw ""
{as:2} raw ""
SET {t}a 1
{as:2} raw ""
{as:2} raw ""
RENAME {t}a {t}b
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
RENAME {t}b {t}b
COPY {t}b {t}c
{as:2} raw ""
{as:2} raw ""
EXPIRE {t}b 100
{as:2} raw ""
{as:2} raw ""
EXPIRE {t}b 50 GT
PERSIST {t}b
{as:2} raw ""
{as:2} raw ""
PERSIST {t}b
PEXPIRE {t}b 1
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
MOVE {t}c 3
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
{as:2} raw ""
FLUSHALL
CONFIG SET notify-keyspace-events ""

== events of misses and new keys
CONFIG SET notify-keyspace-events Emn
{as:2} PSUBSCRIBE __key*
GET nosuch
{as:2} raw ""
SET k v
{as:2} raw ""
SET k w
RENAME k l
{as:2} raw ""
CONFIG SET notify-keyspace-events ""

== events in a transaction
CONFIG SET notify-keyspace-events Kg$
{as:2} SUBSCRIBE __keyspace@0__:a
MULTI
SET a 1
DEL a
EXEC
{as:2} raw ""
{as:2} raw ""
CONFIG SET notify-keyspace-events ""
