#pragma once
// The words of scenario files for the families of the workload and the kinds of faults; one row each.

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
}};

struct FaultRow {
  FaultKind kind;
  std::string_view name;
  std::string_view doc;
};

inline constexpr std::array<FaultRow, kFaultKinds> kFaultRows = {{
    {FaultKind::kReset, "reset", "a random connection is reset at both ends"},
    {FaultKind::kSlowLink, "slow_link", "one client's link takes `latency` longer for `lasts`"},
    {FaultKind::kHalfOpen, "half_open", "one end of a random connection vanishes without a word"},
    {FaultKind::kPartition, "partition", "nothing passes one direction of a link for `lasts`"},
    {FaultKind::kCrash, "crash", "the node dies, and starts again, empty, after `lasts`"},
    {FaultKind::kPause, "pause", "the node stands still for `lasts`"},
}};

inline std::string_view NameOf(FaultKind kind) {
  return kFaultRows[static_cast<size_t>(kind)].name;
}

}  // namespace norn::scenarios
