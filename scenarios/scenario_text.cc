// A scenario as a file that reads back to the same scenario: what differs from the defaults, by the table of keys.

#include <fmt/format.h>

#include <utility>

#include "scenarios/scenario_file.h"
#include "scenarios/vocabulary.h"

namespace norn::scenarios {
namespace {

// Text of scenario files is printable ASCII.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string List(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + Quoted(word);
  return "[" + list + "]";
}

std::string NumberText(Form form, int64_t number) {
  return IsTime(form) ? Quoted(FormatDuration(number)) : std::to_string(number);
}

std::string RangeText(Form form, const Range& range) {
  const std::string low = NumberText(form, range.low);
  if (range.low == range.high) return low;
  return fmt::format("[{}, {}]", low, NumberText(form, range.high));
}

// What stands behind the key; "" for what has a table of its own.
std::string ValueText(Form form, const Value& value) {
  switch (form) {
    case Form::kText:
      return Quoted(value.text);
    case Form::kFlag:
      return value.flag ? "true" : "false";
    case Form::kChecks:
      return List(value.words);
    case Form::kEnding:
      return Quoted(kEndingNames[value.flag ? 1 : 0]);
    case Form::kOptions:
    case Form::kPlan:
      return "";
    default:
      return RangeText(form, value.range);
  }
}

std::string OptionsText(const std::string& name, const std::vector<OptionChoice>& options) {
  if (options.empty()) return "";
  std::string text = fmt::format("[{}]\n", name);
  for (const OptionChoice& option : options) {
    const bool one = option.values.size() == 1;
    text +=
        fmt::format("{} = {}\n", option.name, one ? Quoted(option.values[0]) : List(option.values));
  }
  return text;
}

std::string PlannedText(const faults::PlannedFault& fault) {
  const FaultRow& row = kFaultRows[static_cast<size_t>(fault.kind)];
  std::string text =
      fmt::format("[[plan]]\nat = {}\nkind = {}\ntarget = {}\n",
                  Quoted(FormatDuration(fault.at.ns)), Quoted(row.name), fault.target);
  if (fault.other) text += "other = true\n";
  if (row.lasts) text += fmt::format("lasts = {}\n", Quoted(FormatDuration(fault.lasts.ns)));
  if (row.latency) text += fmt::format("latency = {}\n", Quoted(FormatDuration(fault.latency.ns)));
  if (!row.amount_key.empty()) text += fmt::format("{} = {}\n", row.amount_key, fault.amount);
  return text;
}

}  // namespace

std::string PlanText(const faults::FaultPlan& plan) {
  if (plan.empty()) return "plan = []\n";
  std::string text;
  for (const faults::PlannedFault& fault : plan) {
    text += (text.empty() ? "" : "\n") + PlannedText(fault);
  }
  return text;
}

std::string ScenarioText(const Scenario& scenario) {
  const Scenario defaults;
  std::string text, tables, section;
  // An empty plan is a key, and keys of the top come before every table.
  if (scenario.plan && scenario.plan->empty()) text = PlanText(*scenario.plan);
  for (const Row& row : Vocabulary()) {
    const Value value = row.get(scenario);
    if (row.form == Form::kOptions) {
      tables += OptionsText(row.section + "." + row.key, value.options);
      continue;
    }
    const std::string literal = ValueText(row.form, value);
    if (row.section != section && !tables.empty()) text += std::exchange(tables, "");
    if (literal.empty() || literal == ValueText(row.form, row.get(defaults))) continue;
    if (row.section != section) text += fmt::format("\n[{}]\n", row.section);
    section = row.section;
    text += fmt::format("{} = {}\n", row.key, literal);
  }
  text += tables;
  if (scenario.plan && !scenario.plan->empty()) text += "\n" + PlanText(*scenario.plan);
  return text;
}

}  // namespace norn::scenarios
