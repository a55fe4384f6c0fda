// CLIENT and its subcommands: what clients tell about themselves and do to each other.

#include <algorithm>
#include <climits>
#include <optional>
#include <string>

#include "engine/commands/authentication.h"
#include "engine/commands/client_filter.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/commands/replication_control.h"
#include "engine/commands/replies.h"

#include <fmt/format.h>

namespace norn::handlers {
namespace {

// Lines for the clients that pass, ascending by id.
std::string ClientLines(CommandContext& c, const ClientFilter& filter) {
  std::string lines;
  for (norn::ClientInfo& client : c.node.Clients()) {
    if (!filter.Matches(client, c.session.id)) continue;
    if (client.session.id == c.session.id) {
      for (std::string_view word : c.words) client.argument_bytes += word.size();
      client.session.last_command = c.spec;
    }
    lines += ClientLine(client);
    lines += '\n';
  }
  return lines;
}

// Closes the clients that pass and returns their count; the caller's own connection ends after its reply.
size_t Kill(CommandContext& c, const ClientFilter& filter) {
  const norn::ClientId self = c.session.id;
  bool kills_self = false;  // written on the home executor only: a client is judged on its own
  const size_t killed = c.node.KillClients(
      [&](const norn::ClientInfo& client) {
        if (!filter.Matches(client, self)) return false;
        if (client.session.id == self) kills_self = true;
        return true;
      },
      self);
  if (kills_self) c.session.close_after_reply = true;
  return killed;
}

Instant PauseEnd(Instant now, int64_t timeout_ms) {
  constexpr int64_t kNanosPerMilli = 1000000;
  if (timeout_ms > (INT64_MAX - now.ns) / kNanosPerMilli) return Instant::Never();
  return now + Duration::Millis(timeout_ms);
}

}  // namespace

void ClientId(CommandContext& c) { c.reply.Integer(static_cast<int64_t>(c.session.id.value)); }

void ClientInfo(CommandContext& c) {
  ClientFilter only_self;
  only_self.ids = {c.session.id.value};
  c.reply.Verbatim("txt", ClientLines(c, only_self));
}

void ClientList(CommandContext& c) {
  ClientFilter filter;
  // An option alone has no value.
  if (c.count() == 3) return c.reply.Error(kSyntaxError);
  const std::string error = ParseClientFilter(c.words.subspan(2), filter);
  if (!error.empty()) return c.reply.Error(error);
  c.reply.Verbatim("txt", ClientLines(c, filter));
}

void ClientKill(CommandContext& c) {
  ClientFilter filter;
  const bool by_address_alone = c.count() == 3;
  if (by_address_alone) {
    filter.peer_address = c.word(2);
    if (Kill(c, filter) == 0) return c.reply.Error("ERR No such client");
    return c.reply.Ok();
  }
  filter.skip_self = true;
  const std::string error = ParseClientFilter(c.words.subspan(2), filter);
  if (!error.empty()) return c.reply.Error(error);
  // The link to the primary is no client and not listed; it is known by its type alone.
  if (filter.type == norn::ClientType::kPrimary && c.count() == 4) {
    return c.reply.Integer(c.node.replication().DropPrimaryLink() ? 1 : 0);
  }
  c.reply.Integer(static_cast<int64_t>(Kill(c, filter)));
}

void ClientSetName(CommandContext& c) {
  if (!IsClientAttribute(c.word(2))) return c.reply.Error(kBadClientName);
  c.session.name = c.word(2);
  c.reply.Ok();
}

void ClientGetName(CommandContext& c) {
  if (c.session.name.empty()) return c.reply.Null();
  c.reply.Bulk(c.session.name);
}

void ClientSetInfo(CommandContext& c) {
  const bool is_name = WordIs(c.word(2), "lib-name");
  if (!is_name && !WordIs(c.word(2), "lib-ver")) {
    return c.reply.Error(fmt::format("ERR Unrecognized option '{}'", UpToNul(c.word(2))));
  }
  if (!IsClientAttribute(c.word(3))) {
    return c.reply.Error(fmt::format(
        "ERR {} cannot contain spaces, newlines or special characters.", UpToNul(c.word(2))));
  }
  (is_name ? c.session.library_name : c.session.library_version) = c.word(3);
  c.reply.Ok();
}

// The one command that may leave its client without an answer.
void ClientReply(CommandContext& c) {
  if (WordIs(c.word(2), "on")) {
    c.session.reply_mode = ReplyMode::kOn;
    c.reply.Ok();
  } else if (WordIs(c.word(2), "off")) {
    c.session.reply_mode = ReplyMode::kOff;
  } else if (WordIs(c.word(2), "skip")) {
    if (c.session.reply_mode != ReplyMode::kOff) c.session.reply_mode = ReplyMode::kSkipNext;
  } else {
    c.reply.Error(kSyntaxError);
  }
}

void ClientNoEvict(CommandContext& c) {
  const std::optional<bool> on = OnOffAt(c, 2);
  if (!on) return;
  c.session.no_evict = *on;
  c.reply.Ok();
}

void ClientNoTouch(CommandContext& c) {
  const std::optional<bool> on = OnOffAt(c, 2);
  if (!on) return;
  c.session.no_touch = *on;
  c.reply.Ok();
}

void ClientImportSource(CommandContext& c) {
  if (!c.options.import_mode && !WordIs(c.word(2), "off")) {
    return c.reply.Error("ERR Server is not in import mode");
  }
  const std::optional<bool> on = OnOffAt(c, 2);
  if (!on) return;
  c.session.import_source = *on;
  c.reply.Ok();
}

// A second pause never shortens a running one, nor softens ALL to WRITE.
void ClientPause(CommandContext& c) {
  Pause pause{PauseMode::kAll, c.instant};
  if (c.count() == 4) {
    if (WordIs(c.word(3), "write")) {
      pause.mode = PauseMode::kWrite;
    } else if (!WordIs(c.word(3), "all")) {
      return c.reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  }
  const auto timeout_ms = IntegerAt(c, 2, "ERR timeout is not an integer or out of range");
  if (!timeout_ms) return;
  if (*timeout_ms < 0) return c.reply.Error("ERR timeout is negative");
  if (*timeout_ms > INT64_MAX - c.now.unix_ms()) {
    return c.reply.Error("ERR timeout is out of range");
  }
  pause.until = PauseEnd(c.instant, *timeout_ms);
  const Pause running = c.node.GetPause();
  if (running.mode != PauseMode::kNone && running.until > c.instant) {
    pause.until = std::max(pause.until, running.until);
    if (running.mode == PauseMode::kAll) pause.mode = PauseMode::kAll;
  }
  c.node.SetPause(pause);
  c.reply.Ok();
}

void ClientUnpause(CommandContext& c) {
  c.node.SetPause(Pause{});
  c.reply.Ok();
}

void ClientUnblock(CommandContext& c) {
  const bool with_error = c.count() == 4 && WordIs(c.word(3), "error");
  if (c.count() == 4 && !with_error && !WordIs(c.word(3), "timeout")) {
    return c.reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const std::optional<int64_t> id = IntegerAt(c, 2);
  if (!id) return;
  const bool unblocked = c.node.Unblock({static_cast<uint64_t>(*id)}, with_error);
  c.reply.Integer(unblocked ? 1 : 0);
}

// Tracking is not part of norn yet, so no client is ever in that mode.
void ClientCaching(CommandContext& c) {
  c.reply.Error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
}

void ClientGetRedir(CommandContext& c) { c.reply.Integer(-1); }

void ClientTrackingInfo(CommandContext& c) {
  c.reply.Map(3);
  c.reply.Bulk("flags");
  c.reply.Set(1);
  c.reply.Bulk("off");
  c.reply.Bulk("redirect");
  c.reply.Integer(-1);
  c.reply.Bulk("prefixes");
  c.reply.Array(0);
}

// Capabilities that norn does not know are no error, and it acts on none so far: a primary never redirects.
void ClientCapa(CommandContext& c) { c.reply.Ok(); }

void ClientHelp(CommandContext& c) {
  ReplyHelp(c, {
                   "CACHING (YES|NO)",
                   "    For the next command of a tracking client: track its keys, or not.",
                   "CAPA <option> [options...]",
                   "    Tell the server what this client can do. Options are:",
                   "    * REDIRECT",
                   "      It follows redirections during a failover outside of a cluster.",
                   "GETREDIR",
                   "    The client ID that tracking messages are redirected to.",
                   "GETNAME",
                   "    The name of this connection.",
                   "ID",
                   "    The ID of this connection.",
                   "INFO",
                   "    What CLIENT LIST shows, for this connection only.",
                   "KILL <ip:port>",
                   "    Close the connection from <ip:port>.",
                   "KILL <option> <value> [<option> <value> [...]]",
                   "    Close the connections that match all options. Options are:",
                   "    * ADDR (<ip:port>|<unixsocket>:0)",
                   "      By the address they come from.",
                   "    * LADDR (<ip:port>|<unixsocket>:0)",
                   "      By the address they came to.",
                   "    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB)",
                   "      By type.",
                   "    * USER <username>",
                   "      By the user they are authenticated as.",
                   "    * SKIPME (YES|NO)",
                   "      Spare the connection that asks (default: yes).",
                   "    * ID <client-id> [<client-id>...]",
                   "      By ID.",
                   "    * MAXAGE <maxage>",
                   "      Older than this many seconds.",
                   "LIST [options ...]",
                   "    One line for each connection. Options are those of KILL; SKIPME is off by",
                   "    default.",
                   "UNPAUSE",
                   "    End a pause.",
                   "PAUSE <timeout> [WRITE|ALL]",
                   "    Hold back all commands, or those that write, for <timeout> milliseconds.",
                   "REPLY (ON|OFF|SKIP)",
                   "    Whether the server answers this connection.",
                   "SETNAME <name>",
                   "    Name this connection.",
                   "SETINFO <option> <value>",
                   "    Tell about the client library. Options are:",
                   "    * LIB-NAME: its name.",
                   "    * LIB-VER: its version.",
                   "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                   "    End a blocking command of another client.",
                   "TRACKINGINFO",
                   "    The tracking state of this connection.",
                   "NO-EVICT (ON|OFF)",
                   "    Keep this connection when clients are evicted for memory.",
                   "NO-TOUCH (ON|OFF)",
                   "    Commands of this connection leave the LRU and LFU clocks of keys alone.",
                   "IMPORT-SOURCE (ON|OFF)",
                   "    In import mode: commands of this connection see keys that have expired.",
               });
}

}  // namespace norn::handlers
