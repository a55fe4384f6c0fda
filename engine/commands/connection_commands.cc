// The connection itself: HELLO, AUTH, PING, ECHO, SELECT, QUIT, RESET.

#include <climits>
#include <optional>
#include <string>

#include "engine/base/number.h"
#include "engine/base/version.h"
#include "engine/commands/authentication.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replies.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

constexpr std::string_view kNoPasswordSet =
    "ERR AUTH <password> called without any password configured for the default user. Are you "
    "sure your configuration is correct?";
constexpr std::string_view kHelloNeedsAuth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
    "protocol version at the same time";

// True when the client is let in as `user`; the error has been replied otherwise.
bool Authenticate(CommandContext& c, std::string_view user, std::string_view password) {
  if (!PasswordFits(c.options, user, password)) {
    c.node.CountDeniedAuth();
    c.reply.Error(kWrongPassword);
    return false;
  }
  c.session.authenticated = true;
  c.session.user = user;
  return true;
}

struct HelloWords {
  int64_t version = 0;  // 0: stay with the current one
  bool has_auth = false;
  std::string_view user;
  std::string_view password;
  std::optional<std::string_view> name;
};

// Nothing when the words are wrong; the error has been replied.
std::optional<HelloWords> ParseHello(CommandContext& c) {
  HelloWords hello;
  if (c.count() >= 2) {
    const auto version = IntegerAt(c, 1, "ERR Protocol version is not an integer or out of range");
    if (!version) return std::nullopt;
    if (*version < 2 || *version > 3) {
      c.reply.Error("NOPROTO unsupported protocol version");
      return std::nullopt;
    }
    hello.version = *version;
  }
  for (size_t at = 2; at < c.count(); ++at) {
    const size_t more = c.count() - 1 - at;
    if (WordIs(c.word(at), "auth") && more >= 2) {
      hello.has_auth = true;
      hello.user = c.word(at + 1);
      hello.password = c.word(at + 2);
      at += 2;
    } else if (WordIs(c.word(at), "setname") && more >= 1) {
      if (!IsClientAttribute(c.word(at + 1))) {
        c.reply.Error(kBadClientName);
        return std::nullopt;
      }
      hello.name = c.word(++at);
    } else {
      c.reply.Error(fmt::format("ERR Syntax error in HELLO option '{}'", UpToNul(c.word(at))));
      return std::nullopt;
    }
  }
  return hello;
}

void ReplyHello(CommandContext& c) {
  const bool as_redis = c.options.extended_redis_compatibility;
  const bool has_zone = !c.options.availability_zone.empty();
  c.reply.Map(has_zone ? 8 : 7);
  c.reply.Bulk("server");
  c.reply.Bulk(as_redis ? "redis" : kServerName);
  c.reply.Bulk("version");
  c.reply.Bulk(as_redis ? kRedisVersion : kVersion);
  c.reply.Bulk("proto");
  c.reply.Integer(static_cast<int64_t>(c.session.resp));
  c.reply.Bulk("id");
  c.reply.Integer(static_cast<int64_t>(c.session.id.value));
  c.reply.Bulk("mode");
  c.reply.Bulk(c.options.cluster_enabled ? "cluster" : "standalone");
  c.reply.Bulk("role");
  c.reply.Bulk(c.node.replication().following() ? "replica" : "master");
  c.reply.Bulk("modules");
  c.reply.Array(0);
  if (!has_zone) return;
  c.reply.Bulk("availability_zone");
  c.reply.Bulk(c.options.availability_zone);
}

void SetProtocol(CommandContext& c, Resp resp) {
  c.session.resp = resp;
  c.reply.set_resp(resp);
}

}  // namespace

void Hello(CommandContext& c) {
  const std::optional<HelloWords> hello = ParseHello(c);
  if (!hello) return;
  if (hello->has_auth && !Authenticate(c, hello->user, hello->password)) return;
  if (!c.session.authenticated) return c.reply.Error(kHelloNeedsAuth);
  if (hello->name) c.session.name = *hello->name;
  if (hello->version != 0) SetProtocol(c, hello->version == 3 ? Resp::k3 : Resp::k2);
  ReplyHello(c);
}

void Auth(CommandContext& c) {
  if (c.count() > 3) return c.reply.Error(kSyntaxError);
  const bool with_user = c.count() == 3;
  if (!with_user && c.options.requirepass.empty()) return c.reply.Error(kNoPasswordSet);
  const std::string_view user = with_user ? c.word(1) : kDefaultUser;
  if (Authenticate(c, user, c.word(c.count() - 1))) c.reply.Ok();
}

void Ping(CommandContext& c) {
  if (c.count() > 2) {
    return c.reply.Error("ERR wrong number of arguments for 'ping' command");
  }
  // Where a reply could be taken for a message it looks like one.
  if (c.session.in_subscriber_mode()) {
    c.reply.Array(2);
    c.reply.Bulk("pong");
    return c.reply.Bulk(c.count() == 2 ? c.word(1) : "");
  }
  if (c.count() == 2) return c.reply.Bulk(c.word(1));
  c.reply.Simple("PONG");
}

void Echo(CommandContext& c) { c.reply.Bulk(c.word(1)); }

void Select(CommandContext& c) {
  const std::optional<int64_t> index = IntegerAt(c, 1);
  if (!index) return;
  if (*index < INT_MIN || *index > INT_MAX) {
    return c.reply.Error(
        fmt::format("ERR value is out of range, value must between {} and {}", INT_MIN, INT_MAX));
  }
  if (*index < 0 || *index >= c.options.databases) {
    return c.reply.Error("ERR DB index is out of range");
  }
  c.session.db = DbIndex{static_cast<uint32_t>(*index)};
  c.reply.Ok();
}

void Quit(CommandContext& c) {
  c.session.close_after_reply = true;
  c.reply.Ok();
}

// Back to a connection just accepted; what the client library told about itself stays.
void Reset(CommandContext& c) {
  Session& session = c.session;
  c.node.DiscardTransaction(session);
  c.node.EndSubscriptions(session);
  session.db = DbIndex{};
  SetProtocol(c, Resp::k2);
  session.user = kDefaultUser;
  session.authenticated = c.options.requirepass.empty();
  session.name.clear();
  session.reply_mode = ReplyMode::kOn;
  session.no_touch = false;
  session.import_source = false;
  session.readonly = false;
  session.asking = false;
  session.no_evict = false;
  c.reply.Simple("RESET");
}

}  // namespace norn::handlers
