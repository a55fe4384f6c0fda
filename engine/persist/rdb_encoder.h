#pragma once
// Parts of a snapshot, appended to a buffer: each shard encodes its own, and whoever writes the stream (RdbStream) puts them
// one after another. A buffer that begins with SelectDb may stand anywhere among the others.
//
// Never parks; no I/O. One encoder a shard: it owns the compressor.

#include <cstdint>
#include <string_view>

#include "engine/base/byte_buffer.h"
#include "engine/base/ids.h"
#include "engine/base/lzf.h"
#include "engine/config/options.h"
#include "engine/keyspace/access.h"
#include "engine/keyspace/entry.h"
#include "engine/persist/rdb_format.h"

namespace norn::persist {

// Also of DUMP payloads.
struct RdbEncodeOptions {
  // What is written of the access bits: nothing unless maxmemory-policy evicts by them.
  enum class Access : uint8_t { kNone, kIdle, kFrequency };

  int version = kRdbVersionDefault;
  bool compress = true;
  Access access = Access::kNone;
  AccessPolicy policy = {};  // what access bits mean; read when access is kFrequency
  int64_t now_ms = 0;        // unix; idle times are relative to it
};

// As the configuration says.
RdbEncodeOptions RdbEncodeOptionsOf(const config::Options& options, int64_t now_ms);

class RdbEncoder {
 public:
  // Requires kRdbVersionWriteMin <= options.version <= kRdbVersionDefault.
  explicit RdbEncoder(const RdbEncodeOptions& options);

  void Header(ByteBuffer& out) const;
  void Aux(std::string_view key, std::string_view value, ByteBuffer& out) const;
  void AuxInteger(std::string_view key, int64_t value, ByteBuffer& out) const;
  void SelectDb(DbIndex db, ByteBuffer& out) const;
  // How many keys the database has, and how many with a deadline; a hint for the reader.
  void Sizes(uint64_t keys, uint64_t deadlines, ByteBuffer& out) const;
  // Key, value, deadline, and access bits as the options say.
  void AddEntry(const Entry& entry, ByteBuffer& out);

  // Type byte and value alone: what DUMP has.
  void Value(const Entry& entry, ByteBuffer& out);

  const RdbEncodeOptions& options() const { return options_; }

 private:
  LzfCompressor* compressor() { return options_.compress ? &compressor_ : nullptr; }

  RdbEncodeOptions options_;
  LzfCompressor compressor_;
};

}  // namespace norn::persist
