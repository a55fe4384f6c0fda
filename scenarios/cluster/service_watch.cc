#include "scenarios/cluster/service_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr int64_t kServedEveryNs = 5'000'000;
constexpr int64_t kUnservedEveryNs = 1'000'000;

// Errors of a node that does not serve, whatever it was asked.
constexpr std::array<std::string_view, 5> kOfService = {"CLUSTERDOWN", "READONLY", "MASTERDOWN",
                                                        "NOREPLICAS", "LOADING"};

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

void ServiceWatch::Look(const std::vector<SlotService>& slots, int64_t now_ns) {
  slots_.resize(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) LookAt(i, slots[i], now_ns);
  const bool all =
      std::all_of(slots.begin(), slots.end(), [](const SlotService& slot) { return slot.served; });
  next_ns_ = now_ns + (all ? kServedEveryNs : kUnservedEveryNs);
}

int64_t ServiceWatch::BoundOf(SlotService::Wait wait) const {
  switch (wait) {
    case SlotService::Wait::kNothing:
      return bounds_.outage_ns;
    case SlotService::Wait::kLaterData:
      return bounds_.outage_ns + bounds_.old_data_ns;
    case SlotService::Wait::kComeback:
      return bounds_.outage_ns + bounds_.comeback_ns;
  }
  return bounds_.outage_ns;
}

void ServiceWatch::LookAt(size_t index, const SlotService& service, int64_t now_ns) {
  Slot& slot = slots_[index];
  if (service.served) {
    if (slot.pause_since_ns >= 0) EndPause(index, now_ns);
    if (slot.able_since_ns >= 0) ++At(tallies_, CheckId::kBoundedOutage).examined;
    slot = Slot();
    return;
  }
  if (service.by_hand && slot.pause_since_ns < 0) slot.pause_since_ns = now_ns;
  if (!service.able) {
    slot.able_since_ns = -1;
    return;
  }
  const bool waits_anew = std::exchange(slot.wait, service.wait) != service.wait;
  if (slot.able_since_ns < 0 || waits_anew) slot.able_since_ns = now_ns;
  const int64_t lasted_ns = now_ns - slot.able_since_ns;
  if (lasted_ns <= BoundOf(service.wait)) return;
  At(tallies_, CheckId::kBoundedOutage)
      .Fail(fmt::format("at {:.3f} s: nobody takes writes of watched slot {} for {:.3f} s, with a "
                        "quorum and node {} alive",
                        Seconds(now_ns), index, Seconds(lasted_ns), service.node));
}

void ServiceWatch::Refused(const std::string& error, int64_t now_ns) {
  if (trouble_ns_ > now_ns - bounds_.aftermath_ns || slots_.empty()) return;
  const auto begins = [&error](std::string_view code) { return error.starts_with(code); };
  if (std::none_of(kOfService.begin(), kOfService.end(), begins)) return;
  At(tallies_, CheckId::kNoneRefused)
      .Fail(fmt::format("at {:.6f} s: a client was told {}", Seconds(now_ns), error));
}

void ServiceWatch::EndPause(size_t index, int64_t now_ns) {
  const int64_t since_ns = slots_[index].pause_since_ns;
  if (trouble_ns_ > since_ns - bounds_.aftermath_ns) return;
  CheckTally& tally = At(tallies_, CheckId::kShortPause);
  ++tally.examined;
  ++At(tallies_, CheckId::kNoneRefused).examined;
  const int64_t lasted_ns = now_ns - since_ns;
  longest_pause_ns_ = std::max(longest_pause_ns_, lasted_ns);
  if (lasted_ns <= bounds_.pause_ns) return;
  tally.Fail(
      fmt::format("at {:.3f} s: a failover by hand held writes of watched slot {} back for "
                  "{:.0f} ms",
                  Seconds(now_ns), index, static_cast<double>(lasted_ns) / 1e6));
}

}  // namespace norn::scenarios
