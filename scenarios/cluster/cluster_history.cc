#include "scenarios/cluster/cluster_history.h"

#include <fmt/format.h>

#include <charconv>

namespace norn::scenarios {

std::string TokenOf(WriteId id) { return fmt::format("{:07x};", id); }

std::optional<std::vector<WriteId>> ParseList(std::string_view value, size_t writes) {
  if (value.size() % kTokenBytes != 0) return std::nullopt;
  std::vector<WriteId> list;
  list.reserve(value.size() / kTokenBytes);
  for (size_t at = 0; at < value.size(); at += kTokenBytes) {
    const char* const end = value.data() + at + kTokenBytes - 1;
    WriteId id = 0;
    const auto parsed = std::from_chars(value.data() + at, end, id, 16);
    if (parsed.ec != std::errc() || parsed.ptr != end || *end != ';') return std::nullopt;
    if (id == 0 || id > writes) return std::nullopt;
    list.push_back(id);
  }
  return list;
}

}  // namespace norn::scenarios
