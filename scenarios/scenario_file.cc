#include "scenarios/scenario_file.h"

// Some bad headers ("[: x") run toml++ 3.3 into an assertion: an error of the file like any other. Under NDEBUG it would
// be undefined behaviour instead.
#undef NDEBUG
struct AssertionOfToml {};
constexpr void RequireOfToml(bool condition) {
  if (!condition) throw AssertionOfToml();
}
#define TOML_ASSERT(condition) RequireOfToml(static_cast<bool>(condition))
#define TOML_ENABLE_FORMATTERS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "engine/base/number.h"
#include "scenarios/checks.h"
#include "scenarios/names.h"
#include "scenarios/vocabulary.h"

namespace norn::scenarios {
namespace {

constexpr size_t kTextBytesMax = 1024 * 1024;  // plans are long
constexpr size_t kDotsInLineMax = 24;

std::string CheckNames() {
  std::string names;
  for (const CheckRow& check : kChecks) {
    names += (names.empty() ? "" : ", ") + std::string(check.name);
  }
  return names;
}

// What a key takes, for messages and help.
std::string Allowed(const Row& row) {
  switch (row.form) {
    case Form::kText:
      return "text in quotes";
    case Form::kFlag:
      return "true or false";
    case Form::kEnding:
      return "\"heal_all\" or \"heal_quorum\"";
    case Form::kChecks:
      return "a list of " + CheckNames();
    case Form::kOptions:
      return "a table of option = value or option = [values]";
    case Form::kPlan:
      return "tables of at, kind, target (0 to 999; its rest among what is there), other (of two "
             "directions, ends or sides) and what the kind has of lasts, latency and its number";
    default:
      break;
  }
  const std::string bounds =
      IsTime(row.form)
          ? fmt::format("a time such as \"1.5s\", \"20ms\", \"300us\" from \"{}\" to \"{}\"",
                        FormatDuration(row.low), FormatDuration(row.high))
          : fmt::format("a whole number from {} to {}", row.low, row.high);
  return IsRange(row.form) ? bounds + ", or [low, high] of such" : bounds;
}

class Reader {
 public:
  Reader(std::string_view path, const std::vector<Row>& rows) : path_(path), rows_(rows) {}

  bool ReadTable(const toml::table& table, const std::string& section, Scenario* scenario) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const std::string inner = section.empty() ? name : section + "." + name;
      const Row* row = FindRow(section, name);
      if (row != nullptr) {
        if (!ReadValue(*row, node, scenario)) return false;
      } else if (IsSection(inner)) {
        if (!node.is_table()) return Fail(node, inner, "must be a table, [" + inner + "]");
        if (!ReadTable(*node.as_table(), inner, scenario)) return false;
      } else {
        return Fail(node, inner, "no such key; " + KeysOf(section));
      }
    }
    return true;
  }

  bool Fail(const toml::node& node, std::string_view key, std::string_view what) {
    error_ = fmt::format("{}:{}: {}: {}", path_, node.source().begin.line, key, what);
    return false;
  }
  const std::string& error() const { return error_; }

