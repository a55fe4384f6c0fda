#pragma once
// Carries values to other servers for MIGRATE: as a client that sends RESTORE (RESTORE-ASKING from a cluster node, because the
// target is still importing the slot). A connection is kept for ten seconds after its last use, since whoever moves a slot calls
// MIGRATE again and again.
//
// An object for each executor; calls come from there.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/commands/migration_control.h"
#include "engine/env/env.h"
#include "net/reply_parser.h"

namespace norn::net {

class Migrator : public MigrationControl {
 public:
  Migrator(env::Env& env, bool cluster_mode) : env_(env), cluster_mode_(cluster_mode) {}

  MigrationResult Migrate(const MigrationRequest& request) override;
  size_t cached_connections() const override { return connections_.size(); }
  // Closes what nobody used for long. Never parks.
  void Tick();

 private:
  struct Connection {
    std::unique_ptr<env::Stream> stream = {};
    ReplyParser parser = {};
    std::optional<int64_t> db = {};  // selected there
    Instant used_at = {};
    bool busy = false;
    bool heard = false;  // something, since the last request
    bool ended = false;  // by the other side
  };
  using Target = std::pair<std::string, int64_t>;
  // How far one attempt came.
  enum class Outcome : uint8_t { kDone, kCannotConnect, kWriteFailed, kReadFailed };

  Outcome Attempt(const MigrationRequest& request, Connection& connection, MigrationResult& result);
  bool Connect(const MigrationRequest& request, Connection& connection);
  bool WriteAll(Connection& connection, std::string_view bytes, Instant deadline);
  std::optional<Reply> ReadReply(Connection& connection, Instant deadline);

  env::Env& env_;
  const bool cluster_mode_;
  std::map<Target, Connection> connections_;
};

}  // namespace norn::net
