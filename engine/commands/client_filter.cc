#include "engine/commands/client_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/number.h"
#include "engine/commands/authentication.h"
#include "engine/commands/replies.h"

namespace norn {
namespace {

std::optional<ClientType> TypeByName(std::string_view name) {
  if (WordIs(name, "normal")) return ClientType::kNormal;
  if (WordIs(name, "slave") || WordIs(name, "replica")) return ClientType::kReplica;
  if (WordIs(name, "pubsub")) return ClientType::kPubSub;
  if (WordIs(name, "master") || WordIs(name, "primary")) return ClientType::kPrimary;
  return std::nullopt;
}

ClientType TypeOf(const Session& session) {
  switch (session.client_class) {
    case ClientClass::kReplica:
      return ClientType::kReplica;
    case ClientClass::kPubSub:
      return ClientType::kPubSub;
    case ClientClass::kNormal:
      break;
  }
  return ClientType::kNormal;
}

// The numbers that follow ID, up to the first word that is none.
std::string ParseIds(std::span<const std::string_view> words, size_t& at, ClientFilter& filter) {
  if (!filter.ids) filter.ids.emplace();
  for (++at; at < words.size(); ++at) {
    const std::optional<int64_t> id = ParseInt64(words[at]);
    if (!id) break;
    if (*id < 1) return "ERR client-id should be greater than 0";
    filter.ids->push_back(static_cast<uint64_t>(*id));
  }
  std::sort(filter.ids->begin(), filter.ids->end());
  return {};
}

std::string ParseAge(std::string_view value, ClientFilter& filter) {
  const std::optional<int64_t> age_s = ParseInt64(value);
  if (!age_s) return "ERR maxage is not an integer or out of range";
  if (*age_s <= 0) return "ERR maxage should be greater than 0";
  filter.age_s_min = *age_s;
  return {};
}

std::string ParseType(std::string_view value, ClientFilter& filter) {
  filter.type = TypeByName(value);
  if (filter.type) return {};
  return fmt::format("ERR Unknown client type '{}'", UpToNul(value));
}

std::string ParseUser(std::string_view value, ClientFilter& filter) {
  if (value != kDefaultUser) return fmt::format("ERR No such user '{}'", UpToNul(value));
  filter.user = value;
  return {};
}

std::string ParseSkipSelf(std::string_view value, ClientFilter& filter) {
  filter.skip_self = WordIs(value, "yes");
  if (filter.skip_self || WordIs(value, "no")) return {};
  return std::string(kSyntaxError);
}

std::string ParsePair(std::string_view option, std::string_view value, ClientFilter& filter) {
  if (WordIs(option, "maxage")) return ParseAge(value, filter);
  if (WordIs(option, "type")) return ParseType(value, filter);
  if (WordIs(option, "user")) return ParseUser(value, filter);
  if (WordIs(option, "skipme")) return ParseSkipSelf(value, filter);
  if (WordIs(option, "addr")) {
    filter.peer_address = value;
    return {};
  }
  if (WordIs(option, "laddr")) {
    filter.local_address = value;
    return {};
  }
  return std::string(kSyntaxError);
}

std::string FlagsOf(const ClientInfo& client) {
  const Session& session = client.session;
  std::string flags;
  if (session.client_class == ClientClass::kReplica) flags += 'S';
  if (session.client_class == ClientClass::kPubSub) flags += 'P';
  if (session.transaction.open) flags += 'x';
  if (session.blocked) flags += 'b';
  if (session.close_after_reply) flags += 'c';
  if (client.closing) flags += 'A';
  if (session.unix_socket) flags += 'U';
  if (session.readonly) flags += 'r';
  if (session.no_evict) flags += 'e';
  if (session.no_touch) flags += 'T';
  if (session.import_source) flags += 'I';
  return flags.empty() ? "N" : flags;
}

// -1 for a client that never said MULTI or WATCH in the connection's present transaction.
int64_t QueuedOf(const ClientInfo& client) {
  if (client.session.transaction.open) return static_cast<int64_t>(client.queued_commands);
  return client.watched_keys > 0 ? 0 : -1;
}

}  // namespace

bool ClientFilter::Matches(const ClientInfo& client, ClientId self) const {
  const Session& session = client.session;
  if (peer_address && session.peer_address != *peer_address) return false;
  if (local_address && session.local_address != *local_address) return false;
  if (type && TypeOf(session) != *type) return false;
  if (ids && !std::binary_search(ids->begin(), ids->end(), session.id.value)) return false;
  if (user && session.user != *user) return false;
  if (skip_self && session.id == self) return false;
  return age_s_min == 0 || client.age_s >= age_s_min;
}

std::string ParseClientFilter(std::span<const std::string_view> words, ClientFilter& filter) {
  for (size_t at = 0; at < words.size();) {
    std::string error;
    if (WordIs(words[at], "id")) {
      error = ParseIds(words, at, filter);
    } else if (at + 1 < words.size()) {
      error = ParsePair(words[at], words[at + 1], filter);
      at += 2;
    } else {
      error = kSyntaxError;
    }
    if (!error.empty()) return error;
  }
  return {};
}

std::string ClientLine(const ClientInfo& client) {
  const Session& s = client.session;
  const auto out = fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} "
      "multi={} watch={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} ",
      s.id.value, s.peer_address, s.local_address, s.file_descriptor, s.name, client.age_s,
      client.idle_s, FlagsOf(client), s.db.value, client.channels, client.patterns,
      client.shard_channels, QueuedOf(client), client.watched_keys, s.query_buffer_bytes,
      s.query_buffer_free_bytes, client.argument_bytes, client.queued_bytes, s.output_buffer_bytes,
      s.output_buffer_peak_bytes);
  // norn has one output buffer a client, not a fixed one and a list: oll is 0, omem what the buffer takes while it holds
  // something.
  return out + fmt::format(
                   "obl={} oll=0 omem={} tot-mem={} events={} cmd={} user={} redir=-1 resp={} "
                   "lib-name={} lib-ver={} tot-net-in={} tot-net-out={} tot-cmds={}",
                   s.output_pending_bytes, s.output_pending_bytes > 0 ? s.output_buffer_bytes : 0,
                   s.memory_bytes, s.output_pending_bytes > 0 ? "rw" : "r",
                   s.last_command != nullptr ? s.last_command->full_name : "NULL", s.user,
                   static_cast<int>(s.resp), s.library_name, s.library_version, s.net_input_bytes,
                   s.net_output_bytes, s.commands_processed);
}

}  // namespace norn
