# SORT and SORT_RO: options, patterns, what is stored, the errors.

== numbers and text
SORT nosuch
RPUSH l 3 10 -1.5 2 1e1 0x10 +7
SORT l
SORT l DESC
SORT l ASC
SORT l ALPHA
SORT l ALPHA DESC
SORT_RO l
sort_ro l desc alpha
RPUSH l x
SORT l
SORT l ALPHA
RPUSH e "" " 1" inf -inf
SORT e
RPUSH e nan
SORT e
RPUSH r 1e999
{since:8.1} SORT r => (error) ERR One or more scores can't be converted into double
RPUSH u 1e-999
{since:8.1} SORT u => (error) ERR One or more scores can't be converted into double
RPUSH t "1 "
SORT t
RPUSH n "1\x00abc" "0\x00abc"
SORT n
SADD s 5 1 4 33
SORT s
SORT s DESC
ZADD z 3 5 1 7 2 6
SORT z
SORT z DESC
SORT z ALPHA LIMIT 1 1

== limits
RPUSH l 5 4 3 2 1
SORT l LIMIT 1 2
SORT l LIMIT -3 2
SORT l LIMIT 3 100
SORT l LIMIT 3 -1
SORT l LIMIT 5 1
SORT l LIMIT 6 1
SORT l LIMIT 0 0
SORT l LIMIT 9223372036854775807 9223372036854775807
SORT l LIMIT -9223372036854775808 -9223372036854775808
SORT l LIMIT 0 2 LIMIT 3 1
SORT l LIMIT 0
SORT l LIMIT
SORT l LIMIT a 1
SORT l LIMIT 1 a
SORT l LIMIT 0 3 DESC

== unsorted
RPUSH l c a b d
SORT l BY nosort
SORT l BY nosort DESC
SORT l BY nosort LIMIT 1 2
SORT l BY nosort DESC LIMIT 1 2
SORT l BY nosort DESC LIMIT 3 9
SORT l BY nosort LIMIT 9 1
SORT l BY nosort GET # GET nosuch
ZADD z 1 c 2 a 3 b
SORT z BY nosort
SORT z BY nosort DESC
SORT z BY nosort DESC LIMIT 0 2
SORT z BY nosort LIMIT 2 5
SORT z BY nosort LIMIT 3 5
SADD s c a b
SORT s BY nosort STORE to
LRANGE to 0 -1
SORT s BY nosort DESC STORE to
LRANGE to 0 -1
SORT s BY nosort LIMIT 1 1 STORE to
LRANGE to 0 -1

== patterns
RPUSH l 1 2 3
MSET w1 30 w2 20 w3 10 name1 one name3 three "w1->" 1
HSET h1 age 7 city x
HSET h2 age 5
HSET h3 age 6
SORT l BY w*
SORT l BY w* DESC
SORT l BY h*->age
SORT l BY h*->age DESC LIMIT 1 1
SORT l BY nosuch*
SORT l BY h*
SORT l BY w*->age
SORT l BY w*->
SORT l BY w* GET name* GET #
SORT l BY w* GET h*->age GET h*->city LIMIT 1 2
SORT l GET w*-> GET h*->age
SORT l GET constant
SORT l GET "#" GET "##"
SORT l BY name*
SORT l BY name* ALPHA
SORT l BY name* ALPHA DESC
SORT l BY nosort BY w*
SORT l BY w* BY nosort
SORT_RO l BY w* GET name*
SORT l BY
SORT l GET
SORT l FOO
SORT
SORT_RO
SORT l BY h*->age STORE to
LRANGE to 0 -1

== store
RPUSH l 3 1 2
SET to v EX 100
SORT l STORE to
TYPE to
TTL to
LRANGE to 0 -1
{since:7.2} OBJECT ENCODING to => "listpack"
SORT l GET nosuch* GET # STORE to
LRANGE to 0 -1
SORT l DESC STORE l
LRANGE l 0 -1
SORT l STORE a STORE b
EXISTS a b
SORT nosuch STORE to
EXISTS to
SORT nosuch STORE to
SORT l LIMIT 0 0 STORE b
EXISTS b
SORT l STORE
SORT_RO l STORE to
SET k v
SORT k
SORT k STORE to
HSET h f v
SORT h
SORT_RO h

== keys of the command
COMMAND GETKEYS SORT l
COMMAND GETKEYS SORT l STORE to
COMMAND GETKEYS SORT l BY store GET store STORE to LIMIT 1 2
COMMAND GETKEYS SORT l STORE a STORE b
COMMAND GETKEYS SORT_RO l BY w*

== in a transaction
RPUSH l 2 1
MSET w1 9 w2 8
MULTI
SORT l BY w* GET # STORE to
SORT l
LRANGE to 0 -1
EXEC
