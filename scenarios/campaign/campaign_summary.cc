#include "scenarios/campaign/campaign_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "scenarios/page/json_text.h"

namespace norn::scenarios {
namespace {

constexpr size_t kCauseCharsMax = 200;
// Shorter ones are words.
constexpr size_t kNameCharsMin = 8;
constexpr size_t kRunsShown = 5;

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsNameChar(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }
bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The names of nodes: hexadecimal words with a digit in them.
size_t NameAt(std::string_view text, size_t at) {
  if (at > 0 && IsWordChar(text[at - 1])) return 0;
  size_t end = at;
  bool digit = false;
  for (; end < text.size() && IsNameChar(text[end]); ++end) digit |= IsDigit(text[end]);
  const bool whole = end == text.size() || !IsWordChar(text[end]);
  return whole && digit && end - at >= kNameCharsMin ? end - at : 0;
}

// Also addresses and fractions.
size_t NumberAt(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsDigit(text[end])) {
    while (end < text.size() && IsDigit(text[end])) ++end;
    const bool goes_on =
        end + 1 < text.size() && (text[end] == '.' || text[end] == ':') && IsDigit(text[end + 1]);
    if (!goes_on) break;
    ++end;
  }
  return end - at;
}

template <typename Range, typename ToText>
std::string List(const Range& range, ToText to_text) {
  std::string list;
  for (const auto& element : range) list += (list.empty() ? "" : ",\n  ") + to_text(element);
  return "[" + list + "]";
}

std::string FaultsJson(const Scenario& scenario, const Totals& totals) {
  std::string list;
  for (const FaultRow& row : kFaultRows) {
    if (!scenario.HasFault(row.kind)) continue;
    const FaultCount& count = totals.faults[static_cast<size_t>(row.kind)];
    list += fmt::format("{}{}:{{\"armed\":{},\"fired\":{},\"effect\":{}}}", list.empty() ? "" : ",",
                        JsonText(row.name), count.armed, count.fired, count.effect);
  }
  return "{" + list + "}";
}

std::string ChecksJson(const Scenario& scenario, const Totals& totals) {
  std::string list;
  for (const CheckRow& row : kChecks) {
    if (!scenario.Checks(std::string(row.name))) continue;
    const auto i = static_cast<size_t>(row.id);
    list += fmt::format("{}{}:{{\"examined\":{},\"failures\":{}}}", list.empty() ? "" : ",",
                        JsonText(row.name), totals.examined[i], totals.failures[i]);
  }
  return "{" + list + "}";
}

double SeedsPerSecond(const CampaignSession& session) {
  return static_cast<double>(session.runs) / std::max(session.elapsed_s, 1e-6);
}

}  // namespace

std::string CauseOf(std::string_view message) {
  std::string_view line = message.substr(0, message.find('\n'));
  std::string cause;
  for (size_t at = 0; at < line.size() && cause.size() < kCauseCharsMax;) {
    if (const size_t name = NameAt(line, at); name > 0) {
      cause += "<id>";
      at += name;
    } else if (const size_t number = NumberAt(line, at); number > 0) {
      cause += "<n>";
      at += number;
    } else {
      cause += line[at++];
    }
  }
  return cause;
}

CampaignSummary::CampaignSummary(const CampaignState& campaign,
                                 const std::vector<Scenario>& stories_of_it)
    : state(campaign), scenarios(stories_of_it), stories(stories_of_it.size()) {
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (const FinishedRun& run : state.runs()) {
    all.Add(run.totals);
    stories[run.story].Add(run.totals);
    if (run.check.empty()) continue;
    std::string cause = CauseOf(run.message);
    const auto [at, added] = index.try_emplace({run.check, cause}, groups.size());
    if (added) groups.push_back({run.check, std::move(cause), {}});
    groups[at->second].runs.push_back(&run);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.runs.size() > b.runs.size(); });
  for (size_t i = 0; i < stories.size(); ++i) {
    if (stories[i].runs < kSeedsOfRecord) continue;
    for (const std::string& idler : Idlers(scenarios[i], stories[i])) {
      idlers.push_back(fmt::format("{}: {} in {} runs", scenarios[i].name, idler, stories[i].runs));
    }
  }
  for (size_t i = 0; i < kCovers.size(); ++i) {
    if (all.covers[i] == 0) never.push_back(&kCovers[i]);
  }
}

std::string CommandOf(const CampaignSummary& summary, const CampaignSession& session,
                      const FinishedRun& run) {
  const CampaignIdentity& identity = summary.state.identity();
  return fmt::format("{} run {} --seed {}{}", session.program, identity.files[run.story], run.seed,
                     identity.plant.empty() ? "" : " --plant " + identity.plant);
}

