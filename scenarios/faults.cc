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
    : scenario_(scenario),
      targets_(targets),
      stop_at_(stop_at),
      link_ill_(targets.hosts.size(), false) {
  if (!targets_.hosts.empty()) {
    healthy_link_ = targets_.world->fabric().GetLink(targets_.server->node()->index(),
                                                     targets_.hosts.front()->index());
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

size_t Faults::PickHealthyLink(Prng& prng) {
  if (targets_.hosts.empty()) return SIZE_MAX;
  const size_t client = prng.Below(targets_.hosts.size());
  return link_ill_[client] ? SIZE_MAX : client;
}

bool Faults::FireSlowLink(Prng& prng) {
  const FaultSection& section = Section(FaultKind::kSlowLink);
  const size_t client = PickHealthyLink(prng);
  if (client == SIZE_MAX) return false;
  const bool to_server = prng.OneIn(2);
  const int64_t latency_ns = section.latency_ns.Draw(prng);
  const int64_t lasts_ns = section.lasts_ns.Draw(prng);
  const sim::NodeIndex host = targets_.hosts[client]->index();
  const sim::NodeIndex server = targets_.server->node()->index();
  sim::Fabric& fabric = targets_.world->fabric();
  const sim::NodeIndex from = to_server ? host : server;
  const sim::NodeIndex to = to_server ? server : host;
  sim::LinkOptions link = fabric.GetLink(from, to);
  link.latency = link.latency + Duration::Nanos(latency_ns);
  fabric.SetLink(from, to, link);
  link_ill_[client] = true;
  const uint64_t pipelines = targets_.clients[client]->pipelines();
  After(lasts_ns, [this, client, pipelines] {
    RestoreLink(client);
    if (targets_.clients[client]->pipelines() > pipelines) Effect(FaultKind::kSlowLink);
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
  const size_t client = PickHealthyLink(prng);
  if (client == SIZE_MAX) return false;
  const bool to_server = prng.OneIn(2);
  const int64_t lasts_ns = Section(FaultKind::kPartition).lasts_ns.Draw(prng);
  const sim::NodeIndex host = targets_.hosts[client]->index();
  const sim::NodeIndex server = targets_.server->node()->index();
  const sim::NodeIndex from = to_server ? host : server;
  const sim::NodeIndex to = to_server ? server : host;
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetBlocked(from, to, true);
  link_ill_[client] = true;
  const uint64_t held = fabric.counters().segments_held;
  After(lasts_ns, [this, client, held] {
    const bool held_some = targets_.world->fabric().counters().segments_held > held;
    if (held_some) Effect(FaultKind::kPartition);
    RestoreLink(client);
  });
  return true;
}

bool Faults::FireCrash(Prng& prng) {
  const int64_t lasts_ns = Section(FaultKind::kCrash).lasts_ns.Draw(prng);
  if (crashed_ || paused_ || doom_.pending) return false;
  if (!targets_.world->fabric().Connections().empty()) Effect(FaultKind::kCrash);
  crashed_ = true;
  targets_.crash(*targets_.server, {});
  After(lasts_ns, [this] { EndCrash(); });
  return true;
}

void Faults::EndCrash() {
  if (!crashed_) return;
  crashed_ = false;
  targets_.restart(*targets_.server);
}

bool Faults::FirePause(Prng& prng) {
  const int64_t lasts_ns = Section(FaultKind::kPause).lasts_ns.Draw(prng);
  const bool up = targets_.server->node()->state() == sim::NodeState::kRunning;
  if (crashed_ || paused_ || !up) return false;
  paused_ = true;
  targets_.world->Pause(targets_.server->node());
  After(lasts_ns, [this] { EndPause(); });
  return true;
}

void Faults::EndPause() {
  if (!paused_) return;
  paused_ = false;
  const bool noticed = std::any_of(targets_.clients.begin(), targets_.clients.end(),
                                   [](const SimClient* client) { return client->waiting(); });
  if (noticed) Effect(FaultKind::kPause);
  const bool here = targets_.server->node()->state() == sim::NodeState::kPaused;
  if (here) targets_.world->Resume(targets_.server->node());
}

void Faults::Heal() {
  EndPause();
  HealDisk();
  EndCrash();
  for (size_t client = 0; client < targets_.hosts.size(); ++client) RestoreLink(client);
}

void Faults::RestoreLink(size_t client) {
  if (!link_ill_[client]) return;
  link_ill_[client] = false;
  const sim::NodeIndex host = targets_.hosts[client]->index();
  const sim::NodeIndex server = targets_.server->node()->index();
  sim::Fabric& fabric = targets_.world->fabric();
  fabric.SetLink(host, server, healthy_link_);
  fabric.SetLink(server, host, healthy_link_);
}

void Faults::After(int64_t delay_ns, std::function<void()> call) {
  targets_.world->After(Duration::Nanos(delay_ns), std::move(call));
}

}  // namespace norn::scenarios
