#include "engine/pubsub/channel_registry.h"

#include <algorithm>

#include "engine/base/byte_buffer.h"
#include "engine/base/check.h"
#include "engine/base/glob.h"

namespace norn {
namespace {

template <typename Map>
void AddTo(Map& map, std::string_view name, ClientHandle& client) {
  auto at = map.find(name);
  if (at == map.end()) at = map.emplace(std::string(name), typename Map::mapped_type()).first;
  CHECK(at->second.emplace(client.session().id.value, &client).second);
}

template <typename Map>
void RemoveFrom(Map& map, std::string_view name, uint64_t id) {
  const auto at = map.find(name);
  CHECK(at != map.end() && at->second.erase(id) == 1);
  if (at->second.empty()) map.erase(at);
}

}  // namespace

ChannelRegistry::ChannelRegistry(env::Executor& executor, uint32_t index)
    : executor_(executor), index_(index) {
  env::Task::run = [](env::Task* task) { static_cast<ChannelRegistry*>(task)->FlushAll(); };
}

void ChannelRegistry::Add(ChannelKind kind, std::string_view name, ClientHandle& client) {
  ++subscriptions_;
  if (kind == ChannelKind::kPattern) return AddTo(patterns_, name, client);
  AddTo(ChannelsOf(kind), name, client);
}

void ChannelRegistry::Remove(ChannelKind kind, std::string_view name, const ClientHandle& client) {
  --subscriptions_;
  const uint64_t id = const_cast<ClientHandle&>(client).session().id.value;
  if (kind == ChannelKind::kPattern) return RemoveFrom(patterns_, name, id);
  RemoveFrom(ChannelsOf(kind), name, id);
}

void ChannelRegistry::Forget(const ClientHandle& client) { std::erase(unflushed_, &client); }

void ChannelRegistry::Deliver(ChannelKind kind, std::string_view channel,
                              std::string_view message) {
  CHECK(kind != ChannelKind::kPattern);
  const Channels& channels = ChannelsOf(kind);
  if (const auto at = channels.find(channel); at != channels.end()) {
    Tell(at->second, {kind, {}, channel, message});
  }
  if (kind != ChannelKind::kChannel) return;
  for (const auto& [pattern, clients] : patterns_) {
    if (!GlobMatch(pattern, channel)) continue;
    Tell(clients, {ChannelKind::kPattern, pattern, channel, message});
  }
}

void ChannelRegistry::Tell(const Clients& clients, const Message& message) {
  ByteBuffer encoded[2];  // RESP2, RESP3; made when a client needs it
  for (const auto& [id, client] : clients) {
    const Resp resp = client->session().resp;
    ByteBuffer& bytes = encoded[resp == Resp::k3 ? 1 : 0];
    if (bytes.empty()) {
      ReplyWriter writer(bytes, resp);
      writer.Push(message.kind == ChannelKind::kPattern ? 4 : 3);
      writer.Bulk(message.kind == ChannelKind::kPattern        ? "pmessage"
                  : message.kind == ChannelKind::kShardChannel ? "smessage"
                                                               : "message");
      if (message.kind == ChannelKind::kPattern) writer.Bulk(message.pattern);
      writer.Bulk(message.channel);
      writer.Bulk(message.text);
    }
    Send(*client, bytes.view());
  }
}

void ChannelRegistry::Send(ClientHandle& client, std::string_view bytes) {
  if (client.Push(bytes)) unflushed_.push_back(&client);
  if (unflushed_.empty() || flush_posted_) return;
  flush_posted_ = true;
  executor_.Post(index_, this);
}

void ChannelRegistry::FlushAll() {
  flush_posted_ = false;
  for (ClientHandle* client : std::exchange(unflushed_, {})) client->FlushPushes();
}

std::vector<std::string> ChannelRegistry::Names(ChannelKind kind) const {
  std::vector<std::string> names;
  if (kind == ChannelKind::kPattern) {
    for (const auto& [name, clients] : patterns_) names.push_back(name);
    return names;
  }
  for (const auto& [name, clients] : ChannelsOf(kind)) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<ClientHandle*> ChannelRegistry::ClientsOf(ChannelKind kind,
                                                      std::string_view name) const {
  std::vector<ClientHandle*> list;
  const auto take = [&](const Clients& clients) {
    for (const auto& [id, client] : clients) list.push_back(client);
  };
  if (kind == ChannelKind::kPattern) {
    if (const auto at = patterns_.find(name); at != patterns_.end()) take(at->second);
    return list;
  }
  const Channels& channels = ChannelsOf(kind);
  if (const auto at = channels.find(name); at != channels.end()) take(at->second);
  return list;
}

}  // namespace norn
