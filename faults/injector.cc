#include "faults/injector.h"

#include <algorithm>
#include <utility>

namespace norn::faults {
namespace {

// After a client's patience everybody has noticed what they will notice.
constexpr Duration kNotice = Duration::Seconds(1);

}  // namespace

Injector::Injector(Targets targets, FaultPlan plan, const KindSet& armed)
    : targets_(std::move(targets)), plan_(std::move(plan)) {
  const sim::NodeIndex first = targets_.machines.front().node->index();
  for (const Bystander& client : targets_.clients) {
    links_.push_back({client.host->index(), first, &client});
  }
  for (size_t i = 0; i < targets_.machines.size(); ++i) {
    patients_.emplace_back().machine = &targets_.machines[i];
    for (size_t j = 0; j < i; ++j) {
      links_.push_back({targets_.machines[i].node->index(), targets_.machines[j].node->index()});
    }
  }
  if (!links_.empty()) {
    healthy_link_ = targets_.world->fabric().GetLink(links_[0].server, links_[0].host);
  }
  for (size_t i = 0; i < kFaultKinds; ++i) counts_[i].armed = armed[i] ? 1 : 0;
}

bool Injector::any_armed() const {
  return std::any_of(counts_.begin(), counts_.end(),
                     [](const FaultCount& count) { return count.armed > 0; });
}

void Injector::Arm() {
  begun_ = targets_.world->now();
  ScheduleNext();
}

void Injector::ScheduleNext() {
  if (next_ == plan_.size()) return;
  const Instant due = begun_ + plan_[next_].at;
  After(std::max(due - targets_.world->now(), Duration{0}), [this] {
    const PlannedFault& fault = plan_[next_++];
    if (Fire(fault)) ++counts_[static_cast<size_t>(fault.kind)].fired;
    ScheduleNext();
  });
}

bool Injector::Fire(const PlannedFault& fault) {
  switch (fault.kind) {
    case FaultKind::kReset:
      return FireReset(fault);
    case FaultKind::kSlowLink:
      return FireSlowLink(fault);
    case FaultKind::kHalfOpen:
      return FireHalfOpen(fault);
    case FaultKind::kPartition:
      return FirePartition(fault);
    case FaultKind::kCrash:
      return FireCrash(fault);
    case FaultKind::kPause:
      return FirePause(fault);
    case FaultKind::kLinkKill:
    case FaultKind::kPromote:
    case FaultKind::kRefollow:
      return FireCommand(fault);
    default:
      return FireDisk(fault);
  }
}

// Whom a command concerns is the director's to choose; it chooses by the target alone.
bool Injector::FireCommand(const PlannedFault& fault) {
  if (!targets_.command) return false;
  Prng prng(fault.target * uint64_t{2} + (fault.other ? 1 : 0));
  return targets_.command(fault.kind, prng, [this, kind = fault.kind] { Effect(kind); });
}

bool Injector::FireReset(const PlannedFault& fault) {
  sim::Fabric& fabric = targets_.world->fabric();
  const std::vector<uint64_t> connections = fabric.Connections();
  if (connections.empty()) return false;
  const uint64_t before = fabric.counters().resets_seen;
  if (!fabric.Reset(connections[fault.target % connections.size()])) return false;
  if (fabric.counters().resets_seen > before) Effect(FaultKind::kReset);
  return true;
}

Injector::Patient& Injector::PatientOf(const PlannedFault& fault) {
  return patients_[fault.target % patients_.size()];
}

Injector::Link* Injector::HealthyLinkOf(const PlannedFault& fault) {
  if (links_.empty()) return nullptr;
  Link& link = links_[fault.target % links_.size()];
  return link.ill ? nullptr : &link;
}

uint64_t Injector::ConnectionsLost() const {
  uint64_t lost = 0;
  for (const Bystander& client : targets_.clients) lost += client.connections_lost();
  return lost;
}

// Only clients can tell whether it mattered.
bool Injector::FireSlowLink(const PlannedFault& fault) {
  Link* const link = HealthyLinkOf(fault);
  if (link == nullptr) return false;
  sim::Fabric& fabric = targets_.world->fabric();
  const sim::NodeIndex from = fault.other ? link->host : link->server;
  const sim::NodeIndex to = fault.other ? link->server : link->host;
  sim::LinkOptions slow = fabric.GetLink(from, to);
  slow.latency = slow.latency + fault.latency;
  fabric.SetLink(from, to, slow);
  link->ill = true;
  const uint64_t pipelines = link->client == nullptr ? 0 : link->client->pipelines();
  After(fault.lasts, [this, link, pipelines] {
    RestoreLink(*link);
    if (link->client != nullptr && link->client->pipelines() > pipelines) {
      Effect(FaultKind::kSlowLink);
    }
  });
  return true;
}

bool Injector::FireHalfOpen(const PlannedFault& fault) {
  sim::Fabric& fabric = targets_.world->fabric();
  const std::vector<uint64_t> connections = fabric.Connections();
  if (connections.empty()) return false;
  const uint64_t connection = connections[fault.target % connections.size()];
  const sim::End vanishing = fault.other ? sim::End::kClient : sim::End::kServer;
  const uint64_t lost = ConnectionsLost();
  if (!fabric.HalfOpen(connection, vanishing)) return false;
  const uint64_t swallowed = fabric.counters().bytes_swallowed;
  After(targets_.client_patience + kNotice, [this, swallowed, lost] {
    const bool sent_into_nothing = targets_.world->fabric().counters().bytes_swallowed > swallowed;
    if (ConnectionsLost() > lost || sent_into_nothing) Effect(FaultKind::kHalfOpen);
  });
  return true;
}

bool Injector::FirePartition(const PlannedFault& fault) {
  Link* const link = HealthyLinkOf(fault);
  if (link == nullptr) return false;
  const sim::NodeIndex from = fault.other ? link->host : link->server;
  const sim::NodeIndex to = fault.other ? link->server : link->host;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetBlocked(from, to, true);
  link->ill = true;
  const uint64_t held = fabric.counters().segments_held;
  After(fault.lasts, [this, link, held] {
    const bool held_some = targets_.world->fabric().counters().segments_held > held;
    if (held_some) Effect(FaultKind::kPartition);
    RestoreLink(*link);
  });
  return true;
}

bool Injector::FireCrash(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  if (patient.tough()) return false;
  if (!targets_.world->fabric().Connections().empty()) Effect(FaultKind::kCrash);
  patient.crashed = true;
  patient.machine->crash({});
  After(fault.lasts, [this, &patient] { EndCrash(patient); });
  return true;
}

void Injector::EndCrash(Patient& patient) {
  if (!patient.crashed) return;
  patient.crashed = false;
  patient.machine->restart();
}

bool Injector::FirePause(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  const bool up = patient.machine->node->state() == sim::NodeState::kRunning;
  if (patient.tough() || !up) return false;
  patient.paused = true;
  targets_.world->Pause(patient.machine->node);
  After(fault.lasts, [this, &patient] { EndPause(patient); });
  return true;
}

void Injector::EndPause(Patient& patient) {
  if (!patient.paused) return;
  patient.paused = false;
  const bool noticed = std::any_of(targets_.clients.begin(), targets_.clients.end(),
                                   [](const Bystander& client) { return client.waiting(); });
  if (noticed) Effect(FaultKind::kPause);
  sim::Node* const node = patient.machine->node;
  if (node->state() == sim::NodeState::kPaused) targets_.world->Resume(node);
}

void Injector::Wake() {
  for (Patient& patient : patients_) EndPause(patient);
}

void Injector::Heal() {
  for (Patient& patient : patients_) {
    EndPause(patient);
    HealDisk(patient);
    EndCrash(patient);
  }
  for (Link& link : links_) RestoreLink(link);
}

void Injector::RestoreLink(Link& link) {
  if (!link.ill) return;
  link.ill = false;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetLink(link.host, link.server, healthy_link_);
  fabric.SetLink(link.server, link.host, healthy_link_);
}

void Injector::After(Duration delay, std::function<void()> call) {
  targets_.world->After(delay, std::move(call));
}

}  // namespace norn::faults
