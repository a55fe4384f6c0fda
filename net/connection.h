#pragma once
// One client's connection: reads bytes, cuts them into commands, has them run, sends the replies. One fiber each, parked
// in a read of no bytes while the client is silent.
//
// Runs on the executor that accepted it. Any bytes end in replies, an error and a closed connection, or a closed
// connection; memory stays under client-query-buffer-limit and the output limits.

#include <memory>

#include "engine/env/env.h"
#include "engine/node/node.h"
#include "engine/session/client_registry.h"
#include "net/output.h"
#include "net/replication.h"
#include "net/resp_parser.h"
#include "net/work_area.h"

namespace norn::net {

class Connection : public ClientHandle, private ReplySink {
 public:
  Connection(Node& node, Replication& replication, ExecutorState& state, WorkAreaPool& pool,
             std::unique_ptr<env::Stream> stream, ClientId id);
  ~Connection() override;

  // Serves the client until it or we end it. Parks.
  void Run();

  Session& session() override { return session_; }
  void Kill(bool after_reply) override;
  void RefreshSizes() override;
  // Once a second: closes a client that is over its output limits though it sends nothing.
  void Tick() override;
  bool Push(std::string_view bytes) override;
  void FlushPushes() override;
  void TakePushes(ByteBuffer& replies) override;

 private:
  // False: the connection is over.
  bool AwaitInput();
  bool ServeInput();
  bool ReadOnce(WorkArea& area, bool* more);
  bool Process(WorkArea& area);
  bool RunBatch(WorkArea& area);
  void FailProtocol(WorkArea& area);
  bool WithinQueryLimit(const WorkArea& area);
  bool Drain() override;
  bool SendNow(ByteBuffer& bytes);
  size_t UnsentBytes() const { return output_.pending_bytes() + pushes_.size(); }
  // PSYNC or SYNC was said: the connection is a replica's from here, or goes on when it is refused.
  bool WantsFeed() const;
  bool Feed();
  void Finish();
  std::string Describe();

  Node& node_;
  Replication& replication_;
  ExecutorState& state_;
  WorkAreaPool& pool_;
  std::unique_ptr<env::Stream> stream_;
  Session session_;
  RespParser parser_;
  ByteBuffer input_;  // an incomplete command's bytes, while none are being read
  Output output_;
  OutputLimiter limiter_;
  WorkArea* area_ = nullptr;  // while commands run
  ByteBuffer pushes_;         // messages that have not joined the replies or the output yet
  bool closing_ = false;
};

}  // namespace norn::net
