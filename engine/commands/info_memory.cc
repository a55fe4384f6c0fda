// INFO: memory.

#include <string>

#include "engine/commands/info.h"
#include "engine/commands/memory_report.h"
#include "engine/config/config.h"
#include "engine/config/table.h"

#include <fmt/format.h>

namespace norn {
namespace {

std::string PolicyName(const config::Options& options) {
  return config::Format(*config::FindOption("maxmemory-policy"), options);
}

void AddScripts(InfoLines& lines) {
  lines.Add("used_memory_lua", 0)
      .Add("used_memory_vm_eval", 0)
      .Add("used_memory_lua_human", "0B")
      .Add("used_memory_scripts_eval", 0)
      .Add("number_of_cached_scripts", 0)
      .Add("number_of_functions", 0)
      .Add("number_of_libraries", 0)
      .Add("used_memory_vm_functions", 0)
      .AddBytes("used_memory_vm_total", 0)
      .Add("used_memory_functions", 0)
      .AddBytes("used_memory_scripts", 0);
}

}  // namespace

std::string InfoMemory(const InfoFacts& facts) {
  const MemoryReport memory = ReportMemory(facts.stats);
  InfoLines lines("Memory");
  lines.AddBytes("used_memory", memory.used_bytes)
      .AddBytes("used_memory_rss", memory.resident_bytes)
      .AddBytes("used_memory_peak", memory.peak_bytes)
      .AddDecimal("used_memory_peak_perc", memory.peak_percent, "%")
      .Add("used_memory_overhead", memory.overhead_bytes)
      .Add("used_memory_startup", memory.startup_bytes)
      .Add("used_memory_dataset", memory.dataset_bytes)
      .AddDecimal("used_memory_dataset_perc", memory.dataset_percent, "%")
      .Add("allocator_allocated", memory.allocated_bytes)
      .Add("allocator_active", memory.active_bytes)
      .Add("allocator_resident", memory.mapped_bytes)
      .Add("allocator_muzzy", 0)
      .AddBytes("total_system_memory", memory.system_bytes);
  AddScripts(lines);
  lines.AddBytes("maxmemory", facts.options.maxmemory)
      .Add("maxmemory_policy", PolicyName(facts.options))
      .AddDecimal("allocator_frag_ratio", memory.AllocatorFragmentation())
      .Add("allocator_frag_bytes",
           MemoryReport::Excess(memory.active_bytes, memory.allocated_bytes))
      .AddDecimal("allocator_rss_ratio", memory.AllocatorResident())
      .Add("allocator_rss_bytes", MemoryReport::Excess(memory.mapped_bytes, memory.active_bytes))
      .AddDecimal("rss_overhead_ratio", memory.ResidentOverhead())
      .Add("rss_overhead_bytes", MemoryReport::Excess(memory.resident_bytes, memory.mapped_bytes))
      .AddDecimal("mem_fragmentation_ratio", memory.Fragmentation())
      .Add("mem_fragmentation_bytes",
           MemoryReport::Excess(memory.resident_bytes, memory.used_bytes))
      .Add("mem_not_counted_for_evict", memory.aof_buffer_bytes + memory.replicas_bytes)
      .Add("mem_replication_backlog", memory.backlog_bytes)
      .Add("mem_total_replication_buffers", memory.backlog_bytes + memory.replicas_bytes)
      .Add("mem_clients_slaves", memory.replicas_bytes)
      .Add("mem_clients_normal", memory.clients_bytes)
      .Add("mem_cluster_links", 0)
      .Add("mem_aof_buffer", memory.aof_buffer_bytes)
      .Add("mem_allocator", memory.mapped_bytes > 0 ? "jemalloc" : "libc")
      .Add("mem_overhead_db_hashtable_rehashing", 0)
      .Add("active_defrag_running", 0);
  return lines.Take();
}

}  // namespace norn
