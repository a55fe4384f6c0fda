#pragma once
// The link from a replica to its primary: connects, talks (engine/replication/handshake.h), loads a full copy where there must
// be one, then applies the stream and repeats its bytes for replicas of its own; begins again when it ends.
//
// One fiber of executor 0 for each target; every other call comes from executor 0 too.

#include <memory>
#include <string>
#include <string_view>

#include "engine/fiber/wait_queue.h"
#include "engine/node/node.h"
#include "engine/replication/handshake.h"
#include "engine/replication/host.h"
#include "engine/replication/primary.h"
#include "engine/replication/replica.h"
#include "net/link_reader.h"
#include "net/output.h"
#include "net/resp_parser.h"

namespace norn::net {

// Who is told what happens on the link.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  // The link began or ceased to apply the stream. May park.
  virtual void OnLinkUp(bool up) = 0;
  // The node's history is another one now: its own replicas must ask again. Never parks.
  virtual void OnHistoryChanged() = 0;
  // How the target of FAILOVER answered; empty: it took over.
  virtual void OnFailoverAnswer(std::string_view refusal) = 0;
};

class ReplicaLink {
 public:
  ReplicaLink(Node& node, ReplicationHost& host, PrimaryStream& stream, LinkOwner& owner);

  // Begins. `failover`: asks the target to take over. Requires: not following.
  void Follow(std::string host, int64_t port, bool failover);
  // Ends, with the last command of the stream applied and counted. Parks. Idempotent.
  void Stop();

  // Resets the connection there is, which is then made anew. False: there is none.
  bool Drop();

  const LinkStatus& status() const { return status_; }
  // Copies and streams of all primaries.
  uint64_t received_bytes() const { return received_bytes_; }
  void ResetReceivedBytes() { received_bytes_ = 0; }
  // Once a second: acknowledges, or tells a primary whose copy is being loaded that we live.
  void Tick();

 private:
  struct Link {
    Link(env::Env& env, std::unique_ptr<env::Stream> transport, uint64_t& received_bytes)
        : stream(std::move(transport)),
          reader(env.clock(), *stream, received_bytes),
          output(env.executor(), *stream) {}
    std::unique_ptr<env::Stream> stream;
    LinkReader reader;
    Output output;
  };
  // What a link went through, for the reconnect policy.
  struct Course {
    bool copied = false;
    Instant stream_since = Instant::Never();
  };
  class WatchedSource;

  void Run(uint64_t generation);
  void RunOnce(uint64_t generation, Course* course);
  std::unique_ptr<env::Stream> Connect();
  void CloseLink(Link& link);
  void Serve(Link& link, Course* course);
  // What the target of FAILOVER said. False: the link has to begin anew.
  bool JudgeFailover(const Handshake::Action& action);
  HandshakeFacts Facts();
  Handshake::Action Talk(Link& link, Handshake handshake);
  bool LoadCopy(Link& link, std::string primary_id, StreamOffset offset);
  bool LoadDualChannel(Link& link);
  void GatherStream(Link& link, const bool& gathering);
  bool OpenCopyChannel(Link& copy, std::string* end_offset_line);
  bool LoadFrom(Link& link, const std::string& primary_id, StreamOffset offset, int64_t stream_db);
  bool AskForStream(Link& link, std::string_view copy_client, const std::string& id,
                    StreamOffset offset);
  void ApplyStream(Link& link, Course* course);
  bool ApplyBatch(Link& link, const CommandBatch& batch, std::string_view raw);
  bool Send(Link& link, std::string_view bytes);
  void SendAck(Link& link);
  bool Stopped(uint64_t generation) const { return generation != generation_; }
  Instant Now() { return node_.env().clock().Now(); }
  env::Logger& log() { return node_.state(0).log; }
  const config::Options& options() { return node_.state(0).options(); }

  Node& node_;
  ReplicationHost& host_;
  PrimaryStream& stream_;
  LinkOwner& owner_;
  LinkStatus status_;
  uint64_t generation_ = 0;
  uint64_t received_bytes_ = 0;
  bool failover_ = false;      // the next PSYNC asks the target to take over
  Link* link_ = nullptr;       // the main one, while there is one
  Link* copy_link_ = nullptr;  // the copy's own, in a dual channel sync
  WaitQueue pause_;
  WaitQueue ended_;
  ReconnectPolicy policy_;
  StreamProgress progress_{DbIndex{0}};
  ByteBuffer uncounted_;  // bytes of the stream behind the last point that counts
};

}  // namespace norn::net
