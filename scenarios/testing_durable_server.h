#pragma once
// A stand-in for a durable engine in tests of the checks: a map and a log of whole transactions, each written and synced
// before its reply leaves, with one mistake planted. Knows only what the ledger sends.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/number.h"
#include "engine/fiber/spawn.h"
#include "engine/fiber/wait_queue.h"
#include "net/reply_parser.h"
#include "scenarios/server.h"
#include "scenarios/testing_listener.h"
#include "scenarios/workload.h"

namespace norn::scenarios {

enum class LogMistake : uint8_t {
  kNone,
  kRepliesBeforeSync,
  kSplitsTransactions,  // logs the commands of MULTI one by one
  kForgetsOneInHundred,
  kReplaysTwice,         // the last record
  kServesAfterLostSync,  // a sync that failed is taken for one that did not
  kSkipsDamage,          // never syncs, and reads on behind a record that is not whole
  kDiesSilently,         // cannot read its log, and does not say which file
};

class LogStandIn : public Server {
 public:
  LogStandIn(env::Env& env, LogMistake mistake) : env_(env), mistake_(mistake) {}

  absl::Status Start() override {
    auto file = env_.disk().Open("stand-in.aof", env::OpenMode::kCreate);
    if (!file.ok()) return file.status();
    log_ = *std::move(file);
    if (absl::Status s = env_.disk().SyncDir("."); !s.ok()) return s;
    if (absl::Status s = Load(); !s.ok()) return s;
    return listener_.Start([this](env::Stream& stream) { Serve(stream); });
  }

 private:
  using Db = std::map<std::string, std::string>;
  static constexpr size_t kHeaderBytes = 16;  // length and hash, 8 bytes each

  // Ends at the first record that is not whole, and cuts the log there: what is behind it was never answered.
  absl::Status Load() {
    const auto size = log_->Size();
    if (!size.ok()) return size.status();
    std::string bytes(*size, '\0');
    const auto read = log_->Read(0, std::span<char>(bytes.data(), bytes.size()));
    if (!read.ok()) {
      return mistake_ == LogMistake::kDiesSilently ? absl::DataLossError("oops") : read.status();
    }
    std::string_view rest = bytes;
    std::string last;
    while (rest.size() >= kHeaderBytes) {
      const uint64_t length = Get(rest, 0);
      const bool whole = length > 0 && length <= rest.size() - kHeaderBytes &&
                         Get(rest, 8) == HashBytes(rest.substr(kHeaderBytes, length), length);
      if (!whole && mistake_ == LogMistake::kSkipsDamage) {
        rest.remove_prefix(1);
        continue;
      }
      if (!whole) break;
      last = rest.substr(kHeaderBytes, length);
      Replay(last);
      rest.remove_prefix(kHeaderBytes + length);
    }
    if (mistake_ == LogMistake::kReplaysTwice) Replay(last);
    end_ = logged_ = bytes.size() - rest.size();
    if (absl::Status s = log_->Truncate(end_); !s.ok()) return s;
    return log_->Sync();
  }

  static uint64_t Get(std::string_view bytes, size_t at) {
    uint64_t value = 0;
    for (size_t i = 8; i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[at + i - 1]);
    return value;
  }
  static void Put(uint64_t value, std::string* out) {
    for (int i = 0; i < 8; ++i) *out += static_cast<char>(value >> (8 * i));
  }

  void Replay(const std::string& record) {
    net::ReplyParser parser;
    parser.Append(record);
    std::string db = "0";
    while (parser.Next() == net::ReplyParser::Result::kReply) {
      const Words words = WordsOf(parser.bytes());
      if (words[0] == "SELECT")
        db = words[1];
      else
        Apply(db, words);
    }
  }

  static Words WordsOf(std::string_view bytes) {
    Words words;
    const std::optional<net::Reply> command = net::ParseReply(bytes);
    for (const net::Reply& word : command->elements) words.push_back(word.text);
    return words;
  }

