// The model's machine. Members see only what their carrier would show them; everything else here is bookkeeping.

#include "scenarios/member_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/cluster/bus_codec.h"
#include "engine/cluster/norn_words.h"

namespace norn::scenarios {

namespace action = cluster::member_action;
using cluster::LinkId;
using cluster::Member;

namespace {

constexpr Duration kStepEvery = Duration::Millis(100);
constexpr Duration kAskEvery = Duration::Millis(1);
constexpr Duration kPartialSync = Duration::Millis(5);
constexpr Duration kFullSync = Duration::Millis(200);
constexpr int64_t kSlowness = 10;
constexpr uint16_t kPort = 6379;
constexpr uint16_t kBusPort = 16379;

std::string IpOf(size_t node) {
  return fmt::format("10.{}.{}.{}", node >> 16, (node >> 8) & 255, node & 255);
}

LinkId LinkOf(uint32_t connection, int end) {
  return {uint64_t{connection} * 2 + static_cast<uint64_t>(end) + 2};
}

template <typename Id>
Id DrawnId(Prng& random) {
  return *Id::Parse(fmt::format("{:016x}{:016x}{:08x}", random.Next(), random.Next(),
                                random.Next() & 0xffffffff));
}

}  // namespace

MemberWorld::MemberWorld(const MemberWorldOptions& options)
    : options_(options), random_(options.seed), nodes_(options.shards * (1 + options.replicas)) {
  CHECK(options.shards > 0);
  held_.resize(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) ids_.push_back(DrawnId<cluster::NodeId>(random_));
  cluster::NodesFile file = FormedFile();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    file.nodes[i].flags |= cluster::node_flag::kMyself;
    Create(i, file);
    file.nodes[i].flags &= static_cast<cluster::NodeFlags>(~cluster::node_flag::kMyself);
    nodes_[i].offset = 1000;
    AfterEvent(i);
  }
}

MemberWorld::~MemberWorld() = default;

cluster::NodesFile MemberWorld::FormedFile() const {
  Prng random(options_.seed + 1);
  cluster::NodesFile file{.current_epoch = options_.shards};
  cluster::NornMemory memory;
  std::vector<cluster::ClusterShardId> shards;
  for (size_t i = 0; i < options_.shards; ++i) {
    shards.push_back(DrawnId<cluster::ClusterShardId>(random));
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const size_t shard = i % options_.shards;
    cluster::NodeLine line{.id = ids_[i],
                           .ip = *cluster::IpText::Parse(IpOf(i)),
                           .tcp_port = kPort,
                           .bus_port = kBusPort,
                           .shard_id = shards[shard],
                           .flags = cluster::node_flag::kPrimary,
                           .config_epoch = shard + 1};
    if (i >= options_.shards) {
      line.flags = cluster::node_flag::kReplica;
      line.replica_of = ids_[shard];
    } else {
      const auto first = static_cast<uint16_t>(shard * cluster::kSlotCount / options_.shards);
      const auto end = static_cast<uint16_t>((shard + 1) * cluster::kSlotCount / options_.shards);
      line.slots = cluster::SlotSet::OfRange(
          {cluster::SlotId{first}, cluster::SlotId{static_cast<uint16_t>(end - 1)}});
    }
    memory.norn_nodes.insert(line.id);
    file.nodes.push_back(std::move(line));
  }
  file.norn = cluster::NornMemoryText(memory);
  return file;
}

void MemberWorld::Create(size_t index, std::optional<cluster::NodesFile> file) {
  Node& node = nodes_[index];
  cluster::MemberOptions options;
  options.topology.node_timeout = options_.node_timeout;
  options.election.node_timeout = options_.node_timeout;
  options.old_bus = options_.old_bus;
  options.announced = {.ip = IpOf(index), .port = kPort, .bus_port = kBusPort};
  const uint64_t boot = random_.Next();
  node.state = State::kUp;
  node.paused = false;
  node.offset_at = node.data_at = now_;
  // Not all at once: what they do by intervals must not be in step.
  node.beat_at = now_ + Duration::Nanos(random_.Between(0, options_.node_timeout.ns / 2));
  node.member = std::make_unique<Member>(options, std::move(file), ids_[index],
                                         DrawnId<cluster::ClusterShardId>(random_), boot,
                                         random_.Fork(), now_, wall());
}

