#pragma once
// What MIGRATE asks of the node: to carry values to another server. Implemented by net's Migrator; an interface because commands
// stand below it on the ladder.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace norn {

struct MovingKey {
  std::string_view key;
  std::string payload;      // as DUMP replies it
  int64_t deadline_ms = 0;  // how long it lives from now on; 0: for ever
};

struct MigrationRequest {
  std::string host;
  int64_t port = 0;
  int64_t db = 0;
  Duration timeout;  // of each step
  bool replace = false;
  std::string user;      // empty: none
  std::string password;  // empty: no AUTH
  std::vector<MovingKey> keys;
};

struct MigrationResult {
  std::vector<bool> arrived;  // by key
  // Empty: all arrived. Otherwise the error's whole text ("IOERR ...", "ERR Target instance replied with error: ...").
  std::string error;
};

class MigrationControl {
 public:
  virtual ~MigrationControl() = default;
  // Restores the keys there. Keeps its connections for a while. Called from any executor; parks.
  virtual MigrationResult Migrate(const MigrationRequest& request) = 0;
  // How many connections it keeps now. Called from its own executor.
  virtual size_t cached_connections() const = 0;
};

}  // namespace norn
