// INFO: sections, their choice, and that the numbers are the node's.

#include "engine/commands/info.h"

#include "engine/commands/one_executor_env.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(HumanBytes, TwoDecimalsOfTheLargestUnit) {
  EXPECT_EQ(HumanBytes(0), "0B");
  EXPECT_EQ(HumanBytes(1023), "1023B");
  EXPECT_EQ(HumanBytes(1024), "1.00K");
  EXPECT_EQ(HumanBytes(1536), "1.50K");
  EXPECT_EQ(HumanBytes((1 << 20) - 1), "1024.00K");
  EXPECT_EQ(HumanBytes(1 << 20), "1.00M");
  EXPECT_EQ(HumanBytes(25276510208), "23.54G");
  EXPECT_EQ(HumanBytes(uint64_t{1} << 40), "1.00T");
  EXPECT_EQ(HumanBytes(uint64_t{1} << 60), "1024.00P");
}

TEST(InfoSections, ByName) {
  const auto named = [](std::vector<std::string_view> words) { return SectionsByName(words); };
  EXPECT_EQ(named({"CPU"}), Bit(InfoSection::kCpu));
  EXPECT_EQ(named({"cpu", "Clients", "cpu", "foo"}),
            Bit(InfoSection::kCpu) | Bit(InfoSection::kClients));
  EXPECT_EQ(named({"foo"}), 0u);
  EXPECT_EQ(named({}), named({"default"}));
  EXPECT_EQ(named({"all"}), named({"everything"}));
  EXPECT_EQ(named({"default", "commandstats", "latencystats"}), named({"all"}));
  EXPECT_EQ(named({"default"}) & Bit(InfoSection::kCommandStats), 0u);
}

class InfoCommand : public CommandTest {
 protected:
  // "name:value" lines of a reply's text.
  static std::string Value(const std::string& text, const std::string& name) {
    const size_t at = text.find("\r\n" + name + ":");
    if (at == std::string::npos) return "(none)";
    const size_t from = at + name.size() + 3;
    return text.substr(from, text.find("\r\n", from) - from);
  }
  std::string Value(const std::string& name) { return Value(Run("INFO everything").text, name); }

  InfoCommand() {
    env_ = std::make_unique<OneExecutorEnv>();
    node().env_value = env_.get();
  }

 private:
  std::unique_ptr<env::Env> env_;
};

TEST_F(InfoCommand, SectionsStandApartInOrder) {
  const std::string text = Run("INFO").text;
  std::vector<std::string> titles;
  for (size_t at = 0; (at = text.find("# ", at)) != std::string::npos; ++at) {
    titles.push_back(text.substr(at + 2, text.find("\r\n", at) - at - 2));
    EXPECT_TRUE(at == 0 || text.substr(at - 4, 4) == "\r\n\r\n");
  }
  EXPECT_THAT(titles,
              ElementsAre("Server", "Clients", "Memory", "Persistence", "Stats", "Replication",
                          "CPU", "Modules", "Errorstats", "Cluster", "Keyspace"));
  EXPECT_EQ(Run("INFO nosuch").text, "");
  EXPECT_EQ(Run("INFO cluster").text, "# Cluster\r\ncluster_enabled:0\r\n");
}

TEST_F(InfoCommand, Resp3IsVerbatimText) {
  session().resp = Resp::k3;
  const ReplyValue info = Run("INFO cluster");
  EXPECT_EQ(info.kind, '=');
  EXPECT_EQ(info.text, "txt:# Cluster\r\ncluster_enabled:0\r\n");
}

TEST_F(InfoCommand, IdentityThatClientsProbe) {
  node().host_value = {.os = "Linux 6.1.0 x86_64", .executable = "/usr/bin/norn-server"};
  node().config_value.file = "/etc/norn.conf";
  const std::string text = Run("INFO server").text;
  EXPECT_THAT(text, StartsWith("# Server\r\nredis_version:7.2.4\r\nserver_name:norn\r\n"
                               "norn_version:0.1.0\r\n"));
  EXPECT_EQ(Value(text, "server_mode"), "standalone");
  EXPECT_EQ(Value(text, "os"), "Linux 6.1.0 x86_64");
  EXPECT_EQ(Value(text, "executable"), "/usr/bin/norn-server");
  EXPECT_EQ(Value(text, "config_file"), "/etc/norn.conf");
  EXPECT_EQ(Value(text, "run_id").size(), 40u);
  EXPECT_EQ(Value(text, "tcp_port"), "6379");
  EXPECT_EQ(Value(text, "listener0"), "name=tcp,bind=*,bind=-::*,port=6379");
  options().extended_redis_compatibility = true;
  options().unixsocket = "/tmp/norn.sock";
  options().port = 0;
  const std::string again = Run("INFO server").text;
  EXPECT_EQ(Value(again, "redis_mode"), "standalone");
  EXPECT_EQ(Value(again, "listener0"), "name=unix,bind=/tmp/norn.sock");
}