 private:
  const Row* FindRow(std::string_view section, std::string_view key) const {
    for (const Row& row : rows_) {
      if (row.section == section && row.key == key) return &row;
    }
    return nullptr;
  }
  bool IsSection(const std::string& name) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.section == name || row.section.starts_with(name + ".");
    });
  }

  std::string KeysOf(const std::string& section) const {
    std::vector<std::string> names;
    for (const Row& row : rows_) {
      std::string name;
      if (row.section == section) {
        name = row.key;
      } else if (section.empty() || row.section.starts_with(section + ".")) {
        const size_t from = section.empty() ? 0 : section.size() + 1;
        name = "[" + row.section.substr(from, row.section.find('.', from) - from) + "]";
      }
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
    return fmt::format("{} has {}", section.empty() ? "the top" : "[" + section + "]",
                       fmt::join(names, ", "));
  }

  bool Wrong(const Row& row, const toml::node& node, std::string_view what) {
    const std::string key = row.section.empty() ? row.key : row.section + "." + row.key;
    return Fail(node, key, fmt::format("{}; allowed: {}", what, Allowed(row)));
  }

  bool ReadValue(const Row& row, const toml::node& node, Scenario* scenario) {
    Value value;
    if (!ReadForm(row, node, &value)) return false;
    row.set(*scenario, value);
    return true;
  }

  bool ReadForm(const Row& row, const toml::node& node, Value* value) {
    switch (row.form) {
      case Form::kText:
        if (!node.is_string()) return Wrong(row, node, "is not text");
        value->text = node.as_string()->get();
        return true;
      case Form::kFlag:
        if (!node.is_boolean()) return Wrong(row, node, "is neither true nor false");
        value->flag = node.as_boolean()->get();
        return true;
      case Form::kEnding:
        if (node.value_or(std::string_view()) == kEndingNames[0]) return true;
        value->flag = node.value_or(std::string_view()) == kEndingNames[1];
        return value->flag || Wrong(row, node, "is no ending");
      case Form::kChecks:
        return ReadChecks(row, node, value);
      case Form::kOptions:
        return ReadOptions(row, node, value);
      case Form::kPlan:
        return ReadPlan(row, node, value);
      default:
        return ReadRange(row, node, &value->range);
    }
  }

  bool ReadRange(const Row& row, const toml::node& node, Range* range) {
    const toml::array* pair = node.as_array();
    if (pair == nullptr) {
      if (!ReadNumber(row, node, &range->low)) return false;
      range->high = range->low;
      return true;
    }
    if (!IsRange(row.form) || pair->size() != 2) return Wrong(row, node, "is not of that form");
    if (!ReadNumber(row, *pair->get(0), &range->low)) return false;
    if (!ReadNumber(row, *pair->get(1), &range->high)) return false;
    if (range->low > range->high) return Wrong(row, node, "is a range from high to low");
    return true;
  }

  bool ReadNumber(const Row& row, const toml::node& node, int64_t* number) {
    if (IsTime(row.form)) {
      if (!node.is_string() || !ParseDuration(node.as_string()->get(), number)) {
        return Wrong(row, node, "is not a time");
      }
    } else {
      if (!node.is_integer()) return Wrong(row, node, "is not a whole number");
      *number = node.as_integer()->get();
    }
    if (*number < row.low || *number > row.high) return Wrong(row, node, "is out of range");
    return true;
  }

  bool ReadChecks(const Row& row, const toml::node& node, Value* value) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return Wrong(row, node, "is not a list");
    for (const toml::node& element : *list) {
      if (!element.is_string()) return Wrong(row, element, "holds what is not text");
      const std::string name = element.as_string()->get();
      const bool known = std::any_of(kChecks.begin(), kChecks.end(),
                                     [&](const CheckRow& check) { return check.name == name; });
      if (!known) return Wrong(row, element, "no such check: " + name);
      value->words.push_back(name);
    }
    return true;
  }

  bool ReadPlan(const Row& row, const toml::node& node, Value* value) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return Wrong(row, node, "is not a list of tables");
    value->plan.emplace();
    for (const toml::node& element : *list) {
      faults::PlannedFault fault;
      if (!element.is_table()) return Wrong(row, element, "holds what is not a table");
      if (!ReadPlanned(element, &fault)) return false;
      value->plan->push_back(fault);
    }
    std::stable_sort(value->plan->begin(), value->plan->end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return true;
  }

  bool ReadPlanned(const toml::node& node, faults::PlannedFault* fault) {
    const toml::table& table = *node.as_table();
    const auto kind_name = table["kind"].value<std::string_view>();
    const auto* const kind =
        std::find_if(kFaultRows.begin(), kFaultRows.end(),
                     [&](const FaultRow& fault_row) { return fault_row.name == kind_name; });
    if (kind == kFaultRows.end()) return Fail(node, "plan", "`kind` is missing or no fault");
    if (!table.contains("at")) return Fail(node, "plan", "`at` is missing");
    fault->kind = kind->kind;
    for (const auto& [key, entry] : table) {
      if (!ReadPlannedKey(*kind, std::string(key.str()), entry, fault)) return false;
    }
    return true;
  }

  bool ReadPlannedKey(const FaultRow& kind, const std::string& key, const toml::node& entry,
                      faults::PlannedFault* fault) {
    const auto number = [&](Form form, int64_t high, int64_t* to) {
      const Row row{"plan", key, form, 0, high, nullptr, nullptr, ""};
      return ReadNumber(row, entry, to);
    };
    if (key == "kind") return true;
    if (key == "at") return number(Form::kDuration, kDay, &fault->at.ns);
    if (key == "lasts" && kind.lasts) return number(Form::kDuration, kDay, &fault->lasts.ns);
    if (key == "latency" && kind.latency) {
      return number(Form::kDuration, 3600 * kSecond, &fault->latency.ns);
    }
    if (key == kind.amount_key) return number(Form::kNumber, kind.amount_max, &fault->amount);
    if (key == "target") {
      int64_t target = 0;
      if (!number(Form::kNumber, faults::kTargets - 1, &target)) return false;
      fault->target = static_cast<uint32_t>(target);
      return true;
    }
    if (key != "other") return Fail(entry, "plan." + key, fmt::format("not of {}", kind.name));
    if (!entry.is_boolean()) return Fail(entry, "plan.other", "is neither true nor false");
    fault->other = entry.as_boolean()->get();
    return true;
  }

  bool ReadOptions(const Row& row, const toml::node& node, Value* value) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return Wrong(row, node, "is not a table");
    for (const auto& [key, entry] : *table) {
      OptionChoice choice{std::string(key.str()), {}, entry.source().begin.line};
      if (const toml::array* list = entry.as_array(); list != nullptr) {
        for (const toml::node& element : *list) {
          if (!ReadOptionValue(row, element, &choice)) return false;
        }
      } else if (!ReadOptionValue(row, entry, &choice)) {
        return false;
      }
      if (choice.values.empty()) return Wrong(row, entry, "has no value for " + choice.name);
      value->options.push_back(std::move(choice));
    }
    return true;
  }

  bool ReadOptionValue(const Row& row, const toml::node& node, OptionChoice* choice) {
    if (node.is_string()) {
      choice->values.push_back(node.as_string()->get());
    } else if (node.is_integer()) {
      choice->values.push_back(std::to_string(node.as_integer()->get()));
    } else {
      return Wrong(row, node, choice->name + " is neither text nor a whole number");
    }
    return true;
  }

  const std::string path_;
  const std::vector<Row>& rows_;
  std::string error_;
};

