#pragma once
// The tokens of several shards, collected by one fiber in ascending order (so that two collectors never wait for each
// other) and given back together. Between, the fiber's executor may touch all those keyspaces: the posts that brought
// the tokens carry the memory order.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

#include "engine/env/executor.h"
#include "engine/shard/shard.h"

namespace norn {

class TokenSet {
 public:
  // `shards` are those of the node, by ShardId; shard i lives at executor i.
  TokenSet(env::Executor& executor, Shard* const* shards) : executor_(executor), shards_(shards) {}
  TokenSet(const TokenSet&) = delete;
  TokenSet& operator=(const TokenSet&) = delete;
  // When the node ends nothing is given back: whoever waits for a token may be gone already.
  ~TokenSet() {
    if (std::uncaught_exceptions() == unwinding_) Release();
  }

  // Parks until every token of `wanted` (ascending, distinct) is held. Requires: holds none.
  void Collect(const std::vector<uint32_t>& wanted);

  // Gives all back. Never parks. Idempotent.
  void Release();

 private:
  struct Request;

  env::Executor& executor_;
  Shard* const* shards_;
  std::vector<uint32_t> held_;
  const int unwinding_ = std::uncaught_exceptions();
};

}  // namespace norn
