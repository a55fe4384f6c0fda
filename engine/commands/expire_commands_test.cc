#include "engine/commands/testing.h"

namespace norn {
namespace {

class ExpireCommands : public CommandTest {};

TEST_F(ExpireCommands, SettingAndAsking) {
  Session({
      {"TTL k", ":-2"},
      {"PTTL k", ":-2"},
      {"EXPIRETIME k", ":-2"},
      {"PEXPIRETIME k", ":-2"},
      {"EXPIRE k 100", ":0"},
      {"PERSIST k", ":0"},
      {"SET k v", "+OK"},
      {"TTL k", ":-1"},
      {"PTTL k", ":-1"},
      {"EXPIRETIME k", ":-1"},
      {"PEXPIRETIME k", ":-1"},
      {"PERSIST k", ":0"},
      {"EXPIRE k 100", ":1"},
      {"TTL k", ":100"},
      {"PEXPIRE k 200000", ":1"},
      {"TTL k", ":200"},
      {"EXPIREAT k 33177117420", ":1"},
      {"EXPIRETIME k", ":33177117420"},
      {"PEXPIREAT k 33177117420123", ":1"},
      {"PEXPIRETIME k", ":33177117420123"},
      {"PERSIST k", ":1"},
      {"TTL k", ":-1"},
      {"GET k", "$v"},
  });
}

TEST_F(ExpireCommands, TimesAreRounded) {
  Run("SET k v PX 1499");
  EXPECT_THAT(Run("TTL k"), IsInt(1));
  EXPECT_THAT(Run("PTTL k"), IsInt(1499));
  Advance(Duration::Millis(1000));
  EXPECT_THAT(Run("TTL k"), IsInt(0));
  EXPECT_THAT(Run("EXPIRETIME k"), IsInt((kStartMs + 1499 + 500) / 1000));
  Advance(Duration::Millis(499));
  EXPECT_THAT(Run("TTL k"), IsInt(-2));
}

TEST_F(ExpireCommands, Conditions) {
  Session({
      {"SET k v", "+OK"},
      {"EXPIRE k 100 XX", ":0"},
      {"EXPIRE k 100 GT", ":0"},
      {"EXPIRE k 100 XX GT", ":0"},
      {"EXPIRE k 100 XX LT", ":0"},
      {"EXPIRE k 100 LT", ":1"},
      {"EXPIRE k 200 NX", ":0"},
      {"EXPIRE k 200 LT", ":0"},
      {"EXPIRE k 50 GT", ":0"},
      {"EXPIRE k 200 GT", ":1"},
      {"EXPIRE k 300 XX GT", ":1"},
      {"EXPIRE k 100 LT LT XX", ":1"},
      {"TTL k", ":100"},
      {"PERSIST k", ":1"},
      {"EXPIRE k 100 nx", ":1"},
      {"EXPIRE k -1 GT", ":0"},
      {"EXPIRE k -1 LT", ":1"},
      {"EXISTS k", ":0"},
      {"SET k v", "+OK"},
      {"EXPIRE k 1 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
      {"EXPIRE k 1 GT NX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
      {"EXPIRE k 1 LT NX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
      {"EXPIRE k 1 LT GT", "-ERR GT and LT options at the same time are not compatible"},
      {"EXPIRE k 1 AB", "-ERR Unsupported option AB"},
      {"EXPIRE k x AB", "-ERR Unsupported option AB"},
      {"EXPIRE none 1 NX", ":0"},
  });
}

TEST_F(ExpireCommands, TimesThatAreNone) {
  Session({
      {"SET k v", "+OK"},
      {"EXPIRE k x", "-ERR value is not an integer or out of range"},
      {"EXPIRE k 9223372036854775808", "-ERR value is not an integer or out of range"},
      {"EXPIRE k 9223372036854775807", "-ERR invalid expire time in 'expire' command"},
      {"EXPIRE k 9223372036854776", "-ERR invalid expire time in 'expire' command"},
      {"EXPIRE k 9223372036854775", "-ERR invalid expire time in 'expire' command"},
      {"EXPIRE k -9223372036854776", "-ERR invalid expire time in 'expire' command"},
      {"PEXPIRE k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"},
      {"EXPIREAT k 9223372036854776", "-ERR invalid expire time in 'expireat' command"},
      {"EXPIRE none 9223372036854776", "-ERR invalid expire time in 'expire' command"},
      {"PEXPIREAT k 9223372036854775807", ":1"},
      {"PEXPIRETIME k", ":9223372036854775807"},
      {"EXPIRETIME k", ":9223372036854776"},
  });
}

TEST_F(ExpireCommands, ATimeInThePastDeletes) {
  for (const std::string_view line :
       {"EXPIRE k 0", "EXPIRE k -1", "PEXPIRE k 0", "EXPIREAT k 1", "PEXPIREAT k 1",
        "PEXPIREAT k -5", "PEXPIRE k -9223372036854775808"}) {
    Run("SET k v");
    EXPECT_THAT(Run(line), IsInt(1)) << line;
    EXPECT_THAT(Run("DBSIZE"), IsInt(0)) << line;
  }
}

TEST_F(ExpireCommands, ADeadlineEndsTheKey) {
  Session({{"SET k v", "+OK"}, {"PEXPIRE k 10", ":1"}});
  Advance(Duration::Millis(9));
  Session({{"EXISTS k", ":1"}});
  Advance(Duration::Millis(1));
  Session({
      {"EXPIRE k 10", ":0"},
      {"PERSIST k", ":0"},
      {"TYPE k", "+none"},
      {"DEL k", ":0"},
      {"OBJECT ENCODING k", "nil"},
      {"RENAME k l", "-ERR no such key"},
  });
}

TEST_F(ExpireCommands, ATimeInThePastCountsAsExpired) {
  const auto expired = [this] {
    uint64_t count = 0;
    for (uint32_t shard = 0; shard < keys().shard_count(); ++shard) {
      count += keys().shard(shard).stats().expired_keys;
    }
    return count;
  };
  Session({{"SET k v", "+OK"}, {"EXPIRE k -1", ":1"}});
  EXPECT_EQ(expired(), 1u);
  Session({{"SET k v", "+OK"}, {"GETEX k PXAT 1", "$v"}});
  EXPECT_EQ(expired(), 2u);
  Session({{"SET k v", "+OK"}, {"SET k v PXAT 1", "+OK"}, {"SET k v PXAT 1", "+OK"}});
  EXPECT_EQ(expired(), 3u);
}

TEST_F(ExpireCommands, DeletingAnExpiredKeyCountsNothing) {
  Session({{"SET k v PX 10", "+OK"}});
  Advance(Duration::Millis(10));
  Session({{"DEL k", ":0"}, {"DBSIZE", ":0"}});
}

}  // namespace
}  // namespace norn
