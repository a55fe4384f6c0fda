#pragma once
// What a replica says to its primary until the copy or the stream begins, one line after the other:
//
//   PING, [AUTH], REPLCONF listening-port, [REPLCONF ip-address], REPLCONF capa ..., REPLCONF version, PSYNC
//
// (Valkey's replication handshake.) Old primaries refuse some REPLCONFs, which does not matter, or PSYNC, where SYNC helps.
//
// Pure: reply lines in, bytes to send and the outcome out.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/replication/offset.h"

namespace norn {

struct HandshakeFacts {
  std::string user = {};
  std::string password = {};  // empty: no AUTH
  int64_t listening_port = 0;
  std::string announce_ip = {};  // empty: none
  bool dual_channel = false;
  std::string resume_id = {};  // empty: nothing to resume
  StreamOffset resume_at = 0;
  bool failover = false;  // asks the replica at the other end to take over (FAILOVER)
};

class Handshake {
 public:
  enum class Verdict : uint8_t {
    kSend,         // send `text`, then read the next line
    kWait,         // a keep-alive: read the next line
    kContinue,     // `text` is the primary's id, or empty; the stream follows
    kFull,         // id in `text`, `offset`; a copy follows
    kDualChannel,  // the copy must be fetched over a connection of its own
    kSync,         // PSYNC is unknown: send SYNC, then a copy follows
    kLater,        // the primary cannot serve now: `text` says why
    kFailed,       // `text` says why
  };
  struct Action {
    Verdict verdict = Verdict::kFailed;
    std::string text = {};
    StreamOffset offset = -1;
  };

  explicit Handshake(HandshakeFacts facts) : facts_(std::move(facts)) {}

  // The first bytes to send.
  Action Begin();
  // A line from the primary, without its line end.
  Action OnLine(std::string_view line);

 private:
  enum class Step : uint8_t { kPing, kAuth, kPort, kAddress, kCapabilities, kVersion, kPsync };

  Action Proceed(Step after);
  Action Send(Step step);
  Action OnPingReply(std::string_view line);
  Action OnPsyncReply(std::string_view line);

  HandshakeFacts facts_;
  Step step_ = Step::kPing;
};

// Words as a RESP array of bulk strings.
std::string RespCommand(const std::vector<std::string>& words);

}  // namespace norn
