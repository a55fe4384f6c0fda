#pragma once
// What a connection needs only while it has commands to run: buffers, vectors, a dispatcher. Lent from a pool of the
// executor, last used first, so that idle connections hold none and busy ones find theirs in the cache.

#include <memory>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/shard/dispatcher.h"
#include "net/resp_parser.h"

namespace norn::net {

struct WorkArea {
  WorkArea(ExecutorState& state, ExecutorState* const* states) : dispatcher(state, states) {}

  ByteBuffer input;
  ByteBuffer replies;
  CommandBatch batch;
  std::vector<RawCommand> commands;
  Dispatcher dispatcher;
};

class WorkAreaPool {
 public:
  WorkAreaPool(ExecutorState& state, ExecutorState* const* states)
      : state_(state), states_(states) {}

  std::unique_ptr<WorkArea> Take() {
    if (free_.empty()) return std::make_unique<WorkArea>(state_, states_);
    std::unique_ptr<WorkArea> area = std::move(free_.back());
    free_.pop_back();
    return area;
  }

  void Give(std::unique_ptr<WorkArea> area) {
    area->input.Release(kKeptBytes);
    area->replies.Release(kKeptBytes);
    area->batch.Clear();
    area->commands.clear();
    if (area->batch.words.capacity() > kKeptWords) area->batch.words = {};
    if (free_.size() < kKeptAreas) free_.push_back(std::move(area));
  }

 private:
  static constexpr size_t kKeptBytes = 64 * 1024;
  static constexpr size_t kKeptWords = 4096;
  static constexpr size_t kKeptAreas = 64;

  ExecutorState& state_;
  ExecutorState* const* states_;
  std::vector<std::unique_ptr<WorkArea>> free_;
};

}  // namespace norn::net
