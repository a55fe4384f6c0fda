#pragma once
// A stand-in for the engine in tests of the checks: the reference model behind a socket, with one mistake planted.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/fiber/spawn.h"
#include "net/reply_parser.h"
#include "scenarios/model.h"
#include "scenarios/server.h"
#include "scenarios/testing_listener.h"

namespace norn::scenarios {

enum class Mistake : uint8_t {
  kNone,
  kStaleRead,       // now and then GET answers what was there before
  kLostUpdate,      // INCR reads, waits, writes
  kHalfMset,        // MSET writes the keys one by one, others may look in between
  kSwappedReplies,  // two tokens of a pipeline change places
  kExtraReply,      // now and then one more +OK
  kScanOmits,       // SCAN never returns the first key
  kSurvivesCrash,   // a crash leaves the keys
  kIgnoresWatch,    // EXEC never refuses
  kNeverExpires,    // deadlines are kept, and ignored
  kWrongByte,       // TYPE answers +String
  kClosesEarly,     // now and then closes instead of answering
  kHangs,           // now and then takes no further command from anybody
  kExits,           // the process ends after a while
};

// What outlives a process when it should not.
struct StandInDisk {
  std::map<std::string, ModelDb> dbs;
};

class StandIn : public Server {
 public:
  StandIn(env::Env& env, Mistake mistake, std::shared_ptr<StandInDisk> disk)
      : env_(env), mistake_(mistake), disk_(std::move(disk)) {
    if (mistake_ != Mistake::kSurvivesCrash) disk_->dbs.clear();
  }

  absl::Status Start() override {
    return listener_.Start([this](env::Stream& stream) { Serve(stream); });
  }

 private:
  struct Client {
    std::string db = "0";
    int resp = 2;
    bool multi = false;
    bool broken = false;
    std::vector<Words> queue;
    std::map<std::string, uint64_t> watched;  // key and version
  };

  void Serve(env::Stream& stream) {
    net::ReplyParser parser;  // a command has the form of a reply
    Client client;
    for (;;) {
      const env::IoResult read = stream.Read({parser.Reserve(4096), 4096}, Instant::Never());
      if (!read.ok()) return;
      parser.Commit(read.bytes);
      std::vector<std::string> replies;
      while (parser.Next() == net::ReplyParser::Result::kReply) {
        Words words;
        const std::optional<net::Reply> command = net::ParseReply(parser.bytes());
        for (const net::Reply& word : command->elements) words.push_back(word.text);
        if (!Misbehave(words)) return;
        replies.push_back(Handle(client, words));
      }
      if (mistake_ == Mistake::kSwappedReplies) SwapTokens(replies);
      std::string out;
      for (const std::string& reply : replies) out += reply;
      if (mistake_ == Mistake::kExtraReply && Once(300)) out += "+OK\r\n";
      if (!WriteAll(stream, out)) return;
    }
  }

  static bool WriteAll(env::Stream& stream, std::string_view out) {
    while (!out.empty()) {
      const env::IoResult write = stream.Write({out.data(), out.size()}, Instant::Never());
      if (!write.ok()) return false;
      out.remove_prefix(write.bytes);
    }
    return true;
  }

  // False: the connection ends.
  bool Misbehave(const Words&) {
    if (mistake_ == Mistake::kClosesEarly && Once(200)) return false;
    if (mistake_ == Mistake::kExits && Once(500)) env_.Exit(1);
    if (mistake_ == Mistake::kHangs && Once(400)) env_.executor().Park(Instant::Never());
    return true;
  }

