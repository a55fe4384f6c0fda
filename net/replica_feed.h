#pragma once
// What a connection becomes after PSYNC or SYNC: executor 0 decides what comes next for this replica (keep-alives, the full
// copy, the stream), the feed takes it over in pieces and writes it; beside that it reads the replica's acknowledgements.
//
// Runs on the connection's executor.

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/env/env.h"
#include "engine/session/session.h"
#include "engine/shard/executor_state.h"
#include "net/resp_parser.h"

namespace norn::net {

class Replication;

// Where executor 0 reaches a feed. Only code on the feed's executor touches its fields.
struct FeedPort {
  uint32_t executor = 0;
  env::FiberId fiber;
  bool woken = false;
  env::Stream* stream = nullptr;
};

class ReplicaFeed {
 public:
  enum class Outcome : uint8_t {
    kAnswered,  // the request was refused, or must be asked otherwise: the connection goes on as a client's
    kEnded,  // the connection is over
  };

  ReplicaFeed(Replication& replication, ExecutorState& state, env::Stream& stream, Session& session)
      : replication_(replication), state_(state), stream_(stream), session_(session) {}

  // Serves session.replica->request. `unread` are bytes of the connection that were read and not used. Parks.
  Outcome Run(std::string_view unread);

 private:
  void FeedUntilEnd();
  void ReadUntilEnd();
  bool ReadAcks();
  void OnCommand(const CommandBatch& batch, const ParsedCommand& command);
  bool WriteAll(std::string_view bytes);

  Replication& replication_;
  ExecutorState& state_;
  env::Stream& stream_;
  Session& session_;
  FeedPort port_;
  ByteBuffer input_;
  RespParser parser_;
  bool closing_ = false;
  bool reader_runs_ = false;
};

}  // namespace norn::net
