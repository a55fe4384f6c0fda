# HELLO, AUTH, PING, CLIENT and the protocol itself.

== PING ECHO
PING
PING hello
PING "a b"
PING a b
ECHO hello
ECHO ""
ECHO
ECHO a b

== unknown commands
NOSUCH
NOSUCH a b c
nosuch "a\r\nb" c
"" a
"with space" x
NOSUCHxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx y
NOSUCH aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccc dddd
CONFIG
CONFIG NOSUCH
CLIENT
CLIENT NOSUCH
OBJECT NOSUCH a
COMMAND NOSUCH

== inline commands
raw "PING\r\n"
raw "PING\n"
raw "  PING  hello  \r\n"
raw "SET k \"a b\\x41\\n\"\r\n"
GET k
raw "SET k 'it\\'s'\r\n"
GET k
raw "\r\n\r\nPING\r\n"
raw "GET k k\r\n"
raw "NOSUCH\r\n"
raw "SET k \"open\r\n"

== inline quotes that do not close
raw "SET k 'open\r\n"
PING

== quotes followed by a letter
raw "SET k \"a\"b\r\n"

== multibulk edges
raw "*0\r\nPING\r\n"
raw "*-1\r\nPING\r\n"
raw "*1\r\n$4\r\nPING\r\n"
raw "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"
raw "*1\n$4\nPING\r\n"

== no number of arguments
raw "*abc\r\n"

== too many arguments
raw "*2147483648\r\n"

== no dollar
raw "*1\r\n!4\r\nPING\r\n"

== no bulk length
raw "*1\r\n$abc\r\n"

== negative bulk length
raw "*1\r\n$-4\r\n"

== too big a bulk
raw "*1\r\n$536870913\r\n"

== HELLO
{shape} HELLO
HELLO 1
HELLO 4
HELLO abc
HELLO 99999999999999999999
HELLO 2 BOGUS
HELLO 2 SETNAME
HELLO 2 SETNAME "with space"
HELLO 2 AUTH default
HELLO 2 AUTH nosuch wrong
{shape} HELLO 2 AUTH default anything SETNAME me
CLIENT GETNAME
{shape} HELLO 2 SETNAME me
CLIENT GETNAME
{shape} HELLO 3
PING

== AUTH without a password set
AUTH x
AUTH default x
AUTH nosuch x
AUTH
AUTH a b c

== AUTH with a password set
CONFIG SET requirepass secret
{as:2} PING
{as:2} GET a
{as:2} NOSUCH
{as:2} GET
{as:2,since:8.0} HELLO 3 => (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
{as:2,since:8.0} HELLO 2 => (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
{as:2} AUTH wrong
{as:2} AUTH default wrong
{as:2} AUTH nosuch secret
{as:2} AUTH secret
{as:2} PING
{as:3} HELLO 3 AUTH default wrong
{as:3} AUTH default secret
{as:3} PING
{as:3} RESET
{as:3} PING
{as:4} MULTI
{as:4} EXEC
{as:4} RESET
CONFIG GET requirepass
CONFIG SET requirepass ""
{as:5} PING

== CLIENT names and ids
{shape} CLIENT ID
CLIENT ID x
CLIENT GETNAME
CLIENT SETNAME me
CLIENT GETNAME
CLIENT SETNAME "with space"
CLIENT SETNAME "line\n"
CLIENT SETNAME ""
CLIENT GETNAME
CLIENT SETNAME
CLIENT SETNAME a b

== CLIENT SETINFO {since:7.2}
CLIENT SETINFO LIB-NAME mylib => OK
CLIENT SETINFO lib-ver 1.2.3 => OK
CLIENT SETINFO lib-name "with space" => (error) ERR lib-name cannot contain spaces, newlines or special characters.
CLIENT SETINFO lib-ver "line\n" => (error) ERR lib-ver cannot contain spaces, newlines or special characters.
CLIENT SETINFO bogus x => (error) ERR Unrecognized option 'bogus'
CLIENT SETINFO lib-name => (error) ERR wrong number of arguments for 'client|setinfo' command
CLIENT SETINFO lib-name "" => OK

== CLIENT KILL
CLIENT KILL 1.2.3.4:5
CLIENT KILL ID 999999999
{since:8.0} CLIENT KILL ID abc => (error) ERR syntax error
CLIENT KILL TYPE bogus
CLIENT KILL TYPE normal SKIPME maybe
CLIENT KILL BOGUS x
CLIENT KILL ID
CLIENT KILL
CLIENT KILL ADDR 1.2.3.4:5
CLIENT KILL LADDR 1.2.3.4:5
CLIENT KILL USER nosuch
CLIENT KILL TYPE pubsub
CLIENT KILL ID 0

== CLIENT LIST and INFO
{shape} CLIENT LIST
{shape} CLIENT INFO
CLIENT LIST TYPE bogus
CLIENT LIST ID
{since:8.0} CLIENT LIST ID abc => (error) ERR syntax error
CLIENT LIST ID 999999999
CLIENT LIST TYPE pubsub
CLIENT LIST TYPE
CLIENT LIST BOGUS
CLIENT INFO x

== CLIENT REPLY
CLIENT REPLY ON
CLIENT REPLY BOGUS
CLIENT REPLY
raw "CLIENT REPLY SKIP\r\nPING\r\nECHO seen\r\n"
raw "CLIENT REPLY OFF\r\nPING\r\nPING\r\nCLIENT REPLY ON\r\n"
PING

== CLIENT switches
CLIENT NO-EVICT ON
CLIENT NO-EVICT OFF
CLIENT NO-EVICT BOGUS
CLIENT NO-EVICT
{since:7.2} CLIENT NO-TOUCH ON => OK
{since:7.2} CLIENT NO-TOUCH OFF => OK
{since:7.2} CLIENT NO-TOUCH BOGUS => (error) ERR syntax error
CLIENT UNPAUSE
CLIENT PAUSE abc
CLIENT PAUSE -1
CLIENT PAUSE 1 BOGUS
CLIENT PAUSE
CLIENT PAUSE 10
CLIENT PAUSE 10 WRITE
CLIENT PAUSE 10 ALL
CLIENT UNPAUSE
CLIENT UNBLOCK 999999999
CLIENT UNBLOCK abc
CLIENT UNBLOCK 1 BOGUS
CLIENT UNBLOCK
CLIENT UNBLOCK 999999999 ERROR
CLIENT UNBLOCK 999999999 TIMEOUT
CLIENT CACHING YES
CLIENT CACHING BOGUS
CLIENT CACHING
{shape} CLIENT HELP

== RESET
SELECT 3
SET k v
CLIENT SETNAME me
MULTI
SET k w
RESET
GET k
CLIENT GETNAME
DBSIZE
EXEC
SELECT 3
GET k
RESET x

== QUIT
QUIT
{as:2} QUIT x
