#include "scenarios/cluster/closing.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "engine/cluster/slot_set.h"
#include "scenarios/cluster/slot_map.h"

namespace norn::scenarios {
namespace {

constexpr uint32_t kClosingClient = 1'000'000;
constexpr Duration kTimeout = Duration::Millis(500);
constexpr Duration kTogetherMax = Duration::Seconds(60);
constexpr Duration kTurn = Duration::Millis(200);
constexpr size_t kHopsMax = 5;

ClusterClientSettings SettingsOf() {
  ClusterClientSettings settings;
  settings.index = kClosingClient;
  settings.weights[0] = 1;
  return settings;
}

RouterSettings RouterOf(const ClosingSettings& settings) {
  return {.nodes = settings.nodes,
          .timeout = kTimeout,
          .patience = settings.serve_within,
          .give_up_at = settings.healed_at + settings.serve_within};
}

// A key of that slot.
std::string NameIn(SlotId slot) {
  for (uint32_t i = 0;; ++i) {
    std::string name = fmt::format("probe:{}", i);
    if (KeySlot(name) == slot) return name;
  }
}

}  // namespace

Closing::Closing(ClosingSettings settings, sim::World& world, ClusterRecord& record)
    : settings_(std::move(settings)),
      world_(world),
      record_(record),
      client_(SettingsOf(), RouterOf(settings_), world, record) {
  for (const std::string& node : settings_.nodes) wires_.emplace_back(node);
}

void Closing::Run(env::Env& env) {
  TryAllSlots(env);
  tried_ = true;
  while (!may_read_) env.executor().Park(env.clock().Now() + kTurn);
  ReadAll(env);
  read_ = true;
}

void Closing::TryAllSlots(env::Env& env) {
  const Instant deadline = settings_.healed_at + settings_.serve_within;
  for (const SlotId slot : settings_.slots) {
    const KeyNumber key = record_.AddKey(NameIn(slot));
    ++Tally(CheckId::kSlotsServed).examined;
    bool served = false;
    // What was not answered is not tried again by the router, so it is here, as another write.
    while (!(served = client_.WriteList(env, key)) && world_.now() < deadline) {
      env.executor().Park(env.clock().Now() + Duration::Millis(10));
    }
    served_after_ = world_.now() - settings_.healed_at;
    if (served) continue;
    const ListWrite& last = record_.history.writes.back();
    Tally(CheckId::kSlotsServed)
        .Fail(fmt::format("slot {} takes no writes {} s after the last fault (asked node {}: {})",
                          slot.value, served_after_.seconds(), last.node,
                          client_.last_refusal().empty() ? "no reply" : client_.last_refusal()));
  }
}

void Closing::ReadAll(env::Env& env) {
  FollowRedirects(env);
  CompareNodes(env);
  FindHolders(env);
  const size_t keys = record_.history.keys.size();
  for (KeyNumber key = 0; key < keys; ++key) {
    if (record_.history.keys[key].is_list) client_.ReadList(env, key);
  }
}

void Closing::FollowRedirects(env::Env& env) {
  std::map<std::string, Wire> wires;
  for (const std::string& first : settings_.nodes) {
    for (const SlotId slot : settings_.slots) {
      ++Tally(CheckId::kRedirectsReach).examined;
      std::string path = first;
      std::string at = first;
      size_t hops = 0;
      for (; hops <= kHopsMax; ++hops) {
        Wire& wire = wires.try_emplace(at, at).first->second;
        if (!wire.Connect(env, kTimeout)) break;
        const auto replies = wire.Call(env, {{"GET", NameIn(slot)}}, kTimeout);
        if (!replies) break;
        const auto redirect = Redirect::Parse(ErrorOf(*replies));
        if (!redirect && !replies->front().IsError()) {
          hops = 0;
          break;
        }
        path += redirect ? " > " + redirect->address : ": " + ErrorOf(*replies);
        if (!redirect) {
          hops = kHopsMax + 1;
          break;
        }
        at = redirect->address;
      }
      if (hops == 0) continue;
      Tally(CheckId::kRedirectsReach)
          .Fail(fmt::format("slot {} is not reached: {}", slot.value, path));
    }
  }
}

// ---- do replicas have what their primaries have ----

std::optional<NodeReading> Closing::Read(env::Env& env, size_t node) {
  Wire& wire = wires_[node];
  if (!wire.Connect(env, kTimeout)) return std::nullopt;
  const auto replies = wire.Call(env, {{"INFO", "replication"}, {"DEBUG", "DIGEST"}}, kTimeout * 4);
  if (!replies || !ErrorOf(*replies).empty()) return std::nullopt;
  std::optional<NodeReading> reading = NodeReading::OfInfo((*replies)[0].text);
  if (!reading) return std::nullopt;
  reading->node = node;
  reading->at_ns = world_.now().ns;
  reading->digest = (*replies)[1].text;
  return reading;
}

std::string Closing::NotTogether(env::Env& env) {
  std::vector<NodeReading> readings;
  for (size_t i = 0; i < settings_.nodes.size(); ++i) {
    const std::optional<NodeReading> reading = Read(env, i);
    if (!reading) return fmt::format("node {} does not answer", settings_.nodes[i]);
    readings.push_back(*reading);
  }
  for (const NodeReading& reading : readings) {
    if (reading.primary) continue;
    size_t primary = 0;
    while (primary < readings.size() && settings_.nodes[primary] != reading.following) ++primary;
    if (primary == readings.size()) return "follows nobody that lives: " + reading.Describe();
    const Distance distance = Distance::Between(readings[primary], reading);
    if (distance.kind != Distance::Kind::kNone) return distance.text;
  }
  // Nothing is written now, so a place that two of them share was read at rest.
  for (const NodeReading& reading : readings) {
    const std::string wrong = histories_.Note(reading);
    if (!wrong.empty()) Tally(CheckId::kSameHistorySameData).Fail(wrong);
  }
  return "";
}

void Closing::CompareNodes(env::Env& env) {
  const Instant deadline = world_.now() + kTogetherMax;
  std::string why;
  while (!(why = NotTogether(env)).empty() && world_.now() < deadline) {
    env.executor().Park(env.clock().Now() + kTurn);
  }
  ++Tally(CheckId::kReplicasConverge).examined;
  if (!why.empty()) Tally(CheckId::kReplicasConverge).Fail(why);
  Tally(CheckId::kSameHistorySameData).examined += histories_.compared();
}

// ---- do keys lie where their slot is served ----

std::string Closing::WrongHolder(env::Env& env, SlotId slot) {
  const uint64_t owners = record_.members_of(slot);
  for (size_t i = 0; i < settings_.nodes.size(); ++i) {
    const NodeNumber node = record_.number_of(settings_.nodes[i]);
    if (((owners >> node) & 1) != 0) continue;
    Wire& wire = wires_[i];
    if (!wire.Connect(env, kTimeout)) return "a node does not answer";
    const auto replies =
        wire.Call(env, {{"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot.value)}}, kTimeout);
    if (!replies) return "a node does not answer";
    if (replies->front().text == "0") continue;
    return fmt::format("node {} has {} keys of slot {}, which is another shard's", node,
                       replies->front().text, slot.value);
  }
  return "";
}

void Closing::FindHolders(env::Env& env) {
  for (const SlotId slot : settings_.moved) {
    const Instant deadline = world_.now() + kTimeout * 4;
    std::string why;
    while (!(why = WrongHolder(env, slot)).empty() && world_.now() < deadline) {
      env.executor().Park(env.clock().Now() + kTurn);
    }
    ++Tally(CheckId::kOneHolder).examined;
    if (!why.empty()) Tally(CheckId::kOneHolder).Fail(why);
  }
}

}  // namespace norn::scenarios
