// SUBSCRIBE and its kin, PUBLISH, PUBSUB. Who hears what is engine/pubsub's matter; here words are read and subscriptions
// confirmed.

#include "engine/pubsub/pubsub.h"

#include <optional>
#include <string>
#include <vector>

#include "engine/base/glob.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

namespace norn::handlers {
namespace {

size_t CountOf(const Session& session, ChannelKind kind) {
  if (session.subscriptions == nullptr) return 0;
  const Subscriptions& own = *session.subscriptions;
  return kind == ChannelKind::kShardChannel ? own.shard_channels.size()
                                            : own.channels.size() + own.patterns.size();
}

// How many subscriptions are left is told with each, channels and patterns together.
void Confirm(CommandContext& c, std::string_view verb, std::optional<std::string_view> name,
             ChannelKind kind) {
  c.reply.Push(3);
  c.reply.Bulk(verb);
  if (name) {
    c.reply.Bulk(*name);
  } else {
    c.reply.Null();
  }
  c.reply.Integer(static_cast<int64_t>(CountOf(c.session, kind)));
}

// False, with the error written: there is nobody to send messages to. Else what was pushed so far stands before the reply.
bool Reachable(CommandContext& c) {
  if (c.session.handle == nullptr) {
    c.reply.Error("ERR This client cannot listen to channels");
    return false;
  }
  if (!c.session.executing) c.session.handle->TakePushes(c.reply.out());
  return true;
}

void AdoptClass(Session& session) {
  if (session.client_class == ClientClass::kReplica) return;
  const bool listens = session.subscriptions != nullptr && session.subscriptions->total() > 0;
  session.client_class = listens ? ClientClass::kPubSub : ClientClass::kNormal;
}

void Listen(CommandContext& c, std::string_view verb, ChannelKind kind) {
  if (!Reachable(c)) return;
  for (const std::string_view name : c.words.subspan(1)) {
    c.node.pubsub().Subscribe(kind, name, c.session);
    Confirm(c, verb, name, kind);
  }
  AdoptClass(c.session);
}

void StopListening(CommandContext& c, std::string_view verb, ChannelKind kind) {
  if (!Reachable(c)) return;
  std::vector<std::string> names(c.words.begin() + 1, c.words.end());
  if (names.empty() && c.session.subscriptions != nullptr) {
    const Subscriptions::Names& all = NamesOf(*c.session.subscriptions, kind);
    names.assign(all.begin(), all.end());
  }
  for (const std::string& name : names) {
    c.node.pubsub().Unsubscribe(kind, name, c.session);
    Confirm(c, verb, name, kind);
  }
  if (names.empty()) Confirm(c, verb, std::nullopt, kind);
  AdoptClass(c.session);
}

void Send(CommandContext& c, bool sharded) {
  const uint64_t receivers = c.node.pubsub().Publish(sharded, c.word(1), c.word(2));
  // In a cluster the bus takes the message to replicas too.
  if (ClusterControl* cluster = c.node.cluster()) {
    cluster->Publish(sharded, c.word(1), c.word(2));
  } else {
    c.effect.OnReplicas();
  }
  c.reply.Integer(static_cast<int64_t>(receivers));
}

void ReplyNames(CommandContext& c, ChannelKind kind) {
  if (c.count() > 3) return ReplySubcommandError(c);
  const std::vector<std::string> names = c.node.pubsub().Names(kind);
  const auto begun = c.reply.BeginDeferred();
  size_t shown = 0;
  for (const std::string& name : names) {
    if (c.count() == 3 && !GlobMatch(c.word(2), name)) continue;
    c.reply.Bulk(name);
    ++shown;
  }
  c.reply.EndArray(begun, shown);
}

void ReplyCounts(CommandContext& c, ChannelKind kind) {
  c.reply.Array((c.count() - 2) * 2);
  for (const std::string_view name : c.words.subspan(2)) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(c.node.pubsub().Subscribers(kind, name)));
  }
}

}  // namespace

void Subscribe(CommandContext& c) { Listen(c, "subscribe", ChannelKind::kChannel); }
void PSubscribe(CommandContext& c) { Listen(c, "psubscribe", ChannelKind::kPattern); }
void SSubscribe(CommandContext& c) { Listen(c, "ssubscribe", ChannelKind::kShardChannel); }
void Unsubscribe(CommandContext& c) { StopListening(c, "unsubscribe", ChannelKind::kChannel); }
void PUnsubscribe(CommandContext& c) { StopListening(c, "punsubscribe", ChannelKind::kPattern); }
void SUnsubscribe(CommandContext& c) {
  StopListening(c, "sunsubscribe", ChannelKind::kShardChannel);
}

void Publish(CommandContext& c) { Send(c, /*sharded=*/false); }
void SPublish(CommandContext& c) { Send(c, /*sharded=*/true); }

void PubSubChannels(CommandContext& c) { ReplyNames(c, ChannelKind::kChannel); }
void PubSubShardChannels(CommandContext& c) { ReplyNames(c, ChannelKind::kShardChannel); }
void PubSubNumSub(CommandContext& c) { ReplyCounts(c, ChannelKind::kChannel); }
void PubSubShardNumSub(CommandContext& c) { ReplyCounts(c, ChannelKind::kShardChannel); }
void PubSubNumPat(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.node.pubsub().Count(ChannelKind::kPattern)));
}

void PubSubHelp(CommandContext& c) {
  ReplyHelp(
      c, {"CHANNELS [<pattern>]",
          "    Reply the channels that anybody listens to and that match <pattern> (default: all).",
          "NUMPAT", "    Reply how many patterns are listened to.", "NUMSUB [<channel> ...]",
          "    Reply how many clients listen to each channel; patterns do not count.",
          "SHARDCHANNELS [<pattern>]", "    The same as CHANNELS for shard channels.",
          "SHARDNUMSUB [<shardchannel> ...]", "    The same as NUMSUB for shard channels."});
}

}  // namespace norn::handlers
