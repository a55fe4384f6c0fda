#pragma once
// What a node is, as bits: in the header of every bus message, in gossip, and (their names) in nodes.conf. The numbers are the
// protocol's; what they mean to us is decided where they are read.

#include <cstdint>

namespace norn::cluster {

using NodeFlags = uint16_t;

namespace node_flag {
inline constexpr NodeFlags kPrimary = 1 << 0;
inline constexpr NodeFlags kReplica = 1 << 1;
inline constexpr NodeFlags kPossiblyFailed = 1 << 2;  // "PFAIL": one node's suspicion
inline constexpr NodeFlags kFailed = 1 << 3;          // "FAIL": a quorum's
inline constexpr NodeFlags kMyself = 1 << 4;
inline constexpr NodeFlags kHandshake = 1 << 5;  // its real name is not known yet
inline constexpr NodeFlags kNoAddress = 1 << 6;
inline constexpr NodeFlags kMeet = 1 << 7;       // it is owed a MEET
inline constexpr NodeFlags kMigrateTo = 1 << 8;  // may be given spare replicas
inline constexpr NodeFlags kNoFailover = 1 << 9;
inline constexpr NodeFlags kExtensions = 1 << 10;    // understands ping extensions
inline constexpr NodeFlags kLightPublish = 1 << 11;  // understands PUBLISH with a light header
inline constexpr NodeFlags kLightModule = 1 << 12;  // MODULE likewise; and survives a repeated MEET
inline constexpr NodeFlags kMyPrimaryFailed = 1 << 13;    // since 9.1
inline constexpr NodeFlags kUnderstandsDenial = 1 << 14;  // of a vote
}  // namespace node_flag

}  // namespace norn::cluster
