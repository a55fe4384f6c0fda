#include "faults/injector.h"

#include <algorithm>
#include <utility>

namespace norn::faults {
namespace {

// After a client's patience everybody has noticed what they will notice.
constexpr Duration kNotice = Duration::Seconds(1);

bool IsOfDisk(FaultKind kind) { return kind >= FaultKind::kKill && kind <= FaultKind::kSlowDisk; }

}  // namespace

Injector::Injector(Targets targets, FaultPlan plan, const KindSet& armed)
    : targets_(std::move(targets)), plan_(std::move(plan)), wires_(targets_.world->fabric()) {
  for (const Machine& machine : targets_.machines) patients_.emplace_back().machine = &machine;
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
    aimed_at_.clear();
    const bool fired = Fire(fault);
    if (fired) ++counts_[static_cast<size_t>(fault.kind)].fired;
    if (targets_.told) targets_.told(next_ - 1, fired, aimed_at_);
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
    case FaultKind::kWipe:
    case FaultKind::kDiskSwap:
    case FaultKind::kHostDead:
    case FaultKind::kZone:
    case FaultKind::kMajority:
    case FaultKind::kKPrimaries:
    case FaultKind::kPrimaryAndReplica:
      return FireMachines(fault);
    case FaultKind::kClockOffset:
    case FaultKind::kClockStep:
    case FaultKind::kClockJump:
    case FaultKind::kClockDrift:
    case FaultKind::kClockFreeze:
      return FireClock(fault);
    case FaultKind::kMemoryPressure:
      return FireMemoryPressure(fault);
    default:
      return IsOfDisk(fault.kind) ? FireDisk(fault) : FireNetwork(fault);
  }
}