TEST_F(InfoCommand, UptimeIsOfTheMonotonicClock) {
  const int64_t at_start = std::stoll(Value("uptime_in_seconds"));
  Advance(Duration::Seconds(90000));
  EXPECT_EQ(std::stoll(Value("uptime_in_seconds")), at_start + 90000);
  EXPECT_EQ(std::stoll(Value("uptime_in_days")), (at_start + 90000) / 86400);
}

TEST_F(InfoCommand, ClientsAndPause) {
  node().stats.connected_clients = 3;
  node().stats.watching_clients = 1;
  node().stats.watched_keys = 2;
  EXPECT_EQ(Value("connected_clients"), "3");
  EXPECT_EQ(Value("maxclients"), "10000");
  EXPECT_EQ(Value("watching_clients"), "1");
  EXPECT_EQ(Value("total_watched_keys"), "2");
  EXPECT_EQ(Value("paused_actions"), "none");
  Run("CLIENT PAUSE 1500 WRITE");
  Advance(Duration::Millis(500));
  EXPECT_EQ(Value("paused_actions"), "write");
  EXPECT_EQ(Value("paused_timeout_milliseconds"), "1000");
  Advance(Duration::Seconds(2));
  EXPECT_EQ(Value("paused_actions"), "none");
  EXPECT_EQ(Value("paused_timeout_milliseconds"), "0");
}

TEST_F(InfoCommand, MemoryAddsUp) {
  NodeStats& stats = node().stats;
  stats.used_memory_bytes = 10 << 20;
  stats.used_memory_peak_bytes = 20 << 20;
  stats.startup_memory_bytes = 1 << 20;
  stats.client_memory_bytes = 1 << 20;
  stats.dbs = {{.keys = 4, .overhead_bytes = 1 << 20}};
  stats.process.resident_bytes = 15 << 20;
  options().maxmemory = 1 << 30;
  EXPECT_EQ(Value("used_memory"), "10485760");
  EXPECT_EQ(Value("used_memory_human"), "10.00M");
  EXPECT_EQ(Value("used_memory_peak_perc"), "50.00%");
  EXPECT_EQ(Value("used_memory_overhead"), "3145728");
  EXPECT_EQ(Value("used_memory_dataset"), "7340032");
  EXPECT_EQ(Value("used_memory_dataset_perc"), "77.78%");
  EXPECT_EQ(Value("mem_fragmentation_ratio"), "1.50");
  EXPECT_EQ(Value("mem_fragmentation_bytes"), "5242880");
  EXPECT_EQ(Value("maxmemory_human"), "1.00G");
  EXPECT_EQ(Value("maxmemory_policy"), "noeviction");
}

TEST_F(InfoCommand, BuffersAreOverhead) {
  NodeStats& stats = node().stats;
  stats.used_memory_bytes = 1000;
  stats.replication = {.buffer_bytes = 70, .backlog_bytes = 50};
  stats.persistence.aof.aof_buffer_length = 5;
  EXPECT_EQ(Value("used_memory"), "1075");
  EXPECT_EQ(Value("used_memory_overhead"), "75");
  EXPECT_EQ(Value("mem_replication_backlog"), "50");
  EXPECT_EQ(Value("mem_total_replication_buffers"), "70");
  EXPECT_EQ(Value("mem_clients_slaves"), "20");
  EXPECT_EQ(Value("mem_aof_buffer"), "5");
  EXPECT_EQ(Value("mem_not_counted_for_evict"), "25");
}

TEST_F(InfoCommand, ReplicationCounters) {
  node().stats.replication = {.full_syncs = 1,
                              .partial_syncs = 2,
                              .refused_partial_syncs = 3,
                              .sent_bytes = 4,
                              .received_bytes = 5};
  EXPECT_EQ(Value("sync_full"), "1");
  EXPECT_EQ(Value("sync_partial_ok"), "2");
  EXPECT_EQ(Value("sync_partial_err"), "3");
  EXPECT_EQ(Value("total_net_repl_output_bytes"), "4");
  EXPECT_EQ(Value("total_net_repl_input_bytes"), "5");
}

