#pragma once
// A MigrationControl for tests of handlers: keeps what it was told, and all but the keys that a test refuses arrive.

#include <set>
#include <string>
#include <vector>

#include "engine/commands/migration_control.h"

namespace norn {

class FakeMigration : public MigrationControl {
 public:
  MigrationResult Migrate(const MigrationRequest& request) override {
    MigrationResult result{.arrived = {}, .error = error};
    moved.clear();
    for (const MovingKey& key : request.keys) {
      result.arrived.push_back(refused.count(std::string(key.key)) == 0);
      moved.emplace_back(key.key);
    }
    last = request;
    last.keys.clear();
    return result;
  }

  size_t cached_connections() const override { return cached; }

  size_t cached = 0;
  std::set<std::string> refused;
  std::string error;
  MigrationRequest last;
  std::vector<std::string> moved;
};

}  // namespace norn