std::string CampaignText(const CampaignSummary& summary, const CampaignSession& session) {
  std::string text;
  for (size_t i = 0; i < summary.stories.size(); ++i) {
    const Totals& totals = summary.stories[i];
    text += fmt::format("{:<28} {:>7} seeds, {:>4} failed, {:.2f} CPU s a seed\n",
                        summary.scenarios[i].name, totals.runs, totals.runs - totals.passes,
                        totals.runs == 0 ? 0
                                         : static_cast<double>(totals.wall_us) / 1e6 /
                                               static_cast<double>(totals.runs));
  }
  for (const FailureGroup& group : summary.groups) {
    text += fmt::format("FAIL {} ({} runs): {}\n", group.check, group.runs.size(), group.cause);
    for (size_t i = 0; i < std::min(group.runs.size(), kRunsShown); ++i) {
      text += fmt::format("  {}\n", CommandOf(summary, session, *group.runs[i]));
    }
  }
  for (const std::string& idler : summary.idlers) text += fmt::format("FAIL {}\n", idler);
  for (const FaultRow& row : kFaultRows) {
    const FaultCount& count = summary.all.faults[static_cast<size_t>(row.kind)];
    if (count.armed == 0) continue;
    text += fmt::format("fault {:<20} armed in {} runs, fired {}, effect {}\n", row.name,
                        count.armed, count.fired, count.effect);
  }
  text += fmt::format("marks: {} of {} passed\n", kCovers.size() - summary.never.size(),
                      kCovers.size());
  for (const CoverRow* row : summary.never) {
    text += fmt::format("  never {:<24} {}\n", row->id, row->summary);
  }
  return text + fmt::format(
                    "{} seeds finished, {} failed in {} groups; now {} in {:.1f} s, {:.2f} "
                    "seeds/s{}\n",
                    summary.all.runs, summary.failed(), summary.groups.size(), session.runs,
                    session.elapsed_s, SeedsPerSecond(session),
                    session.complete ? "" : "; the rest is left for the next time");
}

std::string CampaignJson(const CampaignSummary& summary, const CampaignSession& session) {
  const CampaignIdentity& identity = summary.state.identity();
  std::string json = fmt::format(
      "{{\"format\":1,\n\"complete\":{},\"finished\":{},\"failed\":{},\"session_runs\":{},"
      "\"session_s\":{:.3f},\"seeds_per_s\":{:.3f},\"cpu_s\":{:.3f},\n",
      session.complete, summary.all.runs, summary.failed(), session.runs, session.elapsed_s,
      SeedsPerSecond(session), static_cast<double>(summary.all.wall_us) / 1e6);
  const auto run_json = [&](const FinishedRun* run) {
    return fmt::format("{{\"file\":{},\"seed\":{},\"message\":{},\"command\":{},\"page\":{}}}",
                       JsonText(identity.files[run->story]), run->seed, JsonText(run->message),
                       JsonText(CommandOf(summary, session, *run)),
                       JsonText(summary.state.PageOf(run->story, run->seed)));
  };
  json += "\"groups\":" + List(summary.groups, [&](const FailureGroup& group) {
            return fmt::format("{{\"check\":{},\"cause\":{},\"count\":{},\"runs\":{}}}",
                               JsonText(group.check), JsonText(group.cause), group.runs.size(),
                               List(group.runs, run_json));
          });
  std::vector<size_t> numbers(summary.stories.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  json += ",\n\"stories\":" + List(numbers, [&](size_t i) {
            const Totals& totals = summary.stories[i];
            return fmt::format(
                "{{\"file\":{},\"name\":{},\"runs\":{},\"failed\":{},\"cpu_s\":{:.3f},"
                "\"faults\":{},\"checks\":{}}}",
                JsonText(identity.files[i]), JsonText(summary.scenarios[i].name), totals.runs,
                totals.runs - totals.passes, static_cast<double>(totals.wall_us) / 1e6,
                FaultsJson(summary.scenarios[i], totals), ChecksJson(summary.scenarios[i], totals));
          });
  json += ",\n\"idle\":" +
          List(summary.idlers, [](const std::string& idler) { return JsonText(idler); });
  std::string covers;
  for (size_t i = 0; i < kCovers.size(); ++i) {
    covers +=
        fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(kCovers[i].id), summary.all.covers[i]);
  }
  return json + ",\n\"covers\":{" + covers + "},\n\"never\":" +
         List(summary.never, [](const CoverRow* row) { return JsonText(row->id); }) + "}\n";
}