// ---- the queue ----

void MemberWorld::Push(Event event) {
  event.seq = next_seq_++;
  event.life = nodes_[event.node].life;
  queue_.push(event);
}

uint32_t MemberWorld::StoreText(std::string text) {
  if (free_texts_.empty()) {
    texts_.push_back(std::move(text));
    return static_cast<uint32_t>(texts_.size() - 1);
  }
  const uint32_t at = free_texts_.back();
  free_texts_.pop_back();
  texts_[at] = std::move(text);
  return at;
}

bool MemberWorld::RunUntil(Instant end, const std::function<bool()>& done) {
  Instant ask_at = now_;
  while (true) {
    const Instant next = queue_.empty() ? end : queue_.top().at;
    while (done && ask_at <= std::min(next, end)) {
      now_ = std::max(now_, ask_at);
      if (done()) return true;
      ask_at = ask_at + kAskEvery;
    }
    if (next > end || queue_.empty()) break;
    const Event event = queue_.top();
    queue_.pop();
    now_ = event.at;
    Handle(event);
  }
  now_ = end;
  return false;
}

void MemberWorld::Handle(const Event& event) {
  Node& node = nodes_[event.node];
  const bool stale = event.life != node.life || node.state != State::kUp;
  if (stale || (event.kind == Kind::kStep && node.step_at != event.at)) {
    if (event.kind == Kind::kMessage) free_texts_.push_back(event.text);
    return;
  }
  if (event.kind == Kind::kResume) {
    if (!node.paused) return;
    node.paused = false;
    std::deque<Event> held = std::exchange(held_[event.node], {});
    for (const Event& late : held) Handle(late);
    node.step_at = node.beat_at = now_;
    return Step(event.node);
  }
  if (node.paused) {
    if (event.kind != Kind::kStep) held_[event.node].push_back(event);
    return;
  }
  switch (event.kind) {
    case Kind::kStep:
      return Step(event.node);
    case Kind::kMessage:
      return HandleMessage(event);
    case Kind::kSynced:
      node.syncing = false;
      node.durable_version = node.syncing_version;
      node.file = std::move(node.syncing_text);
      return Drain(event.node);
    default:
      HandleLink(event);
      return AfterEvent(event.node);
  }
}

void MemberWorld::HandleMessage(const Event& event) {
  const Connection& connection = connections_[event.what];
  const int end = event.flag ? 1 : 0;
  if (connection.open[end]) {
    CHECK(cluster::DecodeBusMessage(texts_[event.text], message_).ok());
    nodes_[event.node].member->OnMessage(LinkOf(event.what, end), message_, now_, wall());
  }
  free_texts_.push_back(event.text);
  AfterEvent(event.node);
}

void MemberWorld::HandleLink(const Event& event) {
  Member& member = *nodes_[event.node].member;
  Connection& connection = connections_[event.what];
  const int end = event.flag ? 1 : 0;
  switch (event.kind) {
    case Kind::kAccepted:
      connection.open[1] = true;
      nodes_[event.node].connections.push_back(event.what);
      return member.OnAccepted(LinkOf(event.what, 1), FactsOf(connection, 1), now_);
    case Kind::kConnected: {
      // It died on the way.
      if (!connection.open[1] && nodes_[connection.ends[1]].state != State::kUp) {
        const bool refused = nodes_[connection.ends[1]].state == State::kDead;
        return member.OnConnectFailed(ids_[connection.ends[1]], refused, now_);
      }
      connection.open[0] = true;
      nodes_[event.node].connections.push_back(event.what);
      return member.OnLinkUp(ids_[connection.ends[1]], LinkOf(event.what, 0),
                             FactsOf(connection, 0), now_);
    }
    case Kind::kFailed:  // flag: refused
      return member.OnConnectFailed(ids_[connection.ends[1]], event.flag, now_);
    case Kind::kClosed:
      if (!connection.open[end]) return;
      connection.open[end] = false;
      return member.OnLinkDown(LinkOf(event.what, end), now_);
    default:
      CHECK(false);
  }
}

