#include "scenarios/page/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace norn::scenarios {
namespace {

// Links have no events of their own; a cut that lasts less is seen only if a fault tells of it.
constexpr int64_t kLinksEveryNs = 10'000'000;
// On top of what a link always has: that much later is slow.
constexpr Duration kSlow = Duration::Millis(1);

std::string_view LifeOf(const ServerHost& host) {
  switch (host.node()->state()) {
    case sim::NodeState::kDown:
      return "down";
    case sim::NodeState::kPaused:
      return "paused";
    default:
      return host.serving() ? "up" : "starting";
  }
}

}  // namespace

Recorder::Recorder(const Scenario& scenario, sim::World& world, Timeline& timeline,
                   std::vector<ServerHost*> hosts, const CheckTallies& tallies, RoleOf role_of)
    : scenario_(scenario),
      world_(world),
      timeline_(timeline),
      hosts_(std::move(hosts)),
      tallies_(tallies),
      role_of_(std::move(role_of)),
      seen_(hosts_.size()),
      failed_(kCheckCount) {
  for (const ServerHost* host : hosts_) timeline_.AddLane(std::string(host->node()->name()));
}

void Recorder::Watch(faults::Targets& targets, const faults::FaultPlan& plan, bool clients_as_one) {
  timeline_.SetPlan(plan, world_.now().ns);
  clients_ = targets.clients;
  answered_.assign(clients_.size(), 0);
  clients_at_ns_ = world_.now().ns;
  if (clients_as_one) service_ = timeline_.AddService("all clients");
  targets.told = [this](size_t index, bool fired, const std::vector<size_t>& aimed_at) {
    Struck(index, fired, aimed_at);
  };
}

void Recorder::Look() {
  LookAtLives();
  const int64_t now_ns = world_.now().ns;
  if (now_ns < links_at_ns_) return;
  links_at_ns_ = now_ns + kLinksEveryNs;
  LookAtLinks();
  LookAtChecks();
  if (service_ && now_ns >= clients_at_ns_ + Timeline::kBinNs) LookAtClients();
}

void Recorder::LookAtLives() {
  const int64_t now_ns = world_.now().ns;
  for (size_t i = 0; i < hosts_.size(); ++i) {
    const std::string_view life = LifeOf(*hosts_[i]);
    if (life != seen_[i].life) {
      seen_[i].life = life;
      timeline_.Tell(i, Timeline::Track::kLife, now_ns, {.value = std::string(life)});
    }
    if (life == "down" || life == "starting") continue;
    if (auto role = role_of_(i)) {
      timeline_.Tell(i, Timeline::Track::kRole, now_ns, *std::move(role));
    }
    const cluster::Member* const member = hosts_[i]->member();
    if (member == nullptr) continue;
    const bool serving = member->view().state().ok;
    if (serving == seen_[i].serving) continue;
    seen_[i].serving = serving;
    timeline_.Tell(i, Timeline::Track::kService, now_ns, {.value = serving ? "ok" : "fail"});
  }
}

bool Recorder::IsCut(const sim::Node& a, const sim::Node& b) const {
  return world_.fabric().LinkFrom(a.index(), b.index()).Blocked(world_.now());
}

bool Recorder::IsSlow(const sim::Node& a, const sim::Node& b) const {
  const sim::LinkOptions& link = world_.fabric().GetLink(a.index(), b.index());
  return link.latency >= kSlow || link.tail_one_in != 0 || link.bytes_per_second != 0;
}