// A cluster is played by other clients and judged by other checks.
std::string ClusterContradiction(const Scenario& scenario) {
  constexpr CheckId kShared[] = {CheckId::kSameHistorySameData, CheckId::kBoundedFullSyncs,
                                 CheckId::kReplicasConverge};
  for (const CheckRow& row : kChecks) {
    if (!scenario.Checks(std::string(row.name))) continue;
    const bool shared =
        std::find(std::begin(kShared), std::end(kShared), row.id) != std::end(kShared);
    const bool of_cluster = row.doc.starts_with("cluster: ");
    if (shared || of_cluster == scenario.cluster.enabled()) continue;
    return fmt::format("checks: {} is {} a cluster", row.name, of_cluster ? "only for" : "not for");
  }
  if (!scenario.cluster.enabled()) return "";
  constexpr Family kKnown[] = {Family::kRead, Family::kWrite, Family::kCounter,
                               Family::kTransaction, Family::kTyped};
  for (const FamilyRow& row : kFamilyRows) {
    const bool known =
        std::find(std::begin(kKnown), std::end(kKnown), row.family) != std::end(kKnown);
    if (known || scenario.weights[static_cast<size_t>(row.family)] == 0) continue;
    return fmt::format("workload: {} is not for a cluster", row.name);
  }
  if (scenario.cluster.shards.low == 0)
    return "cluster: shards is 0 or above in one file, not both";
  return "";
}