void MemberWorld::Step(size_t index) {
  Node& node = nodes_[index];
  node.step_at = Instant::Never();
  while (node.beat_at <= now_) node.beat_at = node.beat_at + kStepEvery;
  node.member->Step(DataOf(index), now_, wall());
  AfterEvent(index);
}

// ---- replication, as a model ----

cluster::DataFacts MemberWorld::DataOf(size_t index) {
  Node& node = nodes_[index];
  const Duration since = now_ - node.offset_at;
  node.offset_at = now_;
  if (node.member->view().self().is_primary()) {
    node.follows.reset();
    node.has_data = true;
    node.data_at = now_;
    if (!node.writes_paused) node.offset += since.micros();  // 1 MB/s
    return {.has_data = true, .offset = node.offset, .data_age = {}};
  }
  bool synced = false;
  if (node.follows && now_ >= node.synced_at) {
    const Node& primary = nodes_[*node.follows];
    const bool streams = primary.state == State::kUp && !primary.paused &&
                         primary.member->view().self().is_primary();
    synced = streams || node.data_at >= node.synced_at;
    if (streams) {
      node.offset = primary.offset;
      node.data_at = now_;
      node.has_data = true;
    }
  }
  return {.has_data = node.has_data,
          .offset = node.offset,
          .data_age = now_ - node.data_at,
          .synced_since = synced};
}

void MemberWorld::Follow(size_t index, const action::Follow& follow) {
  Node& node = nodes_[index];
  node.writes_paused = false;
  node.follows = NodeAt(follow.ip);
  if (!follow.same_shard) node.has_data = false;
  node.synced_at = now_ + (follow.same_shard ? kPartialSync : kFullSync);
}

// ---- what members ask for ----

void MemberWorld::AfterEvent(size_t index) {
  Node& node = nodes_[index];
  node.member->TakeActions(taken_);
  for (cluster::MemberAction& action : taken_) {
    if (node.syncing || !node.todo.empty()) {
      node.todo.push_back(std::move(action));
    } else {
      Perform(index, action);
    }
  }
  const Instant due = std::max(now_, std::min(node.beat_at, node.member->next_at()));
  if (due < node.step_at) {
    node.step_at = due;
    Push({.at = due, .kind = Kind::kStep, .node = static_cast<uint32_t>(index)});
  }
}

void MemberWorld::Drain(size_t index) {
  Node& node = nodes_[index];
  while (!node.syncing && !node.todo.empty()) {
    cluster::MemberAction next = std::move(node.todo.front());
    node.todo.pop_front();
    Perform(index, next);
  }
}

// What is saved is what the member holds now, so that the Saves behind this one may be done too (W2).
void MemberWorld::StartSync(size_t index, const action::Save& save) {
  Node& node = nodes_[index];
  if (save.version <= node.durable_version) return;
  std::string text;
  if (options_.keep_files) text = cluster::NodesFileText(node.member->File());
  const Duration takes =
      Duration::Nanos(random_.Between(options_.sync_min.ns, options_.sync_max.ns));
  if (!save.durable) {
    // Nobody waits for it, but who wants a sync next waits until it is done.
    node.file = std::move(text);
    if (node.saver_free_at < now_) node.saver_free_at = now_ + takes;
    return;
  }
  node.syncing = true;
  node.syncing_version = node.member->file_version();
  node.syncing_text = std::move(text);
  node.saver_free_at = std::max(now_, node.saver_free_at) + takes;
  Push({.at = node.saver_free_at, .kind = Kind::kSynced, .node = static_cast<uint32_t>(index)});
}

