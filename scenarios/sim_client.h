#pragma once
// One simulated client: a host of its own that connects, sends pipelines, reads replies, thinks, and starts over when
// its connection is lost. Writes down what it did and saw.
//
// It judges what only it can see: tokens come back in order (reply_order), and nothing arrives unasked or malformed
// (no_extra_reply). What replies mean is for the checks that read the history.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/env/env.h"
#include "net/reply_parser.h"
#include "scenarios/checks.h"
#include "scenarios/history.h"
#include "scenarios/ledger.h"
#include "scenarios/scenario.h"
#include "scenarios/workload.h"
#include "sim/world.h"

namespace norn::scenarios {

// What all clients of a run share.
struct RunRecord {
  History history;
  Ledger ledger;
  // A node has crashed and not been read back yet: clients stay away.
  bool gate_closed = false;
  // Nodes are compared: nobody writes.
  bool writes_paused = false;
  // Where clients go, once the primary may change; "": to their own server.
  std::string primary;
  CheckTallies checks;
  uint64_t commands = 0;  // answered
  uint64_t operations = 0;
  uint64_t operations_unknown = 0;
  uint64_t connections = 0;
  uint64_t connections_lost = 0;
  uint64_t exec_done = 0;
  uint64_t exec_refused = 0;
  uint32_t next_connection = 0;
};

struct SimClientSettings {
  uint32_t index = 0;
  std::string server;  // "10.0.0.1:6379"
  Range think_time_ns;
  Range pipeline;
  Duration timeout;
  int64_t resp3_percent = 0;
  Instant stop_at;  // of the world
  bool keep_history = true;
  bool ignores_gate = false;
};

class SimClient {
 public:
  SimClient(const SimClientSettings& settings, const WorkloadSettings& workload, sim::World& world,
            RunRecord& record);

  // The body of the client's first fiber: works until settings.stop_at.
  void Run(env::Env& env);
  bool done() const { return done_; }

  // Sends these, one pipeline, and waits for all replies. False: the connection was lost (or not made) on the way;
  // what was not answered has an unknown outcome. Replies are in the operations. Parks.
  bool Execute(env::Env& env, std::vector<Operation>* operations);
  // A connection in this protocol, now. Parks.
  bool Connect(env::Env& env, uint8_t resp);
  void Disconnect();
  // Connections from now on are to this address; the one there is ends.
  void PointAt(std::string server);

  bool connected() const { return stream_ != nullptr; }
  const std::string& server() const { return server_; }

  // For the faults' "did it matter".
  bool waiting() const { return waiting_; }
  uint64_t pipelines() const { return pipelines_; }
  uint64_t connections_lost() const { return connections_lost_; }

 private:
  // An operation on its way. Its place in the history is taken when it is sent, and filled when the pipeline ends.
  struct Sent {
    Operation operation;
    size_t place = 0;  // in the history, or of a kLedger in the ledger
    size_t replies_left = 0;
  };

  void Turn(env::Env& env);
  void BuildPipeline(int64_t depth);
  void Begin(Operation operation);
  bool Exchange(env::Env& env);
  // Writes what the stream takes at once; false: the stream takes no more for now (or is gone).
  bool WriteSome(size_t* written_bytes, bool* lost);
  bool TakeReplies();
  void Complete(Sent& sent);
  void LearnFrom(const Operation& operation);
  void Finish();
  void Think(env::Env& env);
  bool Lose(std::string_view why);
  void Complain(CheckId check, const std::string& what);
  CheckTally& Tally(CheckId check) { return At(record_.checks, check); }

  const SimClientSettings settings_;
  std::string server_;
  sim::World& world_;
  RunRecord& record_;
  Prng prng_;
  Workload workload_;
  std::unique_ptr<env::Stream> stream_;
  net::ReplyParser parser_;
  ConnectionState state_;
  std::vector<Sent> sent_;
  size_t answered_ = 0;  // of sent_
  std::string output_;
  uint32_t connection_ = 0;
  uint32_t sequence_ = 0;
  uint32_t epoch_ = 0;
  uint64_t pipelines_ = 0;
  uint64_t connections_lost_ = 0;
  bool waiting_ = false;
  bool done_ = false;
};

}  // namespace norn::scenarios
