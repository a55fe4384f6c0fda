#include "engine/pubsub/pubsub.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/fiber/spawn.h"

namespace norn {

// A message on its way to the clients of another executor.
struct PubSub::Delivery : env::Task {
  ChannelRegistry* registry;
  ChannelKind kind;
  std::string channel;
  std::string message;

  static void Arrive(env::Task* task) {
    const std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(task));
    delivery->registry->Deliver(delivery->kind, delivery->channel, delivery->message);
  }
  static void Drop(env::Task* task) { delete static_cast<Delivery*>(task); }
};

PubSub::PubSub(env::Executor& executor, const KeyMap& key_map)
    : executor_(executor), key_map_(key_map) {
  const auto executors = static_cast<uint32_t>(executor.Count());
  for (uint32_t i = 0; i < executors; ++i) {
    registries_.push_back(std::make_unique<ChannelRegistry>(executor, i));
  }
  for (uint32_t i = 0; i < key_map.shard_count; ++i) {
    directories_.push_back(std::make_unique<ChannelDirectory>(executors));
  }
  interested_.resize(executors);
}

PubSub::~PubSub() = default;

// ---- subscriptions ----

bool PubSub::Subscribe(ChannelKind kind, std::string_view name, Session& session) {
  CHECK(session.handle != nullptr);
  if (session.subscriptions == nullptr) session.subscriptions = std::make_shared<Subscriptions>();
  if (!NamesOf(*session.subscriptions, kind).emplace(name).second) return false;
  const auto here = static_cast<uint32_t>(executor_.Current());
  registries_[here]->Add(kind, name, *session.handle);
  if (registries_[here]->subscriptions() == 1) TellInterest(true);
  if (StandsInEveryShard(kind, name)) {
    for (const auto& directory : directories_) directory->Add(kind, name, here);
  } else {
    directories_[ShardOf(name)]->Add(kind, name, here);
  }
  return true;
}

bool PubSub::Unsubscribe(ChannelKind kind, std::string_view name, Session& session) {
  if (session.subscriptions == nullptr) return false;
  Subscriptions::Names& names = NamesOf(*session.subscriptions, kind);
  const auto at = names.find(name);
  if (at == names.end()) return false;
  const NameList ended = {{kind, *at}};
  names.erase(at);
  Here().Remove(kind, ended[0].second, *session.handle);
  if (Here().subscriptions() == 0) TellInterest(false);
  for (uint32_t i = 0; i < directories_.size(); ++i) ForgetIn(i, ended);
  return true;
}

PubSub::NameList PubSub::EndSubscriptions(Session& session) {
  NameList ended;
  if (session.subscriptions == nullptr) return ended;
  for (const ChannelKind kind :
       {ChannelKind::kChannel, ChannelKind::kPattern, ChannelKind::kShardChannel}) {
    for (const std::string& name : NamesOf(*session.subscriptions, kind)) {
      Here().Remove(kind, name, *session.handle);
      ended.emplace_back(kind, name);
    }
  }
  session.subscriptions.reset();
  if (session.client_class == ClientClass::kPubSub) session.client_class = ClientClass::kNormal;
  if (!ended.empty() && Here().subscriptions() == 0) TellInterest(false);
  return ended;
}

void PubSub::EndShardChannel(const std::string& name, NameList* ended) {
  for (ClientHandle* client : Here().ClientsOf(ChannelKind::kShardChannel, name)) {
    Session& session = client->session();
    Here().Remove(ChannelKind::kShardChannel, name, *client);
    session.subscriptions->shard_channels.erase(name);
    ended->emplace_back(ChannelKind::kShardChannel, name);
    ByteBuffer told;
    ReplyWriter writer(told, session.resp);
    writer.Push(3);
    writer.Bulk("sunsubscribe");
    writer.Bulk(name);
    writer.Integer(static_cast<int64_t>(session.subscriptions->shard_channels.size()));
    Here().Send(*client, told.view());
    const bool last = session.subscriptions->total() == 0;
    if (last && session.client_class == ClientClass::kPubSub) {
      session.client_class = ClientClass::kNormal;
    }
  }
  if (!ended->empty() && Here().subscriptions() == 0) TellInterest(false);
}