  void Serve(env::Stream& stream) {
    net::ReplyParser parser;  // a command has the form of a reply
    std::string db = "0";
    bool multi = false;
    std::vector<Words> queue;
    for (;;) {
      const env::IoResult read = stream.Read({parser.Reserve(4096), 4096}, Instant::Never());
      if (!read.ok()) return;
      parser.Commit(read.bytes);
      while (parser.Next() == net::ReplyParser::Result::kReply) {
        const Words words = WordsOf(parser.bytes());
        std::string reply;
        if (words[0] == "MULTI") {
          multi = true;
          reply = "+OK\r\n";
        } else if (words[0] == "EXEC") {
          multi = false;
          const std::vector<std::string> replies = Transact(db, std::exchange(queue, {}));
          reply = "*" + std::to_string(replies.size()) + "\r\n";
          for (const std::string& one : replies) reply += one;
        } else if (multi) {
          queue.push_back(words);
          reply = "+QUEUED\r\n";
        } else if (words[0] == "SELECT") {
          db = words[1];
          reply = "+OK\r\n";
        } else if (words[0] == "HELLO") {
          reply = "%1\r\n+proto\r\n:3\r\n";
        } else {
          reply = Transact(db, {words})[0];
        }
        if (!WriteAll(stream, reply)) return;
      }
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

  std::vector<std::string> Transact(const std::string& db, const std::vector<Words>& commands) {
    std::vector<std::string> replies;
    std::vector<Words> writes;
    for (const Words& words : commands) {
      replies.push_back(Apply(db, words));
      if (words[0] != "MGET") writes.push_back(words);
    }
    if (writes.empty()) return replies;
    if (mistake_ == LogMistake::kForgetsOneInHundred && ++written_ % 100 == 0) return replies;
    if (mistake_ == LogMistake::kSplitsTransactions) {
      for (const Words& words : writes) Log(db, {words});
    } else {
      Log(db, writes);
    }
    if (mistake_ == LogMistake::kRepliesBeforeSync) return replies;
    if (mistake_ == LogMistake::kSkipsDamage) return replies;
    // A sync that failed may have lost the record: only a new life can tell.
    if (!log_->Sync().ok() && mistake_ != LogMistake::kServesAfterLostSync) Die();
    return replies;
  }

  void Log(const std::string& db, const std::vector<Words>& writes) {
    Operation operation;
    operation.commands.push_back({"SELECT", db});
    for (const Words& words : writes) operation.commands.push_back(words);
    std::string body;
    EncodeOperation(operation, &body);
    std::string record;
    Put(body.size(), &record);
    Put(HashBytes(body, body.size()), &record);
    record += body;
    const uint64_t at = end_;
    end_ += record.size();  // the next transaction may come while this one is written
    while (logged_ != at) turn_.Wait(Instant::Never());  // none leaves a hole before it
    if (!log_->Write(at, {record.data(), record.size()}).ok()) Die();
    logged_ = at + record.size();
    turn_.WakeAll();
  }

  void Die() {
    env_.Log(env::LogLevel::kWarning,
             mistake_ == LogMistake::kDiesSilently ? "oops" : "stand-in.aof: cannot be written");
    env_.Exit(1);
    env_.executor().Park(Instant::Never());
  }

  std::string Apply(const std::string& name, const Words& words) {
    Db& db = dbs_[name];
    if (words[0] == "INCR") {
      const int64_t value = ParseInt64(db[words[1]]).value_or(0) + 1;
      db[words[1]] = std::to_string(value);
      return ":" + db[words[1]] + "\r\n";
    }
    if (words[0] == "APPEND") {
      db[words[1]] += words[2];
      return ":" + std::to_string(db[words[1]].size()) + "\r\n";
    }
    if (words[0] == "DEL") return ":" + std::to_string(db.erase(words[1])) + "\r\n";
    if (words[0] == "MGET") {
      std::string reply = "*" + std::to_string(words.size() - 1) + "\r\n";
      for (size_t i = 1; i < words.size(); ++i) {
        const auto found = db.find(words[i]);
        const std::string text = found == db.end() ? "" : found->second;
        reply += found == db.end() ? "$-1\r\n"
                                   : "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
      }
      return reply;
    }
    for (size_t i = 1; i + 1 < words.size(); i += 2) {  // SET, GETSET, MSET
      if (words[0] != "MSET" && i > 1) break;
      db[words[i]] = words[i + 1];
    }
    return "+OK\r\n";
  }

  env::Env& env_;
  const LogMistake mistake_;
  std::unique_ptr<env::File> log_;
  TestingListener listener_{env_};
  std::map<std::string, Db> dbs_;
  uint64_t end_ = 0;
  uint64_t logged_ = 0;  // up to where the log is written
  WaitQueue turn_{env_.executor()};
  uint64_t written_ = 0;
};

inline ServerFactory LogStandInFactory(LogMistake mistake) {
  return [mistake](env::Env& env, const ServerOptions&) {
    return std::make_unique<LogStandIn>(env, mistake);
  };
}

}  // namespace norn::scenarios
