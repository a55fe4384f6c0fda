#include "engine/types/dataset_digest.h"

#include <fmt/format.h>

#include "engine/base/sha1.h"
#include "engine/types/value_types.h"

namespace norn {
namespace {

// A number as these sums take it: 32 bits, the highest first.
std::string BigEndian32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

}  // namespace

void DatasetDigest::Xor(std::string_view bytes) {
  const Sha1Digest hash = Sha1(bytes);
  for (size_t i = 0; i < sum_.size(); ++i) sum_[i] ^= hash[i];
}

void DatasetDigest::Mix(std::string_view bytes) {
  Xor(bytes);
  sum_ = Sha1(this->bytes());
}

void DatasetDigest::MixValue(const Entry& entry) {
  Mix(BigEndian32(static_cast<uint32_t>(entry.type())));
  MixValueInto(entry, *this);
  if (entry.has_deadline()) Xor("!!expire!!");
}

std::string DatasetDigest::Hex() const {
  std::string text;
  for (const uint8_t byte : sum_) text += fmt::format("{:02x}", byte);
  return text;
}

DatasetDigest DigestOf(std::span<const Keyspace* const> shards) {
  DatasetDigest all;
  for (uint32_t at = 0; at < shards[0]->database_count(); ++at) {
    size_t size = 0;
    for (const Keyspace* shard : shards) {
      const Db* db = shard->FindDb(DbIndex{at});
      size += db == nullptr ? 0 : db->Size();
    }
    if (size == 0) continue;
    all.Mix(BigEndian32(at));
    for (const Keyspace* shard : shards) {
      const Db* db = shard->FindDb(DbIndex{at});
      if (db == nullptr) continue;
      db->ForEach([&](const Entry& entry) {
        DatasetDigest one;
        one.Mix(entry.key());
        one.MixValue(entry);
        all.Xor(one.bytes());
      });
    }
  }
  return all;
}

}  // namespace norn
