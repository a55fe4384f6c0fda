#pragma once
// Reads a snapshot from a source, front to back, and tells a visitor what is in it. Nothing is skipped in silence that
// would change the data: what this build does not know is an error naming opcode or type and offset.
//
// Errors of Read: DataLoss (truncated or damaged), Unimplemented (a version, type or opcode beyond this build), both with
// name and offset, also where the visitor says DataLoss of an entry; the source's; the visitor's.

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ids.h"
#include "engine/keyspace/db.h"
#include "engine/persist/rdb_input.h"
#include "engine/types/type_rules.h"

namespace norn::persist {

// A key with what stands before its value.
struct RdbEntry {
  DbIndex db;
  std::string_view key;  // dies with the call
  int64_t deadline_ms = kNoDeadline;
  std::optional<uint64_t> idle_seconds;
  std::optional<uint8_t> frequency;
};

// Any status but Ok ends the reading and is what Read returns.
class RdbVisitor {
 public:
  virtual ~RdbVisitor() = default;

  virtual absl::Status OnAux(std::string_view key, std::string_view value);
  // Entries that follow are of `db`.
  virtual absl::Status OnDb(DbIndex db);
  // What the file claims about the current database. A hint: files lie.
  virtual absl::Status OnSizes(uint64_t keys, uint64_t deadlines);
  // Also for keys whose deadline has passed: what to do with them depends on who loads.
  virtual absl::Status OnEntry(const RdbEntry& entry, DetachedValue value) = 0;
  // A key whose collection has no elements, as bugs of old servers left behind: no key at all.
  virtual absl::Status OnEmpty(const RdbEntry& entry);
  // The code of a function library.
  virtual absl::Status OnFunction(std::string_view library);
  // Data that a module keeps beside the keys was there, and was skipped.
  virtual absl::Status OnModuleAux(std::string_view module);
};

struct RdbReadOptions {
  std::string name = "snapshot";  // in messages
  bool verify_checksum = true;    // when the file has one
  bool relaxed_version = false;   // try versions that this build does not know
  TypeRules rules;                // for the forms of what is read
};

class RdbReader {
 public:
  // The source must outlive the reader.
  RdbReader(ByteSource& source, const RdbReadOptions& options);

  // Reads to the end mark and the checksum behind it. Once only. Parks.
  absl::Status Read(RdbVisitor& visitor);

  // Progress; also during Read.
  uint64_t consumed_bytes() const { return in_.offset(); }
  // 0 before the header was read.
  int version() const { return version_; }
  // What was taken from the source beyond the end of the snapshot: the commands behind the preamble of an append log.
  std::string_view unread() const { return in_.unread(); }

 private:
  void ReadHeader();
  void CheckVersion(bool valkey_magic);
  absl::Status ReadPart(uint8_t opcode, RdbVisitor& visitor);
  absl::Status ReadEntry(uint8_t rdb_type, RdbVisitor& visitor);
  absl::Status ReadAux(RdbVisitor& visitor);
  absl::Status ReadDb(RdbVisitor& visitor);
  absl::Status ReadSizes(RdbVisitor& visitor);
  absl::Status ReadModuleAux(RdbVisitor& visitor);
  absl::Status ReadTrailer();

  RdbReadOptions options_;
  RdbInput in_;
  int version_ = 0;
  uint64_t opcode_offset_ = 0;
  RdbEntry next_;      // what is known of the entry to come
  std::string first_;  // the first of two strings
};

}  // namespace norn::persist
