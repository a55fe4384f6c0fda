// Any bytes as a snapshot: an error or keyspaces, never a crash, a hang or an allocation out of proportion. What loads comes
// back the same when it is written and loaded again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/check.h"
#include "engine/keyspace/keyspace.h"
#include "engine/persist/rdb_encoder.h"
#include "engine/persist/rdb_loader.h"
#include "engine/persist/rdb_stream.h"
#include "engine/persist/testing.h"
#include "engine/types/dataset_digest.h"

namespace norn::persist {
namespace {

constexpr uint32_t kDatabases = 16;

absl::Status Load(const std::string& bytes, size_t piece_bytes, Keyspace& keyspace) {
  StringSource source(bytes, piece_bytes);
  // Damage must be met, not stopped at the checksum.
  RdbReader reader(source, {.verify_checksum = false, .relaxed_version = true});
  Keyspace* const shards[] = {&keyspace};
  RdbLoader loader(shards, {.now_ms = 1'700'000'000'000});
  absl::Status status = reader.Read(loader);
  CHECK(reader.consumed_bytes() <= bytes.size());
  CHECK(!status.ok() || reader.consumed_bytes() + reader.unread().size() <= bytes.size());
  return status;
}

std::string Encode(Keyspace& keyspace) {
  StringSink sink;
  RdbStream stream(sink, true);
  RdbEncoder encoder({});
  ByteBuffer out;
  encoder.Header(out);
  for (uint32_t i = 0; i < kDatabases; ++i) {
    encoder.SelectDb(DbIndex{i}, out);
    keyspace.db(DbIndex{i}).ForEach([&](const Entry& entry) { encoder.AddEntry(entry, out); });
  }
  CHECK(stream.Write(out.view()).ok());
  CHECK(stream.Finish().ok());
  return sink.text;
}

std::string DigestOf(const Keyspace& keyspace) {
  const Keyspace* const shards[] = {&keyspace};
  return norn::DigestOf(shards).Hex();
}

void Check(const std::string& bytes) {
  const KeyspaceOptions options{.hash_seed = 1, .prng_seed = 1, .databases = kDatabases};
  Keyspace first(options), in_pieces(options), second(options);
  const bool loads = Load(bytes, SIZE_MAX, first).ok();
  CHECK(Load(bytes, 3, in_pieces).ok() == loads);
  CHECK(first.KeyCount() == in_pieces.KeyCount());
  if (!loads) return;
  CHECK(Load(Encode(first), SIZE_MAX, second).ok());
  CHECK(second.KeyCount() == first.KeyCount());
  CHECK(DigestOf(second) == DigestOf(first));
}

}  // namespace
}  // namespace norn::persist

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  norn::persist::Check(bytes);
  norn::persist::Check("REDIS0011" + bytes);  // behind the signature, which chance would find late
  return 0;
}