// What no single key can say.
std::string Contradiction(const Scenario& scenario) {
  if (scenario.name.empty()) return "name: is missing";
  const bool any_weight = std::any_of(std::begin(scenario.weights), std::end(scenario.weights),
                                      [](int64_t weight) { return weight > 0; });
  if (scenario.clients.count.high > 0 && !any_weight) {
    return "workload: clients need at least one weight above 0";
  }
  const bool any_fault =
      std::any_of(kFaultRows.begin(), kFaultRows.end(),
                  [&](const FaultRow& fault) { return scenario.HasFault(fault.kind); });
  const std::string lone = std::string(kChecks[static_cast<size_t>(CheckId::kExactModel)].name);
  if (scenario.Checks(lone) && (any_fault || scenario.clients.count.high != 1)) {
    return "checks: exact_model needs clients.count = 1 and no faults";
  }
  if (scenario.weights[static_cast<size_t>(Family::kTyped)] > 0) {
    for (const char* check : {"linearizability", "exact_model", "model_equality"}) {
      if (scenario.Checks(check)) {
        return fmt::format("checks: {} knows strings only, workload.typed writes other types",
                           check);
      }
    }
  }
  const std::string calm = std::string(kChecks[static_cast<size_t>(CheckId::kConnection)].name);
  if (scenario.Checks("durable_prefix")) {
    for (const char* other : {"linearizability", "exact_model", "model_equality"}) {
      if (scenario.Checks(other)) {
        return fmt::format("checks: {} is for a node that restarts empty, durable_prefix is not",
                           other);
      }
    }
    if (scenario.HasFault(FaultKind::kWipe) || scenario.HasFault(FaultKind::kDiskSwap)) {
      return "checks: durable_prefix needs disks that stay, wipe and disk_swap take them away";
    }
    if (scenario.weights[static_cast<size_t>(Family::kLedger)] == 0) {
      return "checks: durable_prefix needs workload.ledger above 0";
    }
  }
  const ReplicationSection& replication = scenario.replication;
  if (replication.primary_dies && scenario.node.replicas.low < 1) {
    return "replication: primary_dies needs node.replicas of at least 1";
  }
  if (replication.primary_dies && scenario.weights[static_cast<size_t>(Family::kFlush)] > 0) {
    return "replication: primary_dies counts what replicas hold, workload.flush empties them";
  }
  if (replication.primary_dies && scenario.Checks("durable_prefix")) {
    return "checks: durable_prefix reads the first node back, which primary_dies may kill for good";
  }
  if (scenario.Checks("wait_never_over_reports") && !replication.primary_dies) {
    return "checks: wait_never_over_reports needs replication.primary_dies";
  }
  const bool clocks_lie =
      std::any_of(kFaultRows.begin(), kFaultRows.end(), [&scenario](const FaultRow& fault) {
        return fault.name.starts_with("clock_") && scenario.HasFault(fault.kind);
      });
  if (clocks_lie && scenario.Checks("expired_never_seen")) {
    return "checks: expired_never_seen goes by the clocks, which clock faults make wrong";
  }
  const bool expiry = scenario.weights[static_cast<size_t>(Family::kExpiry)] > 0;
  if (clocks_lie && expiry && scenario.Checks("linearizability")) {
    return "checks: linearizability judges workload.expiry by the clocks, which clock faults make "
           "wrong";
  }
  const std::string mixed = ClusterContradiction(scenario);
  if (!mixed.empty()) return mixed;
  if (scenario.Checks(calm) && any_fault) return "checks: connection allows no faults";
  for (const FaultRule& fault : scenario.faults) {
    if (fault.enabled() && fault.every_ns.low <= 0) return "faults: `every` must be above \"0s\"";
  }
  return "";
}

