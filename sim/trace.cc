#include "sim/trace.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/hash.h"

namespace norn::sim {
namespace {

struct KindName {
  const char* name;
  const char* a;
  const char* b;
};

// In the order of TraceKind.
constexpr KindName kKinds[] = {
    {"boot", "incarnation", "executors"},
    {"stop", "incarnation", "fibers"},
    {"crash", "incarnation", "host_alive"},
    {"pause", "incarnation", "-"},
    {"resume", "incarnation", "-"},
    {"exit", "code", "-"},
    {"fiber", "cost_ns", "ready"},
    {"task", "cost_ns", "queued"},
    {"timer", "local_ns", "-"},
    {"spawn", "-", "-"},
    {"post", "to", "latency_ns"},
    {"arrive", "from", "-"},
    {"entropy", "value", "-"},
    {"log", "level", "hash"},
    {"clock", "change", "value"},
    {"listen", "ip", "port"},
    {"connect", "connection", "port"},
    {"refuse", "connection", "-"},
    {"accept", "connection", "-"},
    {"write", "end_bytes", "hash"},
    {"deliver", "end", "bytes"},
    {"read", "end", "bytes"},
    {"shutdown", "end", "-"},
    {"close", "end", "-"},
    {"reset", "end", "discarded"},
    {"hold", "end", "segment"},
    {"release", "end", "segments"},
    {"link", "to", "options"},
    {"vanish", "end", "-"},
    {"swallow", "end", "bytes"},
    {"disk", "op_bytes", "hash"},
    {"diskerror", "op", "code"},
    {"diskcrash", "kept", "lost"},
    {"note", "a", "b"},
    {"corrupt", "end", "bit"},
};
static_assert(std::size(kKinds) == static_cast<size_t>(TraceKind::kCorrupt) + 1);

}  // namespace

void Trace::AddText(TraceKind kind, NodeIndex node, uint64_t a, std::string_view text) {
  TraceRecord& record = recent_[count_ % kRecent];
  record = TraceRecord{scheduler_.now().ns, a, HashBytes(text, 0), node, kNoExecutor, kind};
  ++count_;
  Fold(record);
  if (sink_) WriteLine(record, text);
}

std::string Trace::Format(const TraceRecord& record) {
  const KindName& kind = kKinds[static_cast<size_t>(record.kind)];
  std::string line = fmt::format("{}.{:09}", record.at_ns / 1000000000, record.at_ns % 1000000000);
  if (record.node != NodeIndex::None()) line += fmt::format(" n{}", record.node.value);
  if (record.executor != kNoExecutor) line += fmt::format("/{}", record.executor);
  return line + fmt::format(" {} {}={:x} {}={:x}", kind.name, kind.a, record.a, kind.b, record.b);
}

void Trace::WriteLine(const TraceRecord& record, std::string_view text) {
  std::string line = Format(record);
  if (!text.empty()) line.append(" ").append(text);
  sink_(line);
}

void Trace::PrintRecent(std::FILE* out) const {
  const uint64_t first = count_ > kRecent ? count_ - kRecent : 0;
  for (uint64_t i = first; i < count_; ++i) {
    std::fprintf(out, "  %s\n", Format(recent_[i % kRecent]).c_str());
  }
}

}  // namespace norn::sim