// Whom a command concerns is the director's to choose; it chooses by the target alone.
bool Injector::FireCommand(const PlannedFault& fault) {
  if (!targets_.command) return false;
  Prng prng = PrngFor(fault);
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

Prng Injector::PrngFor(const PlannedFault& fault) {
  return Prng(fault.target * uint64_t{2} + (fault.other ? 1 : 0));
}

// Where there is more than there are targets, they lie all over it.
size_t Injector::Pick(const PlannedFault& fault, uint64_t count) {
  const uint64_t spread = count <= kTargets ? fault.target : fault.target * count / kTargets;
  return static_cast<size_t>(spread % count);
}

Injector::Patient& Injector::PatientOf(const PlannedFault& fault) {
  const size_t machine = Pick(fault, patients_.size());
  aimed_at_.push_back(machine);
  return patients_[machine];
}

Injector::Patients Injector::Shuffled(const PlannedFault& fault) {
  Patients shuffled;
  for (Patient& patient : patients_) shuffled.push_back(&patient);
  Prng prng = PrngFor(fault);
  for (size_t left = shuffled.size(); left > 1; --left) {
    std::swap(shuffled[left - 1], shuffled[static_cast<size_t>(prng.Below(left))]);
  }
  return shuffled;
}

// In the order (1, 0), (2, 0), (2, 1), (3, 0) ...
Injector::Link Injector::PairNumber(uint64_t number) const {
  size_t i = 1;
  for (uint64_t left = number; left >= i; ++i) left -= i;
  const uint64_t before = uint64_t{i} * (i - 1) / 2;
  const auto j = static_cast<size_t>(number - before);
  return {ClientLinks() + number, targets_.machines[i].node->index(),
          targets_.machines[j].node->index()};
}

Injector::Link Injector::ClientNumber(uint64_t number) const {
  const Bystander& client = targets_.clients[number % targets_.clients.size()];
  const Machine& machine = targets_.machines[number / targets_.clients.size()];
  return {number, client.host->index(), machine.node->index(), &client};
}

uint64_t Injector::ClientLinks() const {
  return targets_.clients.size() * (targets_.clients_reach_all ? targets_.machines.size() : 1);
}

// Those of clients come first.
std::optional<Injector::Link> Injector::LinkOf(const PlannedFault& fault) const {
  const uint64_t clients = ClientLinks();
  const uint64_t machines = targets_.machines.size();
  const uint64_t links = clients + machines * (machines - 1) / 2;
  if (links == 0) return std::nullopt;
  const uint64_t number = Pick(fault, links);
  return number < clients ? ClientNumber(number) : PairNumber(number - clients);
}

std::optional<Injector::Link> Injector::PairOf(const PlannedFault& fault) const {
  const uint64_t machines = targets_.machines.size();
  if (machines < 2) return std::nullopt;
  return PairNumber(Pick(fault, machines * (machines - 1) / 2));
}

std::optional<Injector::Link> Injector::HealthyLinkOf(const PlannedFault& fault) const {
  std::optional<Link> link = LinkOf(fault);
  if (link && ill_links_.contains(link->number)) return std::nullopt;
  return link;
}

uint64_t Injector::ConnectionsLost() const {
  uint64_t lost = 0;
  for (const Bystander& client : targets_.clients) lost += client.connections_lost();
  return lost;
}

// Clients can tell whether they got an answer; of machines it is known only that they talked.
bool Injector::FireSlowLink(const PlannedFault& fault) {
  const std::optional<Link> link = HealthyLinkOf(fault);
  if (!link) return false;
  Ail(*link, fault.other, {.latency = fault.latency});
  const auto answers = [this, client = link->client, way = OneWay(*link, fault.other)] {
    return client != nullptr ? client->pipelines()
                             : targets_.world->fabric().CountersOf(way.from, way.to).sent;
  };
  After(fault.lasts, [this, link = *link, answers, before = answers()] {
    RestoreLink(link);
    if (answers() > before) Effect(FaultKind::kSlowLink);
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
  const std::optional<Link> link = HealthyLinkOf(fault);
  if (!link) return false;
  Ail(*link, fault.other, {.blocked = true});
  const Direction way = OneWay(*link, fault.other);
  const uint64_t held = targets_.world->fabric().CountersOf(way.from, way.to).held;
  After(fault.lasts, [this, link = *link, way, held] {
    const bool held_some = targets_.world->fabric().CountersOf(way.from, way.to).held > held;
    if (held_some) Effect(FaultKind::kPartition);
    RestoreLink(link);
  });
  return true;
}

bool Injector::FireCrash(const PlannedFault& fault) {
  Patient& patient = PatientOf(fault);
  if (patient.tough()) return false;
  if (targets_.world->fabric().IsConnected(patient.index())) Effect(FaultKind::kCrash);
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

bool Injector::quiet() const {
  return lasting_.empty() && ill_links_.empty() &&
         std::none_of(patients_.begin(), patients_.end(),
                      [](const Patient& patient) { return patient.tough(); });
}

uint64_t Injector::fired() const {
  uint64_t fired = 0;
  for (const FaultCount& count : counts_) fired += count.fired;
  return fired;
}

void Injector::Heal() {
  for (Patient& patient : patients_) {
    EndPause(patient);
    HealDisk(patient);
    EndCrash(patient);
  }
  while (!ill_links_.empty()) {
    const Link link = ill_links_.begin()->second.link;
    RestoreLink(link);
  }
  while (!lasting_.empty()) Finish(lasting_.begin()->first);
  ++heals_;
}

Direction Injector::OneWay(const Link& link, bool other) const {
  return other ? Direction{link.host, link.server} : Direction{link.server, link.host};
}

void Injector::Ail(const Link& link, bool other, const Ailment& ailment) {
  ill_links_[link.number] = {link, wires_.Add({OneWay(link, other)}, ailment)};
}

void Injector::RestoreLink(const Link& link) {
  const auto ill = ill_links_.extract(link.number);
  if (ill.empty()) return;
  Directions both;
  AddBothWays(link.host, link.server, &both);
  wires_.Remove(ill.mapped().ailment, both);
}

void Injector::Last(FaultKind kind, Duration lasts, std::function<bool()> noticed,
                    std::function<void()> end) {
  const uint64_t lasting = next_lasting_++;
  lasting_[lasting] = {kind, std::move(noticed), std::move(end)};
  After(lasts, [this, lasting] { Finish(lasting); });
}

void Injector::Finish(uint64_t lasting) {
  const auto ending = lasting_.extract(lasting);
  if (ending.empty()) return;
  if (ending.mapped().noticed()) Effect(ending.mapped().kind);
  ending.mapped().end();
}

void Injector::After(Duration delay, std::function<void()> call) {
  targets_.world->After(delay, std::move(call));
}

}  // namespace norn::faults
