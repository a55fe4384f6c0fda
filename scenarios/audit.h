#pragma once
// Reads a node back after each of its deaths, before any client may write again, and has the ledger judge it.

#include <cstdint>
#include <string>

#include "engine/env/env.h"
#include "scenarios/checks.h"
#include "scenarios/server_host.h"
#include "scenarios/sim_client.h"

namespace norn::scenarios {

// What the options promise about answered writes, when the node or its machine dies.
struct DurabilityPromise {
  enum class Log : uint8_t { kOff, kNoSync, kEverySecond, kAlways };
  Log log = Log::kOff;
  // kEverySecond: how old an answered write is when it can no longer be lost.
  Duration window;
  // Syncs may take as long as they like: then the window ends with the last answer that was given.
  bool stuck = false;

  // From appendonly, appendfsync and no-appendfsync-on-rewrite.
  static DurabilityPromise Of(const ServerOptions& options, bool slow_disk);
  // Answered before this: kept by a node that died then.
  int64_t PromisedBefore(Instant died_at, const Ledger& ledger) const;
};

class Audit {
 public:
  Audit(const DurabilityPromise& promise, ServerHost& server, SimClient& reader, uint32_t databases,
        RunRecord& record)
      : promise_(promise),
        server_(server),
        reader_(reader),
        databases_(databases),
        record_(record) {}

  // The node has died: clients stay away until it is read back.
  void NoteDeath();
  // Every death has been followed by a reading, or nothing can be asked any more.
  bool settled() const { return !due_; }

  // The body of the reader's fiber: reads whenever it is due. Never returns.
  void Run(env::Env& env);

 private:
  bool Read(env::Env& env, LedgerReading* reading);
  bool ReadDatabase(env::Env& env, uint32_t db, const std::vector<std::string>& keys,
                    LedgerReading* reading);
  void Judge(const LedgerReading& reading, Instant now);

  const DurabilityPromise promise_;
  ServerHost& server_;
  SimClient& reader_;
  const uint32_t databases_;
  RunRecord& record_;
  bool due_ = false;
  bool blind_ = false;  // the disk broke its word: no more judging
  int64_t promised_before_ns_ = 0;
};

}  // namespace norn::scenarios