void MemberWorld::Perform(size_t index, cluster::MemberAction& action) {
  Node& node = nodes_[index];
  if (auto* send = std::get_if<action::Send>(&action)) {
    Send(index, *send);
  } else if (const auto* save = std::get_if<action::Save>(&action)) {
    StartSync(index, *save);
  } else if (const auto* connect = std::get_if<action::Connect>(&action)) {
    Connect(index, *connect);
  } else if (const auto* close = std::get_if<action::Close>(&action)) {
    const uint64_t at = close->link.value - 2;
    CloseEnd(static_cast<uint32_t>(at / 2), static_cast<int>(at % 2));
  } else if (const auto* follow = std::get_if<action::Follow>(&action)) {
    Follow(index, *follow);
  } else if (const auto* promoted = std::get_if<action::BecomePrimary>(&action)) {
    promotions_ += promoted->elected ? 1 : 0;
    node.writes_paused = false;
  } else if (std::holds_alternative<action::PauseWrites>(action)) {
    node.writes_paused = true;
    node.member->OnWritesHeld(DataOf(index), now_);
  } else if (std::holds_alternative<action::ResumeWrites>(action)) {
    node.writes_paused = false;
  } else if (const auto* log = std::get_if<action::Log>(&action)) {
    if (!first_suspicion_ && log->line.ends_with("possibly failing.")) first_suspicion_ = now_;
    if (!first_verdict_ && log->line.starts_with("Marking node")) first_verdict_ = now_;
    if (on_log) on_log(index, log->line);
  }
}

cluster::LinkFacts MemberWorld::FactsOf(const Connection& connection, int end) const {
  return {.peer_ip = IpOf(connection.ends[1 - end]), .local_ip = IpOf(connection.ends[end])};
}

std::optional<size_t> MemberWorld::NodeAt(const std::string& ip) const {
  size_t node = 0;
  size_t part = 0;
  for (const char c : ip.substr(3)) {  // behind "10."
    if (c != '.') {
      part = part * 10 + static_cast<size_t>(c - '0');
    } else {
      node = node * 256 + std::exchange(part, 0);
    }
  }
  node = node * 256 + part;
  return node < nodes_.size() ? std::optional(node) : std::nullopt;
}

// ---- links ----

Duration MemberWorld::Latency(const Connection& connection) {
  const int64_t drawn = random_.Between(options_.latency_min.ns, options_.latency_max.ns);
  return Duration::Nanos(connection.slow ? drawn * kSlowness : drawn);
}

Instant MemberWorld::ArrivalAt(Connection& connection, int end) {
  Instant& last = connection.last_at[end];
  last = std::max(now_ + Latency(connection), last + Duration::Nanos(1));  // W1
  return last;
}

void MemberWorld::Send(size_t index, const action::Send& send) {
  const auto at = static_cast<uint32_t>((send.link.value - 2) / 2);
  const int from = static_cast<int>(send.link.value % 2);
  Connection& connection = connections_[at];
  CHECK(connection.ends[from] == index);
  ++messages_;
  bytes_ += send.bytes.size();
  const uint32_t to = connection.ends[1 - from];
  if (!connection.open[from] || nodes_[to].state != State::kUp) return;
  Push({.at = ArrivalAt(connection, 1 - from),
        .kind = Kind::kMessage,
        .node = to,
        .what = at,
        .text = StoreText(send.bytes),
        .flag = from == 0});
}