void PubSub::ForgetIn(uint32_t shard, const NameList& names) {
  const auto here = static_cast<uint32_t>(executor_.Current());
  for (const auto& [kind, name] : names) {
    if (!StandsInEveryShard(kind, name) && ShardOf(name) != shard) continue;
    directories_[shard]->Remove(kind, name, here);
  }
}

void PubSub::TellInterest(bool any) {
  const size_t from = executor_.Current();
  if (from == 0) {
    interested_[0] = any ? 1 : 0;
    return;
  }
  PostCall(executor_, 0, [this, from, any] { interested_[from] = any ? 1 : 0; });
}

// ---- messages ----

uint64_t PubSub::Publish(bool sharded, std::string_view channel, std::string_view message) {
  const ChannelKind kind = sharded ? ChannelKind::kShardChannel : ChannelKind::kChannel;
  return PublishIn(ShardOf(channel), kind, channel, message);
}

uint64_t PubSub::PublishIn(uint32_t shard, ChannelKind kind, std::string_view channel,
                           std::string_view message) {
  return directories_[shard]->ForAudience(
      kind, channel, [&](uint32_t executor) { DeliverAt(executor, kind, channel, message); });
}

void PubSub::DeliverAt(uint32_t executor, ChannelKind kind, std::string_view channel,
                       std::string_view message) {
  if (executor == executor_.Current()) {
    return registries_[executor]->Deliver(kind, channel, message);
  }
  auto delivery = std::make_unique<Delivery>();
  delivery->run = Delivery::Arrive;
  delivery->drop = Delivery::Drop;
  delivery->registry = registries_[executor].get();
  delivery->kind = kind;
  delivery->channel = channel;
  delivery->message = message;
  executor_.Post(executor, delivery.release());
}

void PubSub::DeliverFromBus(bool sharded, std::string_view channel, std::string_view message) {
  // Not by the directories: their shards would each pass it on in their own time, and the order of its sender would be lost.
  const ChannelKind kind = sharded ? ChannelKind::kShardChannel : ChannelKind::kChannel;
  for (uint32_t i = 0; i < interested_.size(); ++i) {
    if (interested_[i]) DeliverAt(i, kind, channel, message);
  }
}

void PubSub::TellEvents(uint32_t shard, const std::vector<KeyEvent>& events, uint32_t wanted) {
  for (const KeyEvent& event : events) {
    if ((wanted & config::kNotifyKeyspace) != 0) {
      PublishIn(shard, ChannelKind::kChannel,
                fmt::format("__keyspace@{}__:{}", event.db.value, event.key), event.name);
    }
    if ((wanted & config::kNotifyKeyevent) != 0) {
      PublishIn(shard, ChannelKind::kChannel,
                fmt::format("__keyevent@{}__:{}", event.db.value, event.name), event.key);
    }
  }
}

// ---- questions ----

uint64_t PubSub::Subscribers(ChannelKind kind, std::string_view name) {
  return directories_[ShardOf(name)]->Subscribers(kind, name);
}

std::vector<std::string> PubSub::Names(ChannelKind kind) {
  std::vector<std::string> all;
  for (uint32_t i = 0; i < directories_.size(); ++i) {
    for (std::string& name : directories_[i]->Names(kind)) {
      if (ShardOf(name) == i) all.push_back(std::move(name));
    }
  }
  return all;
}

size_t PubSub::Count(ChannelKind kind) {
  // What stands in every directory is counted in the first.
  size_t count = directories_[0]->CountEverywhere(kind);
  for (const auto& directory : directories_) {
    count += directory->Count(kind) - directory->CountEverywhere(kind);
  }
  return count;
}

}  // namespace norn
