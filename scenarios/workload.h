#pragma once
// What a client asks next: seeded random operations over few keys, by the weights of the scenario.
//
// Every value written is unique (client, number), so that a reply tells which write it saw. The first key of a group is
// mostly a counter. Commands over several keys stay within a group (history.h says why).

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/prng.h"
#include "engine/commands/drawn/random_commands.h"
#include "scenarios/history.h"
#include "scenarios/scenario.h"

namespace norn::scenarios {

struct WorkloadSettings {
  uint32_t client = 0;
  KeyUniverse universe;
  Range value_bytes;
  int64_t weights[kFamilies] = {};
};

// What the next operation depends on; new with every connection. The client fills in what replies tell.
struct ConnectionState {
  uint32_t db = 0;
  uint8_t resp = 2;
  // WATCH was answered: the next operation is the transaction (or the own write that spoils it).
  bool watching = false;
  bool watch_spoiled = false;
  std::string watched_key;
  std::string watched_reply;
  // An iteration: where it stands, and whether a call is still unanswered.
  std::string scan_cursor = "0";
  uint32_t scan_db = 0;
  bool scan_pending = false;
  // Its number in the run, and how many writes of the ledger it sent.
  uint32_t connection = 0;
  uint32_t ledger_writes = 0;
};

class Workload {
 public:
  Workload(const WorkloadSettings& settings, Prng prng);

  // Kind, commands, keys and what is expected; times and places are the client's business.
  // After kWatch nothing may be sent before its reply is in the state.
  Operation Next(ConnectionState& state);

 private:
  using Make = void (Workload::*)(ConnectionState&, Operation&);
  static const Make kMakers[kFamilies];

  void MakeRead(ConnectionState& state, Operation& op);
  void MakeWrite(ConnectionState& state, Operation& op);
  void MakeCounter(ConnectionState& state, Operation& op);
  void MakeExpiry(ConnectionState& state, Operation& op);
  void MakeMultiKey(ConnectionState& state, Operation& op);
  void MakeTransaction(ConnectionState& state, Operation& op);
  void MakeWatch(ConnectionState& state, Operation& op);
  void MakeWatched(ConnectionState& state, Operation& op);
  void MakeScan(ConnectionState& state, Operation& op);
  void MakeFlush(ConnectionState& state, Operation& op);
  void MakeToken(ConnectionState& state, Operation& op);
  void MakeSelect(ConnectionState& state, Operation& op);
  void MakeLedger(ConnectionState& state, Operation& op);
  void MakeSave(ConnectionState& state, Operation& op);
  void MakeBgSave(ConnectionState& state, Operation& op);
  void MakeRewrite(ConnectionState& state, Operation& op);
  void MakeTyped(ConnectionState& state, Operation& op);
  void LedgerCommands(const LedgerWrite& write, Operation& op);

  size_t DrawFamily();
  void One(Operation& op, Words words);
  void AddQueued(Operation& op, uint32_t group);
  Words QueuedCommand(uint32_t group);
  std::string KeyIn(uint32_t group, bool counter);
  std::string AnyKey(bool counter);
  std::string Value();
  std::string TtlMs();
  bool Percent(int64_t percent) { return prng_.Between(0, 99) < percent; }

  const WorkloadSettings settings_;
  Prng prng_;
  int64_t weight_sum_ = 0;
  uint64_t values_made_ = 0;
  std::optional<RandomCommands> typed_;
};

// Appends the commands of an operation as RESP arrays of bulk strings.
void EncodeOperation(const Operation& operation, std::string* out);

}  // namespace norn::scenarios