namespace {

constexpr std::string_view kPageHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>norn-sim campaign</title><style>
body { font: 14px/1.45 system-ui, "Segoe UI", Roboto, Cantarell, sans-serif; color: #1d2733; margin: 20px 28px; }
h1 { font-size: 20px; } h2 { font-size: 16px; margin-top: 28px; }
table { border-collapse: collapse; } th { text-align: left; color: #66717f; }
td, th { padding: 3px 16px 3px 0; border-bottom: 1px solid #e8ecf0; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } .bad { color: #c62828; font-weight: 600; } .good { color: #2e7d32; font-weight: 600; }
code { font: 12px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; background: #f5f7f9; padding: 1px 5px; border-radius: 3px; overflow-wrap: anywhere; }
p.why { margin: 2px 0 6px; } .idle { color: #9aa4af; }
</style></head><body><h1>norn-sim campaign</h1>
)";

std::string Cell(uint64_t number) { return fmt::format("<td class=\"n\">{}</td>", number); }

std::string GroupHtml(const CampaignSummary& summary, const CampaignSession& session,
                      const FailureGroup& group) {
  std::string html =
      fmt::format("<h3 class=\"bad\">{} &middot; {} runs</h3><p class=\"why\">{}</p><table>",
                  HtmlText(group.check), group.runs.size(), HtmlText(group.cause));
  // Those with a page first: they are what one looks at.
  std::vector<const FinishedRun*> runs = group.runs;
  std::stable_partition(runs.begin(), runs.end(), [&](const FinishedRun* run) {
    return !summary.state.PageOf(run->story, run->seed).empty();
  });
  constexpr size_t kRows = 25;
  for (size_t i = 0; i < std::min(runs.size(), kRows); ++i) {
    const std::string page = summary.state.PageOf(runs[i]->story, runs[i]->seed);
    const std::string name =
        HtmlText(fmt::format("{} {}", summary.scenarios[runs[i]->story].name, runs[i]->seed));
    html += fmt::format(
        "<tr><td>{}</td><td><code>{}</code></td></tr>\n",
        page.empty() ? name : fmt::format("<a href=\"{}\">{}</a>", HtmlText(page), name),
        HtmlText(CommandOf(summary, session, *runs[i])));
  }
  return html + "</table>\n";
}

}  // namespace

std::string CampaignPage(const CampaignSummary& summary, const CampaignSession& session) {
  std::string html(kPageHead);
  html += fmt::format(
      "<p>{} seeds finished, <span class=\"{}\">{} failed in {} groups</span>; {:.0f} "
      "CPU s.{}</p>\n",
      summary.all.runs, summary.failed() == 0 ? "good" : "bad", summary.failed(),
      summary.groups.size(), static_cast<double>(summary.all.wall_us) / 1e6,
      session.complete ? "" : " Not complete: the same command goes on.");
  if (!summary.groups.empty()) html += "<h2>Failures</h2>\n";
  for (const FailureGroup& group : summary.groups) html += GroupHtml(summary, session, group);
  if (!summary.idlers.empty()) html += "<h2>What proved nothing</h2><ul>\n";
  for (const std::string& idler : summary.idlers) {
    html += fmt::format("<li class=\"bad\">{}</li>\n", HtmlText(idler));
  }
  if (!summary.idlers.empty()) html += "</ul>\n";
  html +=
      "<h2>Stories</h2><table><tr><th>story</th><th>seeds</th><th>failed</th><th>CPU s</th></tr>\n";
  for (size_t i = 0; i < summary.stories.size(); ++i) {
    const Totals& totals = summary.stories[i];
    html += fmt::format("<tr><td>{}</td>{}{}{}</tr>\n", HtmlText(summary.scenarios[i].name),
                        Cell(totals.runs), Cell(totals.runs - totals.passes),
                        Cell(totals.wall_us / 1000000));
  }
  html +=
      "</table><h2>Faults</h2><table><tr><th>kind</th><th>armed in runs</th><th>fired</th>"
      "<th>effect</th></tr>\n";
  for (const FaultRow& row : kFaultRows) {
    const FaultCount& count = summary.all.faults[static_cast<size_t>(row.kind)];
    if (count.armed == 0) continue;
    html += fmt::format("<tr><td>{}</td>{}{}{}</tr>\n", HtmlText(row.name), Cell(count.armed),
                        Cell(count.fired), Cell(count.effect));
  }
  html += fmt::format(
      "</table><h2>Marks</h2><p>{} of {} were passed.</p><table><tr><th>mark</th>"
      "<th>passed</th><th>what it is</th></tr>\n",
      kCovers.size() - summary.never.size(), kCovers.size());
  for (size_t i = 0; i < kCovers.size(); ++i) {
    const uint64_t count = summary.all.covers[i];
    html += fmt::format("<tr><td{}>{}</td>{}<td>{}</td></tr>\n", count == 0 ? " class=\"bad\"" : "",
                        HtmlText(kCovers[i].id), Cell(count), HtmlText(kCovers[i].summary));
  }
  return html + "</table></body></html>\n";
}

}  // namespace norn::scenarios
