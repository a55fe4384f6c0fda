#pragma once
// The words of scenario files for the families of the workload; one row each. Those of faults: faults/rules.h.

#include <array>
#include <string_view>

#include "scenarios/scenario.h"

namespace norn::scenarios {

struct FamilyRow {
  Family family;
  std::string_view name;
  std::string_view doc;
};

inline constexpr std::array<FamilyRow, kFamilies> kFamilyRows = {{
    {Family::kRead, "read", "GET STRLEN GETRANGE EXISTS TYPE TTL PTTL of one key"},
    {Family::kWrite, "write", "SET and its options, SETNX GETSET GETDEL APPEND SETRANGE DEL"},
    {Family::kCounter, "counter", "INCR DECR INCRBY DECRBY"},
    {Family::kExpiry, "expiry", "SET PX, PSETEX, PEXPIRE, EXPIRE, GETEX, PERSIST"},
    {Family::kMultiKey, "multi_key", "MGET MSET MSETNX DEL EXISTS RENAME RENAMENX COPY in a group"},
    {Family::kTransaction, "transaction", "MULTI ... EXEC in a group; some discarded or broken"},
    {Family::kWatch, "watch", "WATCH, GET, then MULTI ... EXEC; some spoiled by an own write"},
    {Family::kScan, "scan", "SCAN a step at a time, KEYS *, RANDOMKEY"},
    {Family::kFlush, "flush", "FLUSHDB, FLUSHALL"},
    {Family::kToken, "token", "PING and ECHO with a token that nobody else sends"},
    {Family::kSelect, "select", "SELECT another database"},
    {Family::kLedger, "ledger", "writes to keys of the connection's own, for durable_prefix"},
    {Family::kSave, "save", "SAVE"},
    {Family::kBgSave, "bgsave", "BGSAVE, BGSAVE SCHEDULE"},
    {Family::kRewrite, "rewrite", "BGREWRITEAOF"},
    {Family::kTyped, "typed", "any write command of every type, on keys of its own"},
}};

}  // namespace norn::scenarios