Timeline::State Recorder::ReachOf(size_t lane) const {
  const sim::Node& self = *hosts_[lane]->node();
  std::string cut, slow;
  size_t whole = 0, peers = 0, nodes_cut = 0, clients_cut = 0;
  const auto name = [](std::string& list, std::string_view what) {
    list += (list.empty() ? "" : ", ") + std::string(what);
  };
  for (const ServerHost* host : hosts_) {
    const sim::Node& other = *host->node();
    if (&other == &self) continue;
    ++peers;
    const bool deaf = IsCut(other, self);
    const bool mute = IsCut(self, other);
    if (deaf && mute) ++whole;
    if (deaf || mute) {
      ++nodes_cut;
      name(cut, fmt::format("{}{}", other.name(), deaf && mute ? "" : deaf ? " (from)" : " (to)"));
    } else if (IsSlow(other, self) || IsSlow(self, other)) {
      name(slow, other.name());
    }
  }
  for (const faults::Bystander& client : clients_) {
    if (IsCut(*client.host, self) || IsCut(self, *client.host)) ++clients_cut;
    if (IsSlow(*client.host, self) || IsSlow(self, *client.host)) name(slow, client.host->name());
  }
  if (clients_cut > 0) name(cut, fmt::format("{} of {} clients", clients_cut, clients_.size()));
  if (cut.empty() && slow.empty()) return {.value = "all"};
  const bool alone =
      peers > 0 ? whole == peers : clients_cut == clients_.size() && !clients_.empty();
  return {.value = alone         ? "none"
                   : cut.empty() ? "slow"
                                 : "some",
          .epoch = nodes_cut,
          .words = (cut.empty() ? "" : "cut off from " + cut) +
                   (cut.empty() || slow.empty() ? "" : "; ") +
                   (slow.empty() ? "" : "slow to or from " + slow)};
}

void Recorder::LookAtLinks() {
  for (size_t i = 0; i < hosts_.size(); ++i) {
    Timeline::State reach = ReachOf(i);
    if (reach == seen_[i].reach) continue;
    seen_[i].reach = reach;
    timeline_.Tell(i, Timeline::Track::kReach, world_.now().ns, std::move(reach));
  }
}

void Recorder::LookAtClients() {
  const int64_t from_ns = clients_at_ns_;
  clients_at_ns_ = world_.now().ns;
  for (size_t i = 0; i < clients_.size(); ++i) {
    const uint64_t answered = clients_[i].pipelines();
    for (uint64_t one = answered_[i]; one < answered; ++one) {
      timeline_.Served(*service_, from_ns, from_ns, true);
    }
    if (answered == answered_[i] && clients_[i].waiting()) {
      timeline_.Served(*service_, from_ns, from_ns, false);
    }
    answered_[i] = answered;
  }
}

void Recorder::LookAtChecks() {
  for (size_t i = 0; i < kCheckCount; ++i) {
    if (tallies_[i].failures == 0 || failed_[i]) continue;
    if (!scenario_.Checks(std::string(kChecks[i].name))) continue;
    failed_[i] = any_failed_ = true;
    timeline_.Add(Timeline::Event{world_.now().ns, 0, "check",
                                  fmt::format("{}: {}", kChecks[i].name, tallies_[i].message)});
  }
}

void Recorder::Struck(size_t index, bool fired, const std::vector<size_t>& aimed_at) {
  Timeline::Fault& fault = timeline_.fault(index);
  fault.fate = fired ? Timeline::Fault::Fate::kStruck : Timeline::Fault::Fate::kNothingToHit;
  if (!fired) return;
  fault.at_ns = world_.now().ns;
  const std::vector<Seen> before = seen_;
  LookAtLives();
  LookAtLinks();
  // Whom it hit: those that it was aimed at and those that live otherwise now. Cuts concern both sides; where somebody is alone
  // now, it is about him.
  std::vector<size_t> hit = aimed_at, cut, alone;
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i].life != before[i].life) hit.push_back(i);
    if (seen_[i].reach == before[i].reach) continue;
    cut.push_back(i);
    if (seen_[i].reach.value == "none") alone.push_back(i);
  }
  fault.lanes = !hit.empty() ? hit : !alone.empty() ? alone : cut;
  std::sort(fault.lanes.begin(), fault.lanes.end());
  fault.lanes.erase(std::unique(fault.lanes.begin(), fault.lanes.end()), fault.lanes.end());
}

void Recorder::Hear(size_t lane, std::string_view line) {
  if (lane >= hosts_.size()) return;
  timeline_.Add(Timeline::Event{world_.now().ns, lane, "log", std::string(line)});
}

void Recorder::End(std::string_view failed_check, std::string_view message) {
  LookAtChecks();
  if (!failed_check.empty() && !any_failed_) {
    timeline_.Add(
        Timeline::Event{world_.now().ns, 0, "check", fmt::format("{}: {}", failed_check, message)});
  }
  timeline_.End(world_.now().ns);
}

}  // namespace norn::scenarios
