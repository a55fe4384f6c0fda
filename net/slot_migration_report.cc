// What is told of slot migrations: CLUSTER GETSLOTMIGRATIONS, INFO, and the log's lines about those that take long.

#include <fmt/format.h>

#include <algorithm>

#include "net/slot_migration.h"

namespace norn::net {

using cluster::ClusterCall;
using cluster::MigrationRow;
using cluster::MigrationState;
using cluster::SlotSet;

namespace {

constexpr Duration kReportEvery = Duration::Seconds(5);

}  // namespace

void SlotMigrations::Show(const ClusterCall& call) {
  std::vector<const MigrationRow*> rows;
  for (const auto& job : exports_) rows.push_back(&job->machine.row());
  for (const auto& job : imports_) rows.push_back(&job->machine.row());
  const auto later = [](const MigrationRow* a, const MigrationRow* b) {
    return a->created_unix_s > b->created_unix_s;
  };
  std::ranges::stable_sort(rows, later);
  call.reply.Array(rows.size());
  const auto text = [&](std::string_view name, std::string_view value) {
    call.reply.Bulk(name);
    call.reply.Bulk(value);
  };
  const auto number = [&](std::string_view name, int64_t value) {
    call.reply.Bulk(name);
    call.reply.Integer(value);
  };
  for (const MigrationRow* row : rows) {
    call.reply.Map(12);
    text("name", row->name);
    text("operation", row->exports ? "EXPORT" : "IMPORT");
    text("slot_ranges", cluster::RangesText(row->slots));
    text("target_node", row->target.view());
    text("source_node", row->source.view());
    number("create_time", row->created_unix_s);
    number("last_update_time", row->updated_unix_s);
    number("last_ack_time", row->acked_unix_s);
    text("state", cluster::MigrationStateName(row->state));
    text("message", row->message);
    number("cow_size", 0);
    number("remaining_repl_size", static_cast<int64_t>(row->remaining_bytes));
  }
}

// Once, when it has ended.
void SlotMigrations::CountEnded(const MigrationRow& row) {
  switch (row.state) {
    case MigrationState::kSuccess:
      ++totals_.done;
      return;
    case MigrationState::kCancelled:
      ++totals_.cancelled;
      return;
    default:
      ++totals_.failed;
      totals_.last_error = fmt::format("{}: {}", row.name, row.message);
      return;
  }
}

std::string SlotMigrations::Info() const {
  SlotSet out, uncopied, in;
  size_t exports = 0;
  uint64_t queued_bytes = 0;
  for (const auto& job : exports_) {
    if (job->machine.row().ended()) continue;
    ++exports;
    out |= job->machine.row().slots;
    uncopied |= job->uncopied;
    queued_bytes += job->queued_bytes;
  }
  size_t imports = 0;
  for (const auto& job : imports_) {
    if (!job->machine.active()) continue;
    ++imports;
    in |= job->machine.row().slots;
  }
  std::string lines;
  const auto add = [&](std::string_view name, const auto& value) {
    lines += fmt::format("{}:{}\r\n", name, value);
  };
  add("slot_migrations_out", exports);
  add("slot_migrations_out_slots", out.count());
  add("slot_migrations_out_slots_uncopied", uncopied.count());
  add("slot_migrations_out_bytes_unsent", queued_bytes);
  add("slot_migrations_in", imports);
  add("slot_migrations_in_slots", in.count());
  add("slot_migrations_done", totals_.done);
  add("slot_migrations_failed", totals_.failed);
  add("slot_migrations_cancelled", totals_.cancelled);
  add("slot_migrations_bytes_sent", totals_.sent_bytes);
  add("slot_migrations_bytes_received", totals_.received_bytes);
  add("slot_migrations_last_wait_ms", totals_.last_wait_ms);
  add("slot_migrations_last_error", totals_.last_error);
  return lines;
}

void SlotMigrations::Report(Export& job) {
  if (Now() < job.report_at) return;
  job.report_at = Now() + kReportEvery;
  const MigrationRow& row = job.machine.row();
  log().Notice("Slot migration {}: {}, {} of {} slots copied, {} bytes sent, {} waiting", row.name,
               cluster::MigrationStateName(row.state), row.slots.count() - job.uncopied.count(),
               row.slots.count(), job.sent_bytes, job.queued_bytes);
}

void SlotMigrations::Report(Import& job) {
  if (Now() < job.report_at) return;
  job.report_at = Now() + kReportEvery;
  const MigrationRow& row = job.machine.row();
  log().Notice("Slot migration {}: {}, {} bytes came", row.name,
               cluster::MigrationStateName(row.state), job.machine.applied());
}

}  // namespace norn::net