// What toml++ 3.3 does not survive, refused before it looks: dotted keys that nest without bound (destroying those tables
// recurses), and characters beyond ASCII (some are undefined behaviour there).
std::string Unreadable(std::string_view text) {
  if (text.size() > kTextBytesMax) return "1: longer than 1 MiB";
  size_t line = 1;
  size_t dots = 0;
  for (const char c : text) {
    const bool plain = (c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n';
    if (!plain) return fmt::format("{}: holds a byte that is not ASCII text", line);
    if (c == '\n') ++line;
    if (c == '\n') dots = 0;
    if (c == '.' && ++dots > kDotsInLineMax) {
      return fmt::format("{}: more than {} dots in a line", line, kDotsInLineMax);
    }
  }
  return "";
}

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr Unit kUnits[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1'000'000}, {"s", kSecond}, {"m", 60 * kSecond}};

}  // namespace

absl::StatusOr<Scenario> ParseScenario(std::string_view text, std::string_view path) {
  const std::string unreadable = Unreadable(text);
  if (!unreadable.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}:{}", path, unreadable));
  }
  toml::table parsed;
  try {
    parsed = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  } catch (const AssertionOfToml&) {
    return absl::InvalidArgumentError(fmt::format("{}:1: is not TOML", path));
  }
  Scenario scenario;
  const std::vector<Row> rows = Vocabulary();
  Reader reader(path, rows);
  if (!reader.ReadTable(parsed, "", &scenario)) {
    return absl::InvalidArgumentError(reader.error());
  }
  const std::string contradiction = Contradiction(scenario);
  if (!contradiction.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}:1: {}", path, contradiction));
  }
  return scenario;
}

std::string ScenarioHelp() {
  const Scenario defaults;
  std::string help =
      "A scenario file is TOML. Times are text: \"1.5s\", \"20ms\", \"300us\", \"7ns\", \"2m\". "
      "Where [low, high]\nis allowed, each seed draws its own value.\n";
  std::string section = "-";
  for (const Row& row : Vocabulary()) {
    if (row.section != section) {
      section = row.section;
      help += section.empty() ? "\n" : "\n[" + section + "]\n";
    }
    help += fmt::format("  {:<15} {}\n{:18}{}", row.key, row.doc, "", Allowed(row));
    if (IsTime(row.form) || row.form == Form::kNumber || row.form == Form::kNumberRange) {
      const Range range = row.get(defaults).range;
      const auto show = [&](int64_t value) {
        return IsTime(row.form) ? FormatDuration(value) : std::to_string(value);
      };
      help += "; default " + show(range.low);
      if (range.high != range.low) help += " to " + show(range.high);
    }
    help += "\n";
  }
  help += "\nChecks:\n";
  for (const CheckRow& check : kChecks) help += fmt::format("  {:<16} {}\n", check.name, check.doc);
  return help;
}

bool ParseDuration(std::string_view text, int64_t* ns) {
  const size_t unit_at = text.find_first_not_of("0123456789.");
  if (unit_at == std::string_view::npos || unit_at == 0) return false;
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                  [&](const Unit& u) { return u.name == text.substr(unit_at); });
  if (unit == std::end(kUnits)) return false;
  const std::string_view number = text.substr(0, unit_at);
  const size_t point = number.find('.');
  const std::optional<int64_t> whole = ParseInt64(number.substr(0, point));
  if (!whole || *whole > kDay / unit->ns) return false;
  *ns = *whole * unit->ns;
  if (point != std::string_view::npos) {
    int64_t digit_ns = unit->ns;
    for (const char digit : number.substr(point + 1)) {
      if (digit == '.' || digit_ns % 10 != 0) return false;
      digit_ns /= 10;
      *ns += (digit - '0') * digit_ns;
    }
  }
  return *ns <= kDay;
}

std::string FormatDuration(int64_t ns) {
  for (size_t i = 4; i > 0; --i) {
    const Unit& unit = kUnits[i - 1];
    if (ns != 0 && ns % unit.ns == 0) return std::to_string(ns / unit.ns) + std::string(unit.name);
  }
  return ns == 0 ? "0s" : std::to_string(ns) + "ns";
}

}  // namespace norn::scenarios
