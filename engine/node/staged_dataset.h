#pragma once
// A dataset that is being read, beside the one that is served: keyspaces that nobody else knows, filled from a snapshot, a log
// or a primary, and then put in the place of the old ones all at once. Until then nothing needs a token, INFO and the old data
// can be served, and what turns out damaged leaves no trace.
//
// Executor 0.

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/persist/byte_source.h"
#include "engine/persist/rdb_loader.h"
#include "engine/persist/rdb_reader.h"
#include "engine/shard/executor_state.h"
#include "engine/shard/runner.h"

namespace norn {

// How a snapshot is read, as the configuration says; `name` is for messages.
persist::RdbReadOptions ReadOptionsOf(const config::Options& options, std::string name);

class StagedDataset {
 public:
  // Of the same shape as the node that `states` belong to.
  explicit StagedDataset(ExecutorState* const* states);

  struct Loaded {
    persist::RdbInfo info;
    uint64_t keys = 0;
    uint64_t expired = 0;
    uint64_t bytes = 0;
    std::string unread;  // taken from the source beyond the end
  };
  // Adds what a snapshot says. `progress` is told the bytes read, now and then. Parks; yields to other fibers.
  absl::StatusOr<Loaded> ReadSnapshot(persist::ByteSource& source,
                                      const persist::RdbReadOptions& read,
                                      const persist::RdbLoadOptions& load);

  // Runs a command as a log repeats it: nothing is refused, nothing expires. InvalidArgument: no such command, or it failed.
  absl::Status Apply(std::span<const std::string_view> words);

  // Puts the data in the place of the node's. `at_swap` is called while every token is held. Parks.
  void Adopt(const std::function<void()>& at_swap);

  uint64_t KeyCount() const;

 private:
  ExecutorState* const* states_;
  std::vector<std::unique_ptr<Keyspace>> keyspaces_;
  std::vector<Keyspace*> pointers_;
  // An executor's state of its own, so that commands run on these keyspaces and count nowhere.
  std::unique_ptr<ExecutorState> state_;
  std::optional<Runner> runner_;
  Session session_;
  ByteBuffer replies_;
  void ReusePlace(CommandRef& command);

  uint64_t applied_ = 0;
  std::optional<CommandRef> first_place_;  // for ReusePlace only
};

}  // namespace norn
