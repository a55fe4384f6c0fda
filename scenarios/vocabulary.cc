#include "scenarios/vocabulary.h"

#include <utility>

#include "scenarios/names.h"

namespace norn::scenarios {
namespace {

// A row whose value is a Range of the scenario.
template <typename Select>
Row RangeRow(std::string section, std::string key, Form form, Range allowed, std::string doc,
             Select select) {
  return {std::move(section),
          std::move(key),
          form,
          allowed.low,
          allowed.high,
          [select](Scenario& s, const Value& v) { select(s) = v.range; },
          [select](const Scenario& s) {
            Value value;
            value.range = select(const_cast<Scenario&>(s));
            return value;
          },
          std::move(doc)};
}

// A row whose value is one whole number.
template <typename Select>
Row NumberRow(std::string section, std::string key, Form form, Range allowed, std::string doc,
              Select select) {
  return {std::move(section),
          std::move(key),
          form,
          allowed.low,
          allowed.high,
          [select](Scenario& s, const Value& v) { select(s) = v.range.low; },
          [select](const Scenario& s) {
            const int64_t number = select(const_cast<Scenario&>(s));
            Value value;
            value.range = {number, number};
            return value;
          },
          std::move(doc)};
}

// A row whose value is of any other form: `member` is that of Value, `select` that of the scenario.
template <typename Member, typename Select>
Row PlainRow(std::string section, std::string key, Form form, std::string doc, Member member,
             Select select) {
  return {std::move(section),
          std::move(key),
          form,
          0,
          0,
          [member, select](Scenario& s, const Value& v) { select(s) = v.*member; },
          [member, select](const Scenario& s) {
            Value value;
            value.*member = select(const_cast<Scenario&>(s));
            return value;
          },
          std::move(doc)};
}

void AddTopRows(std::vector<Row>& rows) {
  using S = Scenario&;
  rows.push_back(PlainRow("", "name", Form::kText, "what `norn-sim list` calls it", &Value::text,
                          [](S s) -> std::string& { return s.name; }));
  rows.push_back(PlainRow("", "description", Form::kText, "one line for `norn-sim list`",
                          &Value::text, [](S s) -> std::string& { return s.description; }));
  rows.push_back(NumberRow("", "seed", Form::kNumber, {0, INT64_MAX},
                           "played when no other is asked for",
                           [](S s) -> int64_t& { return s.seed; }));
  rows.push_back(NumberRow("", "duration", Form::kDuration, {1'000'000, kDay},
                           "virtual time in which clients are busy and faults happen",
                           [](S s) -> int64_t& { return s.duration_ns; }));
  rows.push_back(PlainRow("", "swarm", Form::kFlag,
                          "each seed switches a random subset of the fault kinds off", &Value::flag,
                          [](S s) -> bool& { return s.swarm; }));
  rows.push_back(PlainRow("", "checks", Form::kChecks, "what is judged", &Value::words,
                          [](S s) -> std::vector<std::string>& { return s.checks; }));
  rows.push_back(PlainRow("", "plan", Form::kPlan,
                          "[[plan]] tables: the faults that happen, instead of drawing them by the "
                          "rules of [faults]; `norn-sim plan` prints those of a seed",
                          &Value::plan,
                          [](S s) -> std::optional<faults::FaultPlan>& { return s.plan; }));
}

void AddNodeRows(std::vector<Row>& rows) {
  rows.push_back(RangeRow("node", "threads", Form::kNumberRange, {1, 64}, "executors of the node",
                          [](Scenario& s) -> Range& { return s.node.threads; }));
  rows.push_back(RangeRow("node", "drift_ppm", Form::kNumberRange, {-10'000, 10'000},
                          "how many us a second the node's clocks gain",
                          [](Scenario& s) -> Range& { return s.node.drift_ppm; }));
  rows.push_back(PlainRow(
      "node", "options", Form::kOptions,
      "a table: option = value, or a list of which each seed takes one", &Value::options,
      [](Scenario & s) -> auto& { return s.node.options; }));
  rows.push_back(RangeRow("node", "replicas", Form::kNumberRange, {0, 8},
                          "more nodes, which replicate the first",
                          [](Scenario& s) -> Range& { return s.node.replicas; }));
  rows.push_back(PlainRow(
      "node", "replica_options", Form::kOptions, "likewise, for the replicas on top of the others",
      &Value::options, [](Scenario & s) -> auto& { return s.node.replica_options; }));
  rows.push_back(NumberRow("node", "zones", Form::kNumber, {1, 1000},
                           "nodes lie in them in turn; a fault may strike all of one",
                           [](Scenario& s) -> int64_t& { return s.node.zones; }));
}

void AddBudgetRows(std::vector<Row>& rows) {
  using S = Scenario&;
  constexpr Range kAny{0, faults::Budget::kNoBound};
  const char* const at = "budget";
  rows.push_back(NumberRow(at, "machines_down", Form::kNumber, kAny,
                           "nodes that may be dead or paused at once; what would exceed a budget "
                           "is not drawn",
                           [](S s) -> int64_t& { return s.budget.machines_down; }));
  rows.push_back(NumberRow(at, "machines_cut", Form::kNumber, kAny,
                           "nodes that may be cut off from others, or from clients, at once",
                           [](S s) -> int64_t& { return s.budget.machines_cut; }));
  rows.push_back(NumberRow(at, "clocks_wrong", Form::kNumber, kAny,
                           "nodes whose clocks may be wrong at once",
                           [](S s) -> int64_t& { return s.budget.clocks_wrong; }));
  rows.push_back(NumberRow(at, "recovery", Form::kDuration, {0, kDay},
                           "for so long after its end a fault still counts",
                           [](S s) -> int64_t& { return s.budget.recovery_ns; }));
}

void AddClientRows(std::vector<Row>& rows) {
  using R = Range&;
  using S = Scenario&;
  constexpr Form kN = Form::kNumberRange, kD = Form::kDurationRange;
  const char* const at = "clients";
  rows.push_back(RangeRow(at, "count", kN, {0, 1000}, "clients, each a host of its own",
                          [](S s) -> R { return s.clients.count; }));
  rows.push_back(RangeRow(at, "think_time", kD, {0, 3600 * kSecond}, "between two pipelines",
                          [](S s) -> R { return s.clients.think_time_ns; }));
  rows.push_back(RangeRow(at, "pipeline", kN, {1, 1000}, "operations sent without waiting",
                          [](S s) -> R { return s.clients.pipeline; }));
  rows.push_back(RangeRow(at, "timeout", kD, {1'000'000, 3600 * kSecond},
                          "after which a client gives its connection up",
                          [](S s) -> R { return s.clients.timeout_ns; }));
  rows.push_back(RangeRow(at, "groups", kN, {1, 1000}, "groups of keys in each database",
                          [](S s) -> R { return s.clients.groups; }));
  rows.push_back(RangeRow(at, "keys_per_group", kN, {1, 8}, "keys that commands combine",
                          [](S s) -> R { return s.clients.keys_per_group; }));
  rows.push_back(RangeRow(at, "databases", kN, {1, 16}, "databases in use",
                          [](S s) -> R { return s.clients.databases; }));
  rows.push_back(RangeRow(at, "value_bytes", kN, {1, 1 << 20}, "length of values written",
                          [](S s) -> R { return s.clients.value_bytes; }));
  rows.push_back(NumberRow(at, "resp3_percent", Form::kNumber, {0, 100},
                           "connections that say HELLO 3",
                           [](S s) -> int64_t& { return s.clients.resp3_percent; }));
}

void AddNetworkRows(std::vector<Row>& rows) {
  rows.push_back(RangeRow("network", "latency", Form::kDurationRange, {0, 3600 * kSecond},
                          "of a link, one way",
                          [](Scenario& s) -> Range& { return s.network.latency_ns; }));
  rows.push_back(RangeRow("network", "jitter", Form::kDurationRange, {0, 3600 * kSecond},
                          "on top, drawn anew for each segment",
                          [](Scenario& s) -> Range& { return s.network.jitter_ns; }));
}

void AddReplicationRows(std::vector<Row>& rows) {
  using S = Scenario&;
  const char* const at = "replication";
  rows.push_back(RangeRow(at, "quiet_every", Form::kDurationRange, {1'000'000, kDay},
                          "between two moments without writes, in which all nodes are read",
                          [](S s) -> Range& { return s.replication.quiet_every_ns; }));
  rows.push_back(NumberRow(at, "chained_percent", Form::kNumber, {0, 100},
                           "replicas that begin as replica of another replica",
                           [](S s) -> int64_t& { return s.replication.chained_percent; }));
  rows.push_back(RangeRow(at, "witnesses", Form::kNumberRange, {0, 20},
                          "writers that WAIT, and that read keys with deadlines on every node",
                          [](S s) -> Range& { return s.replication.witnesses; }));
  rows.push_back(PlainRow(at, "primary_dies", Form::kFlag,
                          "at the end, for good; the best replica takes over", &Value::flag,
                          [](S s) -> bool& { return s.replication.primary_dies; }));
  rows.push_back(NumberRow(at, "full_syncs_max", Form::kNumber, {0, 1000},
                           "full copies that a replica may ask for in a run; 0: not judged",
                           [](S s) -> int64_t& { return s.replication.full_syncs_max; }));
}

void AddClusterRows(std::vector<Row>& rows) {
  using S = Scenario&;
  using R = Range&;
  constexpr Form kN = Form::kNumberRange, kD = Form::kDurationRange;
  const char* const at = "cluster";
  rows.push_back(RangeRow(at, "shards", kN, {0, 500},
                          "primaries with slots; above 0 the nodes are a cluster",
                          [](S s) -> R { return s.cluster.shards; }));
  rows.push_back(RangeRow(at, "replicas", kN, {0, 5}, "of each shard",
                          [](S s) -> R { return s.cluster.replicas; }));
  rows.push_back(RangeRow(at, "node_timeout", kD, {100'000'000, 60 * kSecond},
                          "cluster-node-timeout",
                          [](S s) -> R { return s.cluster.node_timeout_ns; }));
  rows.push_back(PlainRow(at, "seed_config", Form::kFlag,
                          "nodes find a nodes.conf that makes them one cluster; else an operator "
                          "has them meet",
                          &Value::flag, [](S s) -> bool& { return s.cluster.seed_config; }));
  rows.push_back(NumberRow(at, "replica_reads_percent", Form::kNumber, {0, 100},
                           "clients that send reads to replicas",
                           [](S s) -> int64_t& { return s.cluster.replica_reads_percent; }));
  rows.push_back(NumberRow(at, "wait_percent", Form::kNumber, {0, 100},
                           "writes after which the client WAITs for all replicas",
                           [](S s) -> int64_t& { return s.cluster.wait_percent; }));
  rows.push_back(RangeRow(at, "failover_every", kD, {0, kDay},
                          "between two CLUSTER FAILOVER, with and without FORCE",
                          [](S s) -> R { return s.cluster.failover_every_ns; }));
  rows.push_back(NumberRow(at, "takeover_percent", Form::kNumber, {0, 100},
                           "of those, CLUSTER FAILOVER TAKEOVER",
                           [](S s) -> int64_t& { return s.cluster.takeover_percent; }));
  rows.push_back(RangeRow(at, "membership_every", kD, {0, kDay},
                          "between two changes of who belongs to the cluster and who follows whom",
                          [](S s) -> R { return s.cluster.membership_every_ns; }));
  rows.push_back(RangeRow(at, "move_every", kD, {0, kDay},
                          "between two replicas that are told to follow another shard's primary",
                          [](S s) -> R { return s.cluster.move_every_ns; }));
  rows.push_back(RangeRow(at, "bump_every", kD, {0, kDay},
                          "between two CLUSTER BUMPEPOCH of primaries",
                          [](S s) -> R { return s.cluster.bump_every_ns; }));
  rows.push_back(RangeRow(at, "old_nodes", kN, {0, 1000},
                          "nodes that speak the bus as servers before 7.0 (cluster-old-bus)",
                          [](S s) -> R { return s.cluster.old_nodes; }));
  rows.push_back(PlainRow(at, "form_in_trouble", Form::kFlag,
                          "faults begin before the cluster is made, not after", &Value::flag,
                          [](S s) -> bool& { return s.cluster.form_in_trouble; }));
  rows.push_back(NumberRow(at, "outage_timeouts", Form::kNumber, {0, 100},
                           "check bounded_outage allows so many node timeouts ...",
                           [](S s) -> int64_t& { return s.cluster.outage_timeouts; }));
  rows.push_back(NumberRow(at, "outage_extra", Form::kDuration, {0, kDay}, "... and so much more",
                           [](S s) -> int64_t& { return s.cluster.outage_extra_ns; }));
  rows.push_back(RangeRow(at, "reshard_every", kD, {0, kDay},
                          "between two slots that are moved key by key to another shard",
                          [](S s) -> R { return s.cluster.reshard_every_ns; }));
  rows.push_back(RangeRow(at, "migrate_slots_every", kD, {0, kDay},
                          "between two CLUSTER MIGRATESLOTS, instead",
                          [](S s) -> R { return s.cluster.migrate_slots_every_ns; }));
}

void AddEndingRows(std::vector<Row>& rows) {
  using S = Scenario&;
  const char* const at = "ending";
  rows.push_back(PlainRow(at, "kind", Form::kEnding,
                          "of a cluster's run: everything heals, or a random quorum with a node of "
                          "each shard, and the rest stays dead",
                          &Value::flag, [](S s) -> bool& { return s.ending.heal_quorum; }));
  rows.push_back(NumberRow(at, "serve_within", Form::kDuration, {0, kDay},
                           "after the last fault every slot takes writes",
                           [](S s) -> int64_t& { return s.ending.serve_within_ns; }));
  rows.push_back(NumberRow(at, "converge_within", Form::kDuration, {0, kDay},
                           "after the last fault all live nodes agree",
                           [](S s) -> int64_t& { return s.ending.converge_within_ns; }));
}

void AddFamilyRows(std::vector<Row>& rows) {
  for (const FamilyRow& family : kFamilyRows) {
    const size_t i = static_cast<size_t>(family.family);
    rows.push_back(NumberRow("workload", std::string(family.name), Form::kNumber, {0, 1'000'000},
                             "weight of " + std::string(family.doc),
                             [i](Scenario& s) -> int64_t& { return s.weights[i]; }));
  }
}

void AddFaultRows(std::vector<Row>& rows) {
  for (const FaultRow& fault : kFaultRows) {
    const size_t i = static_cast<size_t>(fault.kind);
    const std::string section = "faults." + std::string(fault.name);
    rows.push_back(RangeRow(section, "every", Form::kDurationRange, {0, kDay},
                            "time between two: " + std::string(fault.doc),
                            [i](Scenario& s) -> Range& { return s.faults[i].every_ns; }));
    if (fault.lasts) {
      rows.push_back(RangeRow(section, "lasts", Form::kDurationRange, {0, kDay}, "until it ends",
                              [i](Scenario& s) -> Range& { return s.faults[i].lasts_ns; }));
    }
    if (fault.latency) {
      rows.push_back(RangeRow(section, "latency", Form::kDurationRange, {0, 3600 * kSecond},
                              "added to each segment or operation",
                              [i](Scenario& s) -> Range& { return s.faults[i].latency_ns; }));
    }
    if (!fault.amount_key.empty()) {
      rows.push_back(RangeRow(section, std::string(fault.amount_key), Form::kNumberRange,
                              {0, fault.amount_max}, std::string(fault.amount_doc),
                              [i](Scenario& s) -> Range& { return s.faults[i].amount; }));
    }
  }
}

}  // namespace

std::vector<Row> Vocabulary() {
  std::vector<Row> rows;
  AddTopRows(rows);
  AddNodeRows(rows);
  AddClientRows(rows);
  AddNetworkRows(rows);
  AddReplicationRows(rows);
  AddClusterRows(rows);
  AddEndingRows(rows);
  AddFamilyRows(rows);
  AddBudgetRows(rows);
  AddFaultRows(rows);
  return rows;
}

}  // namespace norn::scenarios