TEST_F(InfoCommand, StatsAreTheCounters) {
  NodeStats& stats = node().stats;
  stats.totals.commands_processed = 7;
  stats.totals.total_errors = 2;
  stats.keyspace.hits = 3;
  stats.keyspace.expired_keys = 4;
  stats.instantaneous_ops_per_s = 41.7;
  stats.instantaneous_input_kbps = 1.5;
  stats.denied_auths = 5;
  EXPECT_EQ(Value("total_commands_processed"), "7");
  EXPECT_EQ(Value("total_error_replies"), "2");
  EXPECT_EQ(Value("keyspace_hits"), "3");
  EXPECT_EQ(Value("expired_keys"), "4");
  EXPECT_EQ(Value("instantaneous_ops_per_sec"), "42");
  EXPECT_EQ(Value("instantaneous_input_kbps"), "1.50");
  EXPECT_EQ(Value("acl_access_denied_auth"), "5");
  stats.migrate_cached_sockets = 6;
  EXPECT_EQ(Value("migrate_cached_sockets"), "6");
}

TEST_F(InfoCommand, CommandsErrorsAndLatencies) {
  auto& commands = node().stats.totals.commands;
  commands.resize(CommandIdCount());
  CommandStats& get = commands[FindCommand("get")->id];
  get.calls = 4;
  get.nanos = 6000;
  get.failed = 1;
  get.latency[10] = 4;
  commands[FindByFullName("config|set")->id].rejected = 2;
  node().stats.totals.errors = {{"ERR", 3}, {"WRONG:TYPE", 1}};
  EXPECT_EQ(Run("INFO commandstats").text,
            "# Commandstats\r\n"
            "cmdstat_get:calls=4,usec=6,usec_per_call=1.50,rejected_calls=0,failed_calls=1\r\n"
            "cmdstat_config|set:calls=0,usec=0,usec_per_call=0.00,rejected_calls=2,"
            "failed_calls=0\r\n");
  EXPECT_EQ(Run("INFO errorstats").text,
            "# Errorstats\r\nerrorstat_ERR:count=3\r\nerrorstat_WRONG_TYPE:count=1\r\n");
  EXPECT_EQ(Run("INFO latencystats").text,
            "# Latencystats\r\n"
            "latency_percentiles_usec_get:p50=1.536,p99=2.048,p99.9=2.048\r\n");
  options().latency_tracking = false;
  EXPECT_EQ(Run("INFO latencystats").text, "# Latencystats\r\n");
}

TEST_F(InfoCommand, KeyspaceShowsDatabasesWithKeys) {
  node().stats.dbs.resize(16);
  node().stats.dbs[0] = {.keys = 2, .expires = 1, .avg_ttl_ms = 500, .timed_objects = 1};
  node().stats.dbs[9] = {.keys = 1};
  EXPECT_EQ(Run("INFO keyspace").text,
            "# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=500,keys_with_volatile_items=1\r\n"
            "db9:keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=0\r\n");
}

TEST_F(InfoCommand, HasWhatDashboardsRead) {
  node().replication_value.view.info = "role:master\r\nreplication_of_the_node:1\r\n";
  const std::string text = Run("INFO everything").text;
  for (const char* name : {"uptime_in_seconds",
                           "redis_version",
                           "role",
                           "connected_clients",
                           "blocked_clients",
                           "maxclients",
                           "used_memory",
                           "used_memory_rss",
                           "used_memory_peak",
                           "maxmemory",
                           "mem_fragmentation_ratio",
                           "allocator_allocated",
                           "allocator_active",
                           "allocator_resident",
                           "rdb_last_save_time",
                           "rdb_changes_since_last_save",
                           "rdb_last_bgsave_status",
                           "aof_enabled",
                           "aof_last_write_status",
                           "total_connections_received",
                           "total_commands_processed",
                           "instantaneous_ops_per_sec",
                           "total_net_input_bytes",
                           "total_net_output_bytes",
                           "rejected_connections",
                           "expired_keys",
                           "expired_fields",
                           "evicted_keys",
                           "keyspace_hits",
                           "keyspace_misses",
                           "pubsub_channels",
                           "pubsub_patterns",
                           "used_cpu_sys",
                           "used_cpu_user"}) {
    EXPECT_NE(Value(text, name), "(none)") << name;
  }
  EXPECT_EQ(Value(text, "role"), "master");
  EXPECT_EQ(Value(text, "aof_enabled"), "0");
  EXPECT_EQ(Value(text, "replication_of_the_node"), "1");
}

TEST_F(InfoCommand, EveryLineIsATitleOrAPair) {
  node().stats.process.cpu_user_us = 1234567;
  const std::string text = Run("INFO everything").text;
  EXPECT_EQ(Value(text, "used_cpu_user"), "1.234567");
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = text.substr(at, end - at);
    EXPECT_TRUE(line.empty() || line[0] == '#' || line.find(':') != std::string::npos) << line;
    at = end + 2;
  }
}

}  // namespace
}  // namespace norn