void MemberWorld::Connect(size_t index, const action::Connect& connect) {
  const std::optional<size_t> to = NodeAt(connect.ip);
  CHECK(to.has_value());
  const auto at = static_cast<uint32_t>(connections_.size());
  Connection& connection = connections_.emplace_back(
      Connection{.ends = {static_cast<uint32_t>(index), static_cast<uint32_t>(*to)}});
  connection.slow = random_.Below(100) < options_.slow_links_percent;
  const auto self = static_cast<uint32_t>(index);
  if (nodes_[*to].state == State::kSilent) {
    return Push(
        {.at = now_ + options_.connect_timeout, .kind = Kind::kFailed, .node = self, .what = at});
  }
  const Instant there = ArrivalAt(connection, 1);
  if (nodes_[*to].state == State::kDead) {
    return Push({.at = there + Latency(connection),
                 .kind = Kind::kFailed,
                 .node = self,
                 .what = at,
                 .flag = true});
  }
  Push({.at = there,
        .kind = Kind::kAccepted,
        .node = static_cast<uint32_t>(*to),
        .what = at,
        .flag = true});
  connection.last_at[0] = there + Latency(connection);
  Push({.at = connection.last_at[0], .kind = Kind::kConnected, .node = self, .what = at});
}

void MemberWorld::CloseEnd(uint32_t at, int end) {
  Connection& connection = connections_[at];
  connection.open[end] = false;
  const uint32_t other = connection.ends[1 - end];
  Push({.at = ArrivalAt(connection, 1 - end),
        .kind = Kind::kClosed,
        .node = other,
        .what = at,
        .flag = end == 0});
}

// ---- faults ----

void MemberWorld::Silence(size_t index) {
  Node& node = nodes_[index];
  node.state = State::kSilent;
  ++node.life;
}

void MemberWorld::Kill(size_t index) {
  Node& node = nodes_[index];
  for (const uint32_t at : node.connections) {
    const int end = connections_[at].ends[0] == index ? 0 : 1;
    if (connections_[at].open[end]) CloseEnd(at, end);
  }
  node.connections.clear();
  node.state = State::kDead;
  node.todo.clear();
  node.syncing = false;
  node.step_at = Instant::Never();
  held_[index].clear();
  ++node.life;
}

void MemberWorld::Restart(size_t index) {
  CHECK(nodes_[index].state == State::kDead && options_.keep_files);
  absl::StatusOr<cluster::NodesFile> file = cluster::ParseNodesFile(nodes_[index].file, false);
  CHECK(file.ok());
  nodes_[index].durable_version = 0;
  Create(index, *std::move(file));
  AfterEvent(index);
}

void MemberWorld::Pause(size_t index, Duration span) {
  Node& node = nodes_[index];
  if (node.paused || node.state != State::kUp) return;
  node.paused = true;
  Push({.at = now_ + span, .kind = Kind::kResume, .node = static_cast<uint32_t>(index)});
}

// ---- questions ----

const Member* MemberWorld::WriterOf(size_t shard) const {
  for (size_t i = shard; i < nodes_.size(); i += options_.shards) {
    const Node& node = nodes_[i];
    if (node.state != State::kUp || node.paused) continue;
    const cluster::Topology& view = node.member->view();
    if (!view.self().is_primary() || !view.self().owns_slots() || !view.state().ok) continue;
    if (node.member->Fence().until > now_ && !node.writes_paused) return node.member.get();
  }
  return nullptr;
}

bool MemberWorld::IsServed() const {
  if (WriterOf(unserved_) == nullptr) return false;
  for (size_t shard = 0; shard < options_.shards; ++shard) {
    unserved_ = shard;
    if (WriterOf(shard) == nullptr) return false;
  }
  return true;
}

bool MemberWorld::IsRouted() const {
  for (size_t shard = 0; shard < options_.shards; ++shard) {
    const Member* writer = WriterOf(shard);
    if (writer == nullptr) return false;
    const cluster::NodeId& id = writer->view().self().id;
    const auto slot = static_cast<uint16_t>(shard * cluster::kSlotCount / options_.shards);
    for (const Node& node : nodes_) {
      if (node.state != State::kUp || node.paused) continue;
      const cluster::ClusterNode* owner = node.member->view().OwnerOf(cluster::SlotId{slot});
      if (owner == nullptr || owner->id != id) return false;
    }
  }
  return true;
}

void MemberWorld::ForgetEvents() {
  promotions_ = 0;
  first_suspicion_.reset();
  first_verdict_.reset();
}

}  // namespace norn::scenarios
