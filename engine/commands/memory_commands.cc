// MEMORY: where the memory is. MEMORY USAGE is with the commands that touch keys.

#include <string>

#include "engine/commands/handlers.h"
#include "engine/commands/memory_report.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

void Number(ReplyWriter& reply, std::string_view name, uint64_t value) {
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(value));
}

void Signed(ReplyWriter& reply, std::string_view name, int64_t value) {
  reply.Bulk(name);
  reply.Integer(value);
}

void Fraction(ReplyWriter& reply, std::string_view name, double value) {
  reply.Bulk(name);
  reply.Double(value);
}

// Returns how many it replied.
size_t ReplyDbs(ReplyWriter& reply, const NodeStats& stats) {
  size_t replied = 0;
  for (size_t index = 0; index < stats.dbs.size(); ++index) {
    if (stats.dbs[index].keys == 0) continue;
    reply.Bulk(fmt::format("db.{}", index));
    reply.Map(2);
    Number(reply, "overhead.hashtable.main", stats.dbs[index].overhead_bytes);
    Number(reply, "overhead.hashtable.expires", 0);  // deadlines stand in the entries
    ++replied;
  }
  return replied;
}

size_t ReplyHead(ReplyWriter& reply, const MemoryReport& memory) {
  Number(reply, "peak.allocated", memory.peak_bytes);
  Number(reply, "total.allocated", memory.used_bytes);
  Number(reply, "startup.allocated", memory.startup_bytes);
  Number(reply, "replication.backlog", memory.backlog_bytes);
  Number(reply, "clients.slaves", memory.replicas_bytes);
  Number(reply, "clients.normal", memory.clients_bytes);
  Number(reply, "cluster.links", 0);
  Number(reply, "aof.buffer", memory.aof_buffer_bytes);
  Number(reply, "lua.caches", 0);
  Number(reply, "functions.caches", 0);
  return 10;
}

size_t ReplyTail(ReplyWriter& reply, const MemoryReport& memory) {
  Number(reply, "overhead.db.hashtable.lut", memory.tables_bytes);
  Number(reply, "overhead.db.hashtable.rehashing", 0);
  Number(reply, "overhead.total", memory.overhead_bytes);
  Number(reply, "db.dict.rehashing.count", 0);
  Number(reply, "keys.count", memory.keys);
  Number(reply, "keys.bytes-per-key", memory.bytes_per_key);
  Number(reply, "dataset.bytes", memory.dataset_bytes);
  Fraction(reply, "dataset.percentage", memory.dataset_percent);
  Fraction(reply, "peak.percentage", memory.peak_percent);
  Number(reply, "allocator.allocated", memory.allocated_bytes);
  Number(reply, "allocator.active", memory.active_bytes);
  Number(reply, "allocator.resident", memory.mapped_bytes);
  Number(reply, "allocator.muzzy", 0);
  Fraction(reply, "allocator-fragmentation.ratio", memory.AllocatorFragmentation());
  Signed(reply, "allocator-fragmentation.bytes",
         MemoryReport::Excess(memory.active_bytes, memory.allocated_bytes));
  Fraction(reply, "allocator-rss.ratio", memory.AllocatorResident());
  Signed(reply, "allocator-rss.bytes",
         MemoryReport::Excess(memory.mapped_bytes, memory.active_bytes));
  Fraction(reply, "rss-overhead.ratio", memory.ResidentOverhead());
  Signed(reply, "rss-overhead.bytes",
         MemoryReport::Excess(memory.resident_bytes, memory.mapped_bytes));
  Fraction(reply, "fragmentation", memory.Fragmentation());
  Signed(reply, "fragmentation.bytes",
         MemoryReport::Excess(memory.resident_bytes, memory.used_bytes));
  return 21;
}

std::string Diagnosis(const MemoryReport& memory) {
  constexpr uint64_t kTooSmallBytes = 5 << 20;
  constexpr double kHighPeak = 1.5;
  constexpr double kHighFragmentation = 1.4;
  if (memory.used_bytes < kTooSmallBytes) {
    return "There is so little data here that its memory cannot be judged.\n";
  }
  std::string findings;
  if (static_cast<double>(memory.peak_bytes) > kHighPeak * static_cast<double>(memory.used_bytes)) {
    findings +=
        " * High peak: the server once used far more memory than now. The allocator may still hold "
        "what was freed, and the fragmentation ratio may look high for it.\n";
  }
  if (memory.Fragmentation() > kHighFragmentation) {
    findings += fmt::format(
        " * High fragmentation: the process occupies {:.2f} times the memory that data and buffers "
        "need.\n",
        memory.Fragmentation());
  }
  if (findings.empty()) return "Nothing about the use of memory looks wrong.\n";
  return "Something about the use of memory looks wrong:\n\n" + findings;
}

}  // namespace

void MemoryStats(CommandContext& c) {
  const NodeStats stats = c.node.GatherStats();
  const MemoryReport memory = ReportMemory(stats);
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t fields = ReplyHead(c.reply, memory);
  fields += ReplyDbs(c.reply, stats);
  fields += ReplyTail(c.reply, memory);
  c.reply.EndMap(begun, fields);
}

void MemoryDoctor(CommandContext& c) {
  c.reply.Verbatim("txt", Diagnosis(ReportMemory(c.node.GatherStats())));
}

void MemoryMallocStats(CommandContext& c) {
  const MemoryReport memory = ReportMemory(c.node.GatherStats());
  if (memory.mapped_bytes == 0) {
    return c.reply.Bulk("Stats not supported for the current allocator");
  }
  c.reply.Verbatim("txt", fmt::format("Allocated: {}, active: {}, mapped: {}, resident: {}\n",
                                      memory.allocated_bytes, memory.active_bytes,
                                      memory.mapped_bytes, memory.resident_bytes));
}

// What norn itself holds back goes to the allocator, which returns pages to the system on its own schedule.
void MemoryPurge(CommandContext& c) {
  c.node.OnEveryShard([](uint32_t, Keyspace& keyspace) { keyspace.ReclaimSome(SIZE_MAX); });
  c.reply.Ok();
}

void MemoryHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "DOCTOR",
                   "    What looks wrong about the use of memory.",
                   "MALLOC-STATS",
                   "    What the allocator tells.",
                   "PURGE",
                   "    Free what waits to be freed.",
                   "STATS",
                   "    Where the memory is.",
                   "USAGE <key> [SAMPLES <count>]",
                   "    The bytes that a key and its value take; of a collection <count> elements",
                   "    are looked at (default: 5; 0: all).",
               });
}

}  // namespace norn::handlers
