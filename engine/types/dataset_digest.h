#pragma once
// DEBUG DIGEST: forty digits that are equal when two servers hold the same data, deadlines included, whatever the order and the
// encoding. The same sums as Redis and Valkey make, so that a replica can be compared with a primary of another kind.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/keyspace/keyspace.h"

namespace norn {

class DatasetDigest {
 public:
  // Adds what does not depend on the order in which it comes.
  void Xor(std::string_view bytes);
  // Adds what does.
  void Mix(std::string_view bytes);
  void MixValue(const Entry& entry);

  std::string Hex() const;
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(sum_.data()), sum_.size()};
  }

 private:
  std::array<uint8_t, 20> sum_ = {};
};

// Of all databases of all shards, of which there is at least one. Nobody changes any meanwhile.
DatasetDigest DigestOf(std::span<const Keyspace* const> shards);

}  // namespace norn
