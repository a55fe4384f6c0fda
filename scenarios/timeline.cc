#include "scenarios/timeline.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace norn::scenarios {
namespace {

void Count(std::vector<uint32_t>& bins, size_t bin) {
  if (bins.size() <= bin) bins.resize(bin + 1);
  ++bins[bin];
}

}  // namespace

Timeline::Lane Timeline::AddLane(std::string name) {
  lanes_.push_back(std::move(name));
  open_.emplace_back(kTracks, kNone);
  return lanes_.size() - 1;
}

size_t Timeline::AddService(std::string name) {
  services_.push_back({std::move(name), {}, {}});
  return services_.size() - 1;
}

void Timeline::Tell(Lane lane, Track track, int64_t at_ns, State state) {
  CHECK(lane < lanes_.size());
  size_t& open = open_[lane][static_cast<size_t>(track)];
  if (open != kNone) {
    Span& before = spans_[open];
    CHECK(before.from_ns <= at_ns);
    if (before.state == state) return;
    before.to_ns = at_ns;
  }
  open = spans_.size();
  spans_.push_back({lane, track, at_ns, kNotYetNs, std::move(state)});
}

void Timeline::Add(Event event) {
  if (events_.size() == kEntriesMax) {
    ++dropped_;
    return;
  }
  events_.push_back(std::move(event));
}

size_t Timeline::Add(Arrow arrow) {
  if (arrows_.size() == kEntriesMax) {
    ++dropped_;
    return SIZE_MAX;
  }
  arrows_.push_back(std::move(arrow));
  return arrows_.size() - 1;
}

void Timeline::Arrived(size_t arrow, int64_t at_ns) {
  if (arrow != SIZE_MAX) arrows_[arrow].arrived_ns = at_ns;
}

void Timeline::SetPlan(const faults::FaultPlan& plan, int64_t begun_ns) {
  faults_.clear();
  for (const faults::PlannedFault& planned : plan) {
    faults_.push_back(
        {.at_ns = begun_ns + planned.at.ns, .planned = planned, .lasted = planned.lasts});
  }
}

void Timeline::Served(size_t service, int64_t from_ns, int64_t to_ns, bool answered) {
  CHECK(from_ns <= to_ns);
  Service& at = services_[service];
  const auto first = static_cast<size_t>(from_ns / kBinNs);
  const auto last = static_cast<size_t>(to_ns / kBinNs);
  for (size_t bin = first; bin < last; ++bin) Count(at.waiting, bin);
  Count(answered ? at.answered : at.waiting, last);
}

void Timeline::Healed(int64_t at_ns) {
  for (Fault& fault : faults_) {
    const Duration left = Duration::Nanos(std::max(at_ns - fault.at_ns, int64_t{0}));
    if (fault.fate == Fault::Fate::kStruck) fault.lasted = std::min(fault.lasted, left);
  }
}

void Timeline::End(int64_t at_ns) {
  end_ns_ = at_ns;
  for (Span& span : spans_) span.to_ns = std::min(span.to_ns, at_ns);
}

}  // namespace norn::scenarios
