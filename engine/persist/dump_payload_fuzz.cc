// Any bytes as the argument of RESTORE, with a right checksum put behind them so that they are really read: refused, or a
// value of whatever type that makes the payload of an equal value.

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/keyspace/keyspace.h"
#include "engine/persist/crc64.h"
#include "engine/persist/dump_payload.h"
#include "engine/types/dataset_digest.h"

namespace norn::persist {
namespace {

std::string DigestOf(const Entry& entry) {
  DatasetDigest digest;
  digest.MixValue(entry);
  return digest.Hex();
}

void Check(const std::string& bytes) {
  if (DumpPayloadIsWhole(bytes, false)) ReadDumpPayload(bytes, {});

  ByteBuffer payload;
  payload.Append(bytes);
  payload.Append(std::string_view("\x0b\x00", 2));
  uint64_t checksum = Crc64(0, payload.view());
  for (int i = 0; i < 8; ++i, checksum >>= 8) payload.Append(static_cast<char>(checksum));
  CHECK(DumpPayloadIsWhole(payload.view(), false));
  std::optional<DetachedValue> value = ReadDumpPayload(payload.view(), {});
  if (!value) return;

  Keyspace keyspace({.hash_seed = 1, .prng_seed = 1, .databases = 1});
  Db& db = keyspace.db(DbIndex{0});
  const Key key = keyspace.MakeKey("k"), copy = keyspace.MakeKey("copy");
  CHECK(db.Load(key, *std::move(value), kNoDeadline, Db::OnDuplicate::kRefuse));
  ByteBuffer again;
  AppendDumpPayload(*db.FindAny(key), {}, again);
  std::optional<DetachedValue> second = ReadDumpPayload(again.view(), {});
  CHECK(second.has_value());
  CHECK(db.Load(copy, *std::move(second), kNoDeadline, Db::OnDuplicate::kRefuse));
  CHECK(DigestOf(*db.FindAny(key)) == DigestOf(*db.FindAny(copy)));
}

}  // namespace
}  // namespace norn::persist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  norn::persist::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
