#include "scenarios/faults.h"

#include <algorithm>
#include <string>

#include "scenarios/names.h"

namespace norn::scenarios {
namespace {

// After a client's timeout everybody has noticed what they will notice.
constexpr int64_t kNoticeNs = 1'000'000'000;

}  // namespace

Faults::Faults(const Scenario& scenario, const FaultTargets& targets, Instant stop_at)
    : scenario_(scenario), targets_(targets), stop_at_(stop_at) {
  const sim::NodeIndex first = targets_.servers.front()->node()->index();
  for (size_t i = 0; i < targets_.hosts.size(); ++i) {
    links_.push_back({targets_.hosts[i]->index(), first, targets_.clients[i]});
  }
  for (size_t i = 0; i < targets_.servers.size(); ++i) {
    patients_.emplace_back().host = targets_.servers[i];
    for (size_t j = 0; j < i; ++j) {
      links_.push_back(
          {targets_.servers[i]->node()->index(), targets_.servers[j]->node()->index()});
    }
  }
  if (!links_.empty()) {
    healthy_link_ = targets_.world->fabric().GetLink(links_[0].server, links_[0].host);
  }
  Prng swarm = targets_.world->PrngOf("fault swarm");
  for (const FaultRow& row : kFaultRows) {
    const size_t i = static_cast<size_t>(row.kind);
    const bool spared = scenario_.swarm && swarm.OneIn(2);
    lanes_[i].armed = scenario_.faults[i].enabled() && !spared;
    lanes_[i].prng = targets_.world->PrngOf("fault " + std::string(row.name));
    counts_[i].armed = lanes_[i].armed ? 1 : 0;
  }
}

bool Faults::any_armed() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.armed; });
}

void Faults::Arm() {
  for (const FaultRow& row : kFaultRows) {
    if (lanes_[static_cast<size_t>(row.kind)].armed) ScheduleNext(row.kind);
  }
}

void Faults::ScheduleNext(FaultKind kind) {
  Prng& prng = lanes_[static_cast<size_t>(kind)].prng;
  After(Section(kind).every_ns.Draw(prng), [this, kind] {
    if (targets_.world->now() >= stop_at_) return;
    if (Fire(kind)) ++counts_[static_cast<size_t>(kind)].fired;
    ScheduleNext(kind);
  });
}

bool Faults::Fire(FaultKind kind) {
  Prng& prng = lanes_[static_cast<size_t>(kind)].prng;
  switch (kind) {
    case FaultKind::kReset:
      return FireReset(prng);
    case FaultKind::kSlowLink:
      return FireSlowLink(prng);
    case FaultKind::kHalfOpen:
      return FireHalfOpen(prng);
    case FaultKind::kPartition:
      return FirePartition(prng);
    case FaultKind::kCrash:
      return FireCrash(prng);
    case FaultKind::kPause:
      return FirePause(prng);
    case FaultKind::kLinkKill:
    case FaultKind::kPromote:
    case FaultKind::kRefollow:
      return targets_.command && targets_.command(kind, prng, [this, kind] { Effect(kind); });
    default:
      return FireDisk(kind, prng);
  }
}

bool Faults::FireReset(Prng& prng) {
  sim::Fabric& fabric = targets_.world->fabric();
  const uint64_t before = fabric.counters().resets_seen;
  if (!fabric.ResetRandom(prng)) return false;
  if (fabric.counters().resets_seen > before) Effect(FaultKind::kReset);
  return true;
}

Faults::Patient& Faults::PickServer(Prng& prng) {
  return patients_[patients_.size() == 1 ? 0 : prng.Below(patients_.size())];
}

Faults::Link* Faults::PickHealthyLink(Prng& prng) {
  if (links_.empty()) return nullptr;
  Link& link = links_[prng.Below(links_.size())];
  return link.ill ? nullptr : &link;
}

// Only clients can tell whether it mattered.
bool Faults::FireSlowLink(Prng& prng) {
  const FaultSection& section = Section(FaultKind::kSlowLink);
  Link* const link = PickHealthyLink(prng);
  if (link == nullptr) return false;
  const bool to_server = prng.OneIn(2);
  const int64_t latency_ns = section.latency_ns.Draw(prng);
  const int64_t lasts_ns = section.lasts_ns.Draw(prng);
  sim::Fabric& fabric = targets_.world->fabric();
  const sim::NodeIndex from = to_server ? link->host : link->server;
  const sim::NodeIndex to = to_server ? link->server : link->host;
  sim::LinkOptions slow = fabric.GetLink(from, to);
  slow.latency = slow.latency + Duration::Nanos(latency_ns);
  fabric.SetLink(from, to, slow);
  link->ill = true;
  const uint64_t pipelines = link->client == nullptr ? 0 : link->client->pipelines();
  After(lasts_ns, [this, link, pipelines] {
    RestoreLink(*link);
    if (link->client != nullptr && link->client->pipelines() > pipelines) {
      Effect(FaultKind::kSlowLink);
    }
  });
  return true;
}

