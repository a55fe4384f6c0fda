#pragma once
// The manifest of the append-only log: which files make up the log, and in which order they are read. A text file of lines
//
//   file appendonly.aof.2.base.rdb seq 2 type b      at most one: what the data was when the log was last rewritten
//   file appendonly.aof.3.incr.aof seq 3 type h      history: in no use any more, about to be removed
//   file appendonly.aof.4.incr.aof seq 4 type i      every write since the base, oldest first; seq grows
//
// as Redis 7.0 and Valkey write it; names with odd characters are quoted as in config files, and keys that are not known
// (newer servers) are skipped. This file is the text and its rules; aof_directory.h is the file.

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace norn::persist {

// In what form a base holds the data.
enum class AofBaseKind : uint8_t { kSnapshot, kCommands };

class AofManifest {
 public:
  struct FileEntry {
    std::string name;  // in the log's directory; not a path
    int64_t seq = 0;
    bool operator==(const FileEntry&) const = default;
  };

  // InvalidArgument with `path`, the line's number and the reason. Requires nothing of `text`.
  static absl::StatusOr<AofManifest> Parse(std::string_view text, std::string_view path);
  std::string Format() const;

  bool empty() const { return !base && incrs.empty(); }

  // Whether `name` is the base or an incremental file.
  bool InUse(std::string_view name) const;

  // Adds the next incremental file and returns its name. `prefix` is the option appendfilename.
  std::string AddIncr(std::string_view prefix);

  // The name that the next base will have.
  std::string NextBaseName(std::string_view prefix, AofBaseKind kind) const;

  // A new base that holds everything before the incremental file `from_seq`: the old base and the incremental files before
  // that one become history. Returns the base's name.
  std::string ReplaceBase(std::string_view prefix, AofBaseKind kind, int64_t from_seq);

  bool operator==(const AofManifest&) const = default;

  std::optional<FileEntry> base;
  std::vector<FileEntry> history;
  std::vector<FileEntry> incrs;
  int64_t last_base_seq = 0;  // the highest given to a base, and to an incremental file
  int64_t last_incr_seq = 0;
};

}  // namespace norn::persist
