#include "scenarios/cluster/router.h"

#include <optional>
#include <utility>

namespace norn::scenarios {
namespace {

constexpr Duration kPauseMin = Duration::Millis(5);
constexpr Duration kPauseMax = Duration::Millis(50);
constexpr Duration kRefreshTimeout = Duration::Millis(300);
// After as many redirects in a row a client waits: nodes that disagree send it in circles.
constexpr int kRedirectsMax = 5;

}  // namespace

std::string ErrorOf(const std::vector<net::Reply>& replies) {
  for (const net::Reply& reply : replies) {
    if (reply.IsError()) return reply.text;
  }
  return "";
}

Router::Router(RouterSettings settings, sim::World& world, Prng prng)
    : settings_(std::move(settings)), world_(world), prng_(prng) {}

void Router::Pause(env::Env& env) {
  const Duration span = Duration::Nanos(prng_.Between(kPauseMin.ns, kPauseMax.ns));
  env.executor().Park(env.clock().Now() + span);
}

void Router::Refresh(env::Env& env) {
  const std::string& address = settings_.nodes[prng_.Below(settings_.nodes.size())];
  Wire* const wire = Reach(env, {address});
  if (wire == nullptr) return;
  const auto replies = wire->Call(env, {{"CLUSTER", "SLOTS"}}, kRefreshTimeout);
  if (!replies) {
    ++counts_.connections_lost;
    return;
  }
  ++counts_.commands;
  if (map_.Learn(replies->front())) stale_ = map_.ranges().empty();
}

Router::Target Router::Choose(SlotId slot, bool may_be_replica) {
  const SlotMap::Range* const range = map_.Find(slot);
  if (range == nullptr) return {settings_.nodes[prng_.Below(settings_.nodes.size())]};
  if (!may_be_replica || range->replicas.empty()) return {range->primary};
  return {range->replicas[prng_.Below(range->replicas.size())], true};
}

// Null: it cannot be had.
Wire* Router::Reach(env::Env& env, const Target& target) {
  std::unique_ptr<Wire>& wire = wires_[target.address];
  if (wire == nullptr) wire = std::make_unique<Wire>(target.address);
  if (!wire->connected()) {
    if (!wire->Connect(env, settings_.timeout)) return nullptr;
    ++counts_.connections;
  }
  if (wire->readonly == target.replica) return wire.get();
  const auto said =
      wire->Call(env, {{target.replica ? "READONLY" : "READWRITE"}}, settings_.timeout);
  if (!said) {
    ++counts_.connections_lost;
    return nullptr;
  }
  wire->readonly = target.replica;
  return wire.get();
}

Answer Router::Ask(env::Env& env, SlotId slot, const std::vector<Words>& commands,
                   bool may_be_replica, Errors errors) {
  errors_ = errors;
  const Instant patient_until = world_.now() + settings_.patience;
  Answer answer;
  answer.outcome = Outcome::kRefused;
  int redirects = 0;
  if (stale_) Refresh(env);
  Target target = Choose(slot, may_be_replica);
  for (;;) {
    const Turn turn = AskOnce(env, commands, target, answer);
    if (turn == Turn::kDone) return answer;
    ++counts_.refusals;
    const bool late = world_.now() >= std::min(patient_until, settings_.give_up_at);
    if (late) return answer;
    if (turn == Turn::kAgain && ++redirects <= kRedirectsMax) continue;
    redirects = 0;
    Pause(env);
    Refresh(env);
    target = Choose(slot, may_be_replica);
  }
}

Router::Turn Router::AskOnce(env::Env& env, const std::vector<Words>& commands, Target& target,
                             Answer& answer) {
  waiting_ = true;
  Wire* const wire = Reach(env, target);
  waiting_ = false;
  if (wire == nullptr) {
    stale_ = true;
    answer.refusal = "not to be reached";
    return Turn::kLater;
  }
  std::vector<Words> all;
  if (target.asking) all.push_back({"ASKING"});
  if (commands.size() > 1) all.push_back({"MULTI"});
  all.insert(all.end(), commands.begin(), commands.end());
  if (commands.size() > 1) all.push_back({"EXEC"});
  answer.invoke_ns = world_.now().ns;
  answer.node = target.address;
  answer.of_replica = target.replica;
  waiting_ = true;
  auto replies = wire->Call(env, all, settings_.timeout);
  waiting_ = false;
  if (!replies) {
    ++counts_.connections_lost;
    stale_ = true;
    answer.outcome = Outcome::kUnknown;
    return Turn::kDone;
  }
  counts_.commands += replies->size();
  const std::string error = ErrorOf(*replies);
  const bool of_data = error.starts_with("WRONGTYPE") || error.starts_with("ERR ");
  const bool answers = of_data && errors_ == Errors::kAnswer;
  if (!error.empty() && !answers) return Judge(error, target, answer);
  if (target.asking) replies->erase(replies->begin());  // ASKING's own
  answer.outcome = Outcome::kAcked;
  answer.complete_ns = world_.now().ns;
  answer.replies = commands.size() > 1 ? std::move(replies->back().elements) : std::move(*replies);
  return Turn::kDone;
}

Router::Turn Router::Judge(const std::string& error, Target& target, Answer& answer) {
  answer.refusal = error;
  const std::optional<Redirect> redirect = Redirect::Parse(error);
  if (!redirect) {
    if (settings_.refused) settings_.refused(error);
    return Turn::kLater;
  }
  ++counts_.redirects;
  target = {redirect->address, false, redirect->ask};
  if (!redirect->ask) {
    map_.Moved(redirect->slot, redirect->address);
    stale_ = true;
  }
  return Turn::kAgain;
}

Answer Router::AskAgain(env::Env& env, const std::string& node, const Words& command,
                        Duration timeout) {
  Answer answer;
  const auto wire = wires_.find(node);
  if (wire == wires_.end() || !wire->second->connected()) return answer;
  answer.node = node;
  answer.invoke_ns = world_.now().ns;
  auto replies = wire->second->Call(env, {command}, timeout);
  if (!replies) {
    ++counts_.connections_lost;
    return answer;
  }
  ++counts_.commands;
  answer.complete_ns = world_.now().ns;
  answer.outcome = replies->front().IsError() ? Outcome::kRefused : Outcome::kAcked;
  answer.refusal = ErrorOf(*replies);
  answer.replies = std::move(*replies);
  return answer;
}

}  // namespace norn::scenarios
