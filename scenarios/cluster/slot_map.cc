#include "scenarios/cluster/slot_map.h"

#include <algorithm>
#include <utility>

#include "engine/base/number.h"

namespace norn::scenarios {
namespace {

// "" when it cannot be told: no address is known.
std::string AddressOf(const net::Reply& node) {
  if (node.elements.size() < 2 || node.elements[0].text.empty()) return "";
  return node.elements[0].text + ":" + node.elements[1].text;
}

}  // namespace

std::optional<Redirect> Redirect::Parse(std::string_view error) {
  Redirect redirect;
  redirect.ask = error.starts_with("ASK ");
  if (!redirect.ask && !error.starts_with("MOVED ")) return std::nullopt;
  error.remove_prefix(error.find(' ') + 1);
  const size_t blank = error.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> slot = ParseUint64(error.substr(0, blank));
  if (!slot || *slot >= kSlotCount) return std::nullopt;
  redirect.slot = SlotId{static_cast<uint16_t>(*slot)};
  redirect.address = std::string(error.substr(blank + 1));
  return redirect;
}

bool SlotMap::Learn(const net::Reply& reply) {
  if (reply.type != net::ReplyType::kArray) return false;
  std::vector<Range> ranges;
  for (const net::Reply& row : reply.elements) {
    if (row.elements.size() < 3) return false;
    const std::optional<uint64_t> first = ParseUint64(row.elements[0].text);
    const std::optional<uint64_t> last = ParseUint64(row.elements[1].text);
    if (!first || !last || *first > *last || *last >= kSlotCount) return false;
    Range range{static_cast<uint32_t>(*first), static_cast<uint32_t>(*last),
                AddressOf(row.elements[2])};
    for (size_t i = 3; i < row.elements.size(); ++i) {
      const std::string replica = AddressOf(row.elements[i]);
      if (!replica.empty()) range.replicas.push_back(replica);
    }
    if (!range.primary.empty()) ranges.push_back(std::move(range));
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  ranges_ = std::move(ranges);
  return true;
}

void SlotMap::Moved(SlotId slot, const std::string& address) {
  for (Range& range : ranges_) {
    if (slot.value < range.first || slot.value > range.last) continue;
    // Slots move with their shard nearly always; where not, the next MOVED says so.
    if (range.primary != address) {
      std::erase(range.replicas, address);
      range.replicas.push_back(std::exchange(range.primary, address));
    }
    return;
  }
  ranges_.push_back({slot.value, slot.value, address});
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
}

const SlotMap::Range* SlotMap::Find(SlotId slot) const {
  for (const Range& range : ranges_) {
    if (slot.value >= range.first && slot.value <= range.last) return &range;
  }
  return nullptr;
}

}  // namespace norn::scenarios
