# MULTI, EXEC, DISCARD, WATCH, UNWATCH.

== a transaction
MULTI
SET a 1
INCR a
GET a
MGET a nosuch
EXEC
GET a
MULTI
EXEC
MULTI
SET a 5
DISCARD
GET a

== errors around a transaction
EXEC
DISCARD
UNWATCH
MULTI
{since:8.0} MULTI => (error) ERR Command not allowed inside a transaction
{since:8.0} WATCH a => (error) ERR Command not allowed inside a transaction
DISCARD
MULTI x
EXEC x
DISCARD x
WATCH
UNWATCH x

== an error while queueing aborts
MULTI
SET a 1
SET a
EXEC
GET a
MULTI
NOSUCHCOMMAND a b
SET a 1
EXEC
EXISTS a
{since:8.0} MULTI => OK
{since:8.0} SET a 1 => QUEUED
{since:8.0} MULTI => (error) ERR Command not allowed inside a transaction
{since:8.0} EXEC => (error) EXECABORT Transaction discarded because of previous errors.
{since:8.0} MULTI => OK
{since:8.0} WATCH a => (error) ERR Command not allowed inside a transaction
{since:8.0} SET a 2 => QUEUED
{since:8.0} EXEC => (error) EXECABORT Transaction discarded because of previous errors.
{since:8.0} GET a => nil
MULTI
OBJECT BOGUS
EXEC

== an error while running does not
SET a abc
MULTI
SET b 1
INCR a
SET c 3
EXEC
MGET a b c

== WATCH sees what others do
WATCH a
{as:2} SET a 1
MULTI
SET b 1
EXEC
EXISTS b
WATCH a
MULTI
SET b 1
EXEC
EXISTS b
WATCH a
{as:2} SET other 1
MULTI
SET b 2
EXEC
GET b
WATCH a b
{as:2} DEL b
MULTI
SET c 1
EXEC
EXISTS c

== WATCH sees what I do myself
WATCH a
SET a 1
MULTI
SET b 1
EXEC
EXISTS b

== UNWATCH and DISCARD forget
WATCH a
{as:2} SET a 1
UNWATCH
MULTI
SET b 1
EXEC
WATCH a
{as:2} SET a 2
MULTI
DISCARD
MULTI
SET b 2
EXEC
GET b
WATCH a
{as:2} SET a 3
MULTI
EXEC
MULTI
SET b 3
EXEC

== WATCH and the ways a key changes
SET a 1
WATCH a
{as:2} EXPIRE a 100
MULTI
PING
EXEC
WATCH nosuch
{as:2} DEL nosuch
MULTI
PING
EXEC
WATCH a
{as:2} FLUSHALL
MULTI
PING
EXEC
WATCH nosuch
{as:2} FLUSHALL
MULTI
PING
EXEC
SET a 1
WATCH a
{as:2} RENAME a b
MULTI
PING
EXEC
WATCH b
{as:2} PERSIST b
MULTI
PING
EXEC
WATCH b
{as:2} GET b
MULTI
PING
EXEC
WATCH b
{as:2} SET b 1
MULTI
PING
EXEC
SELECT 1
SET x 1
SELECT 0
SET x 0
WATCH x
{as:2} SWAPDB 0 1
MULTI
PING
EXEC
WATCH x
{as:2} MOVE x 2
MULTI
PING
EXEC
SET a 1
WATCH a
{as:2} COPY x a REPLACE
MULTI
PING
EXEC

== commands with state inside a transaction
MULTI
SELECT 1
SET k one
SELECT 0
EXEC
SELECT 1
GET k
SELECT 0
MULTI
PING
ECHO hi
PING hello
DBSIZE
TYPE k
TTL k
EXEC
MULTI
CLIENT SETNAME inside
CLIENT GETNAME
EXEC
MULTI
RESET
EXEC

== FLUSHALL in a transaction
MSET a 1 b 2
MULTI
SET c 3
FLUSHALL
SET d 4
DBSIZE
EXEC
KEYS *

== HELLO switches the protocol of its own reply in a transaction {resp:2}
MULTI
HELLO 3
{shape} EXEC
PING
