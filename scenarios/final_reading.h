#pragma once
// The check `model_equality`: when all is quiet, one client reads the whole keyspace in every way there is. First it
// takes away every deadline, so that nothing changes any more; then SCAN, KEYS, DBSIZE and GET must tell of the same
// keys. Its commands go to the history like all others, so that linearizability judges the values.

#include <string>
#include <vector>

#include "engine/env/env.h"
#include "scenarios/checks.h"
#include "scenarios/history.h"
#include "scenarios/sim_client.h"

namespace norn::scenarios {

class FinalReading {
 public:
  FinalReading(SimClient& client, const KeyUniverse& universe, CheckTallies& checks)
      : client_(client), universe_(universe), checks_(checks) {}

  // The body of the reader's fiber.
  void Run(env::Env& env);
  bool done() const { return done_; }

 private:
  bool ReadDatabase(env::Env& env, uint32_t db);
  bool Scan(env::Env& env, uint32_t db, std::vector<std::string>* names);
  std::vector<Operation> ForEachKey(const std::string& command, uint32_t db) const;
  Operation Make(OperationKind kind, uint32_t db, Words words) const;
  bool Fail(const std::string& why);

  SimClient& client_;
  const KeyUniverse universe_;
  CheckTallies& checks_;
  bool done_ = false;
};

}  // namespace norn::scenarios
