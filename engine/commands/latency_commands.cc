// LATENCY: histograms of commands, and events that took longer than latency-monitor-threshold.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/handlers.h"
#include "engine/commands/latency.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"
#include "engine/commands/table.h"

namespace norn::handlers {
namespace {

// Replies a command's distribution if it was ever called; returns how many it replied.
size_t ReplyHistogram(CommandContext& c, const CommandSpec& spec, const ExecutorStats& stats) {
  if (spec.id >= stats.commands.size()) return 0;
  const std::vector<LatencyStep> steps = LatencySteps(stats.commands[spec.id]);
  if (steps.empty()) return 0;
  c.reply.Bulk(spec.full_name);
  c.reply.Map(2);
  c.reply.Bulk("calls");
  c.reply.Integer(static_cast<int64_t>(steps.back().calls));
  c.reply.Bulk("histogram_usec");
  c.reply.Map(steps.size());
  for (const LatencyStep& step : steps) {
    c.reply.Integer(step.micros);
    c.reply.Integer(static_cast<int64_t>(step.calls));
  }
  return 1;
}

size_t ReplyHistograms(CommandContext& c, const CommandSpec& spec, const ExecutorStats& stats) {
  size_t replied = ReplyHistogram(c, spec, stats);
  for (const CommandSpec& subcommand : spec.subcommands) {
    replied += ReplyHistogram(c, subcommand, stats);
  }
  return replied;
}

}  // namespace

void LatencyHistogram(CommandContext& c) {
  const ExecutorStats stats = c.node.GatherStats().totals;
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t replied = 0;
  if (c.count() == 2) {
    for (const CommandSpec& spec : AllCommands()) replied += ReplyHistograms(c, spec, stats);
  }
  for (std::string_view name : c.words.subspan(2)) {
    const CommandSpec* spec = FindByFullName(name);
    if (spec != nullptr) replied += ReplyHistograms(c, *spec, stats);
  }
  c.reply.EndMap(begun, replied);
}

void LatencyHistory(CommandContext& c) {
  for (const LatencyEvent& event : c.node.LatencyEvents()) {
    if (event.name != c.word(2)) continue;
    c.reply.Array(event.samples.size());
    for (const LatencySample& sample : event.samples) {
      c.reply.Array(2);
      c.reply.Integer(sample.unix_s);
      c.reply.Integer(sample.ms);
    }
    return;
  }
  c.reply.Array(0);
}

void LatencyLatest(CommandContext& c) {
  const std::vector<LatencyEvent> events = c.node.LatencyEvents();
  c.reply.Array(events.size());
  for (const LatencyEvent& event : events) {
    c.reply.Array(4);
    c.reply.Bulk(event.name);
    c.reply.Integer(event.samples.back().unix_s);
    c.reply.Integer(event.samples.back().ms);
    c.reply.Integer(event.max_ms);
  }
}

void LatencyDoctor(CommandContext& c) {
  c.reply.Verbatim("txt", LatencyDiagnosis(c.node.LatencyEvents(),
                                           c.options.latency_monitor_threshold, c.now.unix_s()));
}

void LatencyGraph(CommandContext& c) {
  for (const LatencyEvent& event : c.node.LatencyEvents()) {
    if (event.name != c.word(2)) continue;
    return c.reply.Verbatim("txt", LatencyChart(event, c.now.unix_s()));
  }
  c.reply.Error(fmt::format("ERR No samples available for event '{}'", c.word(2)));
}

void LatencyReset(CommandContext& c) {
  std::vector<std::string> names(c.words.begin() + 2, c.words.end());
  c.reply.Integer(static_cast<int64_t>(c.node.ResetLatencyEvents(names)));
}

void LatencyHelp(CommandContext& c) {
  ReplyHelp(c,
            {
                "DOCTOR",
                "    What the recorded latencies say, and what may be done about them.",
                "GRAPH <event>",
                "    The recorded latencies of an event as a chart.",
                "HISTORY <event>",
                "    The recorded latencies of an event.",
                "LATEST",
                "    The latest latency of every event.",
                "RESET [<event> ...]",
                "    Forget the latencies of these events; without names, of all.",
                "HISTOGRAM [COMMAND ...]",
                "    How the latencies of these commands are distributed; without names, of all.",
            });
}

}  // namespace norn::handlers
