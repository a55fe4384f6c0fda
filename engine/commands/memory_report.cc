#include "engine/commands/memory_report.h"

#include <algorithm>

namespace norn {
namespace {

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// The counters are read one after the other while the node runs, so a part may exceed its whole for a moment.
uint64_t Less(uint64_t whole, uint64_t part) { return whole > part ? whole - part : 0; }

}  // namespace

MemoryReport ReportMemory(const NodeStats& stats) {
  MemoryReport report;
  const ReplicationStats& replication = stats.replication;
  report.backlog_bytes = replication.backlog_bytes;
  report.replicas_bytes = Less(replication.buffer_bytes, replication.backlog_bytes);
  report.aof_buffer_bytes = stats.persistence.aof.aof_buffer_length;
  const uint64_t buffers_bytes =
      report.backlog_bytes + report.replicas_bytes + report.aof_buffer_bytes;
  report.used_bytes = stats.used_memory_bytes + buffers_bytes;
  report.peak_bytes = std::max(stats.used_memory_peak_bytes, report.used_bytes);
  report.startup_bytes = stats.startup_memory_bytes;
  report.clients_bytes = stats.client_memory_bytes;
  for (const DbStats& db : stats.dbs) {
    report.tables_bytes += db.overhead_bytes;
    report.keys += db.keys;
  }
  report.overhead_bytes =
      report.startup_bytes + report.clients_bytes + report.tables_bytes + buffers_bytes;
  report.dataset_bytes = Less(report.used_bytes, report.overhead_bytes);
  const uint64_t net_bytes = Less(report.used_bytes, report.startup_bytes);
  report.bytes_per_key = report.keys == 0 ? 0 : net_bytes / report.keys;
  report.dataset_percent = Percent(report.dataset_bytes, net_bytes);
  report.peak_percent = Percent(report.used_bytes, report.peak_bytes);
  report.resident_bytes = stats.process.resident_bytes;
  report.allocated_bytes = stats.process.allocated_bytes;
  report.active_bytes = stats.process.active_bytes;
  report.mapped_bytes = stats.process.mapped_bytes;
  report.system_bytes = stats.process.total_memory_bytes;
  return report;
}

}  // namespace norn
