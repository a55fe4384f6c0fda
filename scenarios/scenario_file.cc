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

namespace norn::scenarios {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86400 * kSecond;
constexpr size_t kTextBytesMax = 64 * 1024;
constexpr size_t kDotsInLineMax = 24;

enum class Form : uint8_t {
  kText,
  kFlag,
  kNumber,
  kNumberRange,
  kDuration,
  kDurationRange,
  kChecks,
  kOptions,
};

struct Value {
  std::string text;
  bool flag = false;
  Range range;
  std::vector<std::string> words;
  std::vector<OptionChoice> options;
};

// A key of the vocabulary. `low` and `high` bound numbers and durations (in ns).
struct Row {
  std::string section;  // "" for the top
  std::string key;
  Form form;
  int64_t low;
  int64_t high;
  std::function<void(Scenario&, const Value&)> set;
  std::function<Range(const Scenario&)> get;  // for the help: the default
  std::string doc;
};

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
          [select](const Scenario& s) { return select(const_cast<Scenario&>(s)); },
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
            const int64_t value = select(const_cast<Scenario&>(s));
            return Range{value, value};
          },
          std::move(doc)};
}

Row PlainRow(std::string section, std::string key, Form form, std::string doc,
             std::function<void(Scenario&, const Value&)> set) {
  return {std::move(section), std::move(key), form, 0, 0, std::move(set), nullptr, std::move(doc)};
}

void AddTopRows(std::vector<Row>& rows) {
  rows.push_back(PlainRow("", "name", Form::kText, "what `norn-sim list` calls it",
                          [](Scenario& s, const Value& v) { s.name = v.text; }));
  rows.push_back(PlainRow("", "description", Form::kText, "one line for `norn-sim list`",
                          [](Scenario& s, const Value& v) { s.description = v.text; }));
  rows.push_back(NumberRow("", "duration", Form::kDuration, {1'000'000, kDay},
                           "virtual time in which clients are busy and faults happen",
                           [](Scenario& s) -> int64_t& { return s.duration_ns; }));
  rows.push_back(PlainRow("", "swarm", Form::kFlag,
                          "each seed switches a random subset of the fault kinds off",
                          [](Scenario& s, const Value& v) { s.swarm = v.flag; }));
  rows.push_back(PlainRow("", "checks", Form::kChecks, "what is judged",
                          [](Scenario& s, const Value& v) { s.checks = v.words; }));
}

void AddNodeRows(std::vector<Row>& rows) {
  rows.push_back(RangeRow("node", "threads", Form::kNumberRange, {1, 64}, "executors of the node",
                          [](Scenario& s) -> Range& { return s.node.threads; }));
  rows.push_back(RangeRow("node", "drift_ppm", Form::kNumberRange, {-10'000, 10'000},
                          "how many us a second the node's clocks gain",
                          [](Scenario& s) -> Range& { return s.node.drift_ppm; }));
  rows.push_back(PlainRow("node", "options", Form::kOptions,
                          "a table: option = value, or a list of which each seed takes one",
                          [](Scenario& s, const Value& v) { s.node.options = v.options; }));
  rows.push_back(RangeRow("node", "replicas", Form::kNumberRange, {0, 8},
                          "more nodes, which replicate the first",
                          [](Scenario& s) -> Range& { return s.node.replicas; }));
  rows.push_back(PlainRow("node", "replica_options", Form::kOptions,
                          "likewise, for the replicas on top of the others",
                          [](Scenario& s, const Value& v) { s.node.replica_options = v.options; }));
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
                          "at the end, for good; the best replica takes over",
                          [](S s, const Value& v) { s.replication.primary_dies = v.flag; }));
  rows.push_back(NumberRow(at, "full_syncs_max", Form::kNumber, {0, 1000},
                           "full copies that a replica may ask for in a run; 0: not judged",
                           [](S s) -> int64_t& { return s.replication.full_syncs_max; }));
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

std::vector<Row> Vocabulary() {
  std::vector<Row> rows;
  AddTopRows(rows);
  AddNodeRows(rows);
  AddClientRows(rows);
  AddNetworkRows(rows);
  AddReplicationRows(rows);
  AddFamilyRows(rows);
  AddFaultRows(rows);
  return rows;
}

bool IsTime(Form form) { return form == Form::kDuration || form == Form::kDurationRange; }
bool IsRange(Form form) { return form == Form::kNumberRange || form == Form::kDurationRange; }

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
    case Form::kChecks:
      return "a list of " + CheckNames();
    case Form::kOptions:
      return "a table of option = value or option = [values]";
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
      case Form::kChecks:
        return ReadChecks(row, node, value);
      case Form::kOptions:
        return ReadOptions(row, node, value);
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

// What no single key can say.
std::string Contradiction(const Scenario& scenario) {
  if (scenario.name.empty()) return "name: is missing";
  const bool any_weight = std::any_of(std::begin(scenario.weights), std::end(scenario.weights),
                                      [](int64_t weight) { return weight > 0; });
  if (scenario.clients.count.high > 0 && !any_weight) {
    return "workload: clients need at least one weight above 0";
  }
  const bool any_fault = std::any_of(std::begin(scenario.faults), std::end(scenario.faults),
                                     [](const FaultSection& fault) { return fault.enabled(); });
  const std::string lone = std::string(kChecks[static_cast<size_t>(CheckId::kExactModel)].name);
  if (scenario.Checks(lone) && (any_fault || scenario.clients.count.high != 1)) {
    return "checks: exact_model needs clients.count = 1 and no faults";
  }
  const std::string calm = std::string(kChecks[static_cast<size_t>(CheckId::kConnection)].name);
  if (scenario.Checks("durable_prefix")) {
    for (const char* other : {"linearizability", "exact_model", "model_equality"}) {
      if (scenario.Checks(other)) {
        return fmt::format("checks: {} is for a node that restarts empty, durable_prefix is not",
                           other);
      }
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
  if (scenario.Checks(calm) && any_fault) return "checks: connection allows no faults";
  for (const FaultSection& fault : scenario.faults) {
    if (fault.enabled() && fault.every_ns.low <= 0) return "faults: `every` must be above \"0s\"";
  }
  return "";
}

// What toml++ 3.3 does not survive, refused before it looks: dotted keys that nest without bound (destroying those tables
// recurses), and characters beyond ASCII (some are undefined behaviour there).
std::string Unreadable(std::string_view text) {
  if (text.size() > kTextBytesMax) return "1: longer than 64 KiB";
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
    if (row.get) {
      const Range range = row.get(defaults);
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
