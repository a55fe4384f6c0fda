#include "scenarios/page/run_page.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "engine/base/check.h"
#include "scenarios/page/json_text.h"
#include "scenarios/page/parts.h"

namespace norn::scenarios {
namespace {

std::string Seconds(int64_t ns) { return fmt::format("{:.6f}", static_cast<double>(ns) / 1e9); }

// Elements with commas between, in brackets.
template <typename Range, typename ToText>
std::string List(const Range& range, ToText to_text) {
  std::string list = "[";
  for (const auto& element : range) {
    if (list.size() > 1) list += ",";
    list += to_text(element);
  }
  return list + "]";
}

std::string SpanText(const Timeline::Span& span) {
  return fmt::format("[{},{},{},{},{},{},{},{}]\n", span.lane, static_cast<int>(span.track),
                     Seconds(span.from_ns), Seconds(span.to_ns), JsonText(span.state.value),
                     span.state.shard, span.state.epoch, JsonText(span.state.words));
}

std::string ArrowText(const Timeline::Arrow& arrow) {
  const bool arrived = arrow.arrived_ns != Timeline::kNotYetNs;
  return fmt::format("[{},{},{},{},{},{}]\n", JsonText(arrow.kind), arrow.from, arrow.to,
                     Seconds(arrow.sent_ns), arrived ? Seconds(arrow.arrived_ns) : "null",
                     JsonText(arrow.words));
}

std::string EventText(const Timeline::Event& event) {
  return fmt::format("[{},{},{},{}]\n", Seconds(event.at_ns), event.lane, JsonText(event.kind),
                     JsonText(event.words));
}

std::string FaultText(const Timeline::Fault& fault) {
  const faults::PlannedFault& planned = fault.planned;
  const FaultRow& row = faults::kFaultRows[static_cast<size_t>(planned.kind)];
  std::string details;
  const auto detail = [&](const std::string& words) {
    details += (details.empty() ? "" : ", ") + words;
  };
  if (row.latency) detail(fmt::format("latency {:.3f} ms", planned.latency.seconds() * 1e3));
  if (!row.amount_key.empty()) detail(fmt::format("{} {}", row.amount_key, planned.amount));
  detail(fmt::format("target {}{}", planned.target, planned.other ? ", other" : ""));
  constexpr std::string_view kFates[] = {"later", "idle", "struck"};
  return fmt::format(
      "{{\"at\":{},\"kind\":{},\"doc\":{},\"lasts\":{},\"details\":{},\"fate\":\"{}\",\"lanes\":{}"
      "}}\n",
      Seconds(fault.at_ns), JsonText(row.name), JsonText(row.doc), Seconds(fault.lasted.ns),
      JsonText(details), kFates[static_cast<size_t>(fault.fate)],
      List(fault.lanes, [](size_t lane) { return std::to_string(lane); }));
}

std::string ServiceText(const Timeline::Service& service) {
  const auto number = [](uint32_t count) { return std::to_string(count); };
  return fmt::format("{{\"name\":{},\"answered\":{},\"waiting\":{}}}\n", JsonText(service.name),
                     List(service.answered, number), List(service.waiting, number));
}

std::string ChecksText(const Scenario& scenario, const RunResult& result) {
  std::vector<const CheckRow*> asked;
  for (const CheckRow& row : kChecks) {
    if (scenario.Checks(std::string(row.name))) asked.push_back(&row);
  }
  return List(asked, [&](const CheckRow* row) {
    const CheckTally& tally = result.checks[static_cast<size_t>(row->id)];
    return fmt::format(
        "{{\"name\":{},\"doc\":{},\"examined\":{},\"failures\":{},\"message\":{}}}\n",
        JsonText(row->name), JsonText(row->doc), tally.examined, tally.failures,
        JsonText(tally.message));
  });
}

// The template's mark gives way to the text.
void Fill(std::string& page, std::string_view mark, std::string_view text) {
  const size_t at = page.find(mark);
  CHECK(at != std::string::npos);
  page.replace(at, mark.size(), text);
}

}  // namespace

bool HasPages() { return !kPageParts.d3.empty() && !kPageParts.d3_licence.empty(); }

std::string RunData(const Timeline& timeline, const Scenario& scenario, const RunResult& result,
                    std::string_view command) {
  std::string data = fmt::format(
      "{{\"story\":{},\"seed\":{},\"passed\":{},\"check\":{},\"message\":{},\n\"command\":{},\n"
      "\"drawn\":{},\n\"end\":{},\"bin\":{},\"dropped\":{}",
      JsonText(scenario.name), result.seed, result.passed(), JsonText(result.failed_check),
      JsonText(result.message), JsonText(command), JsonText(result.drawn),
      Seconds(timeline.end_ns()), Seconds(Timeline::kBinNs), timeline.dropped());
  const auto add = [&](std::string_view name, const std::string& list) {
    data += fmt::format(",\n\"{}\":{}", name, list);
  };
  add("lanes", List(timeline.lanes(), [](const std::string& name) { return JsonText(name); }));
  add("spans", List(timeline.spans(), SpanText));
  add("events", List(timeline.events(), EventText));
  add("arrows", List(timeline.arrows(), ArrowText));
  add("faults", List(timeline.faults(), FaultText));
  add("services", List(timeline.services(), ServiceText));
  add("checks", ChecksText(scenario, result));
  return data + "}\n";
}

std::string RunPage(const Timeline& timeline, const Scenario& scenario, const RunResult& result,
                    std::string_view command) {
  CHECK(HasPages());
  std::string page(kPageParts.html);
  Fill(page, "/*{CSS}*/", kPageParts.css);
  Fill(page, "/*{LICENCE}*/", HtmlText(kPageParts.d3_licence));
  // From here on what is put in may hold anything, marks too: the last mark goes first.
  Fill(page, "/*{JS}*/", kPageParts.js);
  Fill(page, "/*{D3}*/", kPageParts.d3);
  Fill(page, "/*{DATA}*/", RunData(timeline, scenario, result, command));
  return page;
}

}  // namespace norn::scenarios