  static void SwapTokens(std::vector<std::string>& replies) {
    std::vector<size_t> tokens;
    for (size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].find("\r\nt") != std::string::npos) tokens.push_back(i);
    }
    if (tokens.size() >= 2) std::swap(replies[tokens[0]], replies[tokens[1]]);
  }

  bool Once(uint64_t in) { return ++calls_ % in == 0; }

  std::string Handle(Client& c, const Words& words) {
    const std::string& name = words[0];
    if (name == "MULTI") {
      c.multi = true;
      return "+OK\r\n";
    }
    if (name == "DISCARD") {
      c = Client{c.db, c.resp, false, false, {}, {}};
      return "+OK\r\n";
    }
    if (name == "EXEC") return Exec(c);
    if (c.multi && words.size() < 2) {
      c.broken = true;
      return "-ERR wrong number of arguments for 'get' command\r\n";
    }
    if (c.multi) {
      c.queue.push_back(words);
      return "+QUEUED\r\n";
    }
    if (name == "WATCH") {
      Expire(c.db);
      c.watched[words[1]] = versions_[c.db + " " + words[1]];
      return "+OK\r\n";
    }
    return Execute(c, words);
  }

  std::string Exec(Client& c) {
    Client was = std::move(c);
    c = Client{was.db, was.resp, false, false, {}, {}};
    if (was.broken) return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    Expire(was.db);
    for (const auto& [key, version] : was.watched) {
      if (mistake_ != Mistake::kIgnoresWatch && versions_[was.db + " " + key] != version) {
        return was.resp == 3 ? "_\r\n" : "*-1\r\n";
      }
    }
    std::string reply = "*" + std::to_string(was.queue.size()) + "\r\n";
    for (const Words& words : was.queue) reply += Execute(was, words);
    return reply;
  }

  std::optional<ModelValue> Lookup(const std::string& db, const std::string& key) {
    const auto found = disk_->dbs[db].find(key);
    if (found == disk_->dbs[db].end()) return std::nullopt;
    return found->second;
  }

  // Runs the command; every key that is not afterwards what it was has a new version.
  std::string Execute(Client& c, const Words& words) {
    const std::map<std::string, ModelDb> before = disk_->dbs;
    const std::string reply = Dispatch(c, words);
    for (const auto& [db, keys] : before) NoteChanges(db, keys, disk_->dbs[db]);
    for (const auto& [db, keys] : disk_->dbs)
      NoteChanges(db, keys, before.count(db) > 0 ? before.at(db) : ModelDb());
    return reply;
  }

  void NoteChanges(const std::string& db, const ModelDb& a, const ModelDb& b) {
    for (const auto& [key, value] : a) {
      const auto found = b.find(key);
      if (found == b.end() || !(found->second == value)) ++versions_[db + " " + key];
    }
  }

  std::string Dispatch(Client& c, const Words& words) {
    Expire(c.db);
    ModelDb& db = disk_->dbs[c.db];
    const std::string& name = words[0];
    if (name == "HELLO") {
      c.resp = 3;
      return "%1\r\n+proto\r\n:3\r\n";
    }
    if (name == "SELECT") {
      c.db = words[1];
      return "+OK\r\n";
    }
    if (name == "PING" || name == "ECHO") return Bulk(words[1]);
    if (name == "FLUSHDB" || name == "FLUSHALL") {
      if (name == "FLUSHALL") disk_->dbs.clear();
      disk_->dbs[c.db].clear();
      return "+OK\r\n";
    }
    if (name == "DBSIZE") return ":" + std::to_string(db.size()) + "\r\n";
    if (name == "KEYS") return Names(db, false);
    if (name == "SCAN") {
      return "*2\r\n$1\r\n0\r\n" + Names(db, mistake_ == Mistake::kScanOmits);
    }
    if (name == "RANDOMKEY") {
      return db.empty() ? (c.resp == 3 ? "_\r\n" : "$-1\r\n") : Bulk(db.begin()->first);
    }
    return Data(c, words);
  }

  std::string Data(Client& c, const Words& words) {
    const std::string& name = words[0];
    if (mistake_ == Mistake::kStaleRead && name == "SET")
      before_[words[1]] = Lookup(c.db, words[1]);
    if (mistake_ == Mistake::kStaleRead && name == "GET" && before_[words[1]] && Once(20)) {
      return Bulk(before_[words[1]]->bytes);
    }
    if (mistake_ == Mistake::kWrongByte && name == "TYPE") return "+String\r\n";
    if (mistake_ == Mistake::kHalfMset && name == "MSET") {
      for (size_t i = 1; i < words.size(); i += 2) {
        Apply(c, {"SET", words[i], words[i + 1]});
        env_.executor().Park(env_.clock().Now() + Duration::Millis(2));
      }
      return "+OK\r\n";
    }
    if (mistake_ == Mistake::kLostUpdate && name == "INCR") {
      ModelDb copy = disk_->dbs[c.db];
      const std::string reply = ApplyCommand(copy, words, c.resp, Now(), {0, 0}).bytes;
      env_.executor().Park(env_.clock().Now() + Duration::Millis(2));
      if (copy.count(words[1]) > 0) disk_->dbs[c.db][words[1]] = copy[words[1]];
      return reply;
    }
    return Apply(c, words);
  }

  std::string Apply(Client& c, const Words& words) {
    const ModelReply reply = ApplyCommand(disk_->dbs[c.db], words, c.resp, Now(), {0, 0});
    if (!reply.bytes.empty()) return reply.bytes;
    return ":" + std::to_string((reply.low + reply.high) / 2) + "\r\n";
  }

  Window Now() { return {env_.clock().Now().ns, env_.clock().Now().ns}; }

  void Expire(const std::string& name) {
    if (mistake_ == Mistake::kNeverExpires) return;
    const int64_t now_ns = env_.clock().Now().ns;
    std::erase_if(disk_->dbs[name], [&](const auto& entry) {
      const auto& [key, value] = entry;
      const bool expired = value.deadline && value.deadline->latest_ns < now_ns;
      if (expired) ++versions_[name + " " + key];
      return expired;
    });
  }

  static std::string Bulk(const std::string& bytes) {
    return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
  }
  static std::string Names(const ModelDb& db, bool omit_first) {
    const size_t skip = omit_first && !db.empty() ? 1 : 0;
    std::string reply = "*" + std::to_string(db.size() - skip) + "\r\n";
    size_t i = 0;
    for (const auto& [key, value] : db) {
      if (i++ >= skip) reply += Bulk(key);
    }
    return reply;
  }

  env::Env& env_;
  const Mistake mistake_;
  std::shared_ptr<StandInDisk> disk_;
  TestingListener listener_{env_};
  std::map<std::string, std::optional<ModelValue>> before_;
  std::map<std::string, uint64_t> versions_;
  uint64_t calls_ = 0;
};

inline ServerFactory StandInFactory(Mistake mistake) {
  auto disk = std::make_shared<StandInDisk>();
  return [mistake, disk](env::Env& env, const ServerOptions&) {
    return std::make_unique<StandIn>(env, mistake, disk);
  };
}

}  // namespace norn::scenarios
