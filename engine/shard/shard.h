#pragma once
// One shard: a keyspace and the token that guards it. Its home is the executor of the same number.

#include <cstdint>
#include <memory>

#include "engine/base/ids.h"
#include "engine/keyspace/keyspace.h"
#include "engine/shard/token.h"

namespace norn {

class Shard {
 public:
  Shard(ShardId id, std::unique_ptr<Keyspace> keyspace) : id_(id), keyspace_(std::move(keyspace)) {}

  ShardId id() const { return id_; }
  Keyspace& keyspace() { return *keyspace_; }
  // Home executor only.
  Token& token() { return token_; }

 private:
  ShardId id_;
  std::unique_ptr<Keyspace> keyspace_;
  Token token_;
};

}  // namespace norn