bool Faults::FireHalfOpen(Prng& prng) {
  sim::Fabric& fabric = targets_.world->fabric();
  const std::vector<uint64_t> connections = fabric.Connections();
  if (connections.empty()) return false;
  const uint64_t connection = connections[prng.Below(connections.size())];
  const sim::End vanishing = prng.OneIn(2) ? sim::End::kClient : sim::End::kServer;
  uint64_t lost = 0;
  for (const SimClient* client : targets_.clients) lost += client->connections_lost();
  if (!fabric.HalfOpen(connection, vanishing)) return false;
  const uint64_t swallowed = fabric.counters().bytes_swallowed;
  After(scenario_.clients.timeout_ns.high + kNoticeNs, [this, swallowed, lost] {
    uint64_t lost_now = 0;
    for (const SimClient* client : targets_.clients) lost_now += client->connections_lost();
    const bool sent_into_nothing = targets_.world->fabric().counters().bytes_swallowed > swallowed;
    if (lost_now > lost || sent_into_nothing) Effect(FaultKind::kHalfOpen);
  });
  return true;
}

bool Faults::FirePartition(Prng& prng) {
  Link* const link = PickHealthyLink(prng);
  if (link == nullptr) return false;
  const bool to_server = prng.OneIn(2);
  const int64_t lasts_ns = Section(FaultKind::kPartition).lasts_ns.Draw(prng);
  const sim::NodeIndex from = to_server ? link->host : link->server;
  const sim::NodeIndex to = to_server ? link->server : link->host;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetBlocked(from, to, true);
  link->ill = true;
  const uint64_t held = fabric.counters().segments_held;
  After(lasts_ns, [this, link, held] {
    const bool held_some = targets_.world->fabric().counters().segments_held > held;
    if (held_some) Effect(FaultKind::kPartition);
    RestoreLink(*link);
  });
  return true;
}

bool Faults::FireCrash(Prng& prng) {
  Patient& patient = PickServer(prng);
  const int64_t lasts_ns = Section(FaultKind::kCrash).lasts_ns.Draw(prng);
  if (patient.tough()) return false;
  if (!targets_.world->fabric().Connections().empty()) Effect(FaultKind::kCrash);
  patient.crashed = true;
  targets_.crash(*patient.host, {});
  After(lasts_ns, [this, &patient] { EndCrash(patient); });
  return true;
}

void Faults::EndCrash(Patient& patient) {
  if (!patient.crashed) return;
  patient.crashed = false;
  targets_.restart(*patient.host);
}

bool Faults::FirePause(Prng& prng) {
  Patient& patient = PickServer(prng);
  const int64_t lasts_ns = Section(FaultKind::kPause).lasts_ns.Draw(prng);
  const bool up = patient.host->node()->state() == sim::NodeState::kRunning;
  if (patient.tough() || !up) return false;
  patient.paused = true;
  targets_.world->Pause(patient.host->node());
  After(lasts_ns, [this, &patient] { EndPause(patient); });
  return true;
}

void Faults::EndPause(Patient& patient) {
  if (!patient.paused) return;
  patient.paused = false;
  const bool noticed = std::any_of(targets_.clients.begin(), targets_.clients.end(),
                                   [](const SimClient* client) { return client->waiting(); });
  if (noticed) Effect(FaultKind::kPause);
  sim::Node* const node = patient.host->node();
  if (node->state() == sim::NodeState::kPaused) targets_.world->Resume(node);
}

void Faults::Wake() {
  for (Patient& patient : patients_) EndPause(patient);
}

void Faults::Heal() {
  for (Patient& patient : patients_) {
    EndPause(patient);
    HealDisk(patient);
    EndCrash(patient);
  }
  for (Link& link : links_) RestoreLink(link);
}

void Faults::RestoreLink(Link& link) {
  if (!link.ill) return;
  link.ill = false;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetLink(link.host, link.server, healthy_link_);
  fabric.SetLink(link.server, link.host, healthy_link_);
}

void Faults::After(int64_t delay_ns, std::function<void()> call) {
  targets_.world->After(Duration::Nanos(delay_ns), std::move(call));
}

}  // namespace norn::scenarios
