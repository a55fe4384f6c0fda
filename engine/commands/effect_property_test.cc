// Whatever commands run on one server, another that repeats their effects has the same data at every moment: expired keys go
// there only when a command says so, and the answers of conditions never matter.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>

#include "engine/base/prng.h"
#include "engine/commands/drawn/random_commands.h"
#include "engine/commands/testing.h"
#include "engine/types/dataset_digest.h"
#include "engine/types/field_expiry.h"
#include "engine/types/stream_value.h"

namespace norn {
namespace {

std::string Text(StreamId id) { return std::string(StreamIdText(id).view()); }

// When and how often an entry was handed out is left away: who reads it again by its id changes that, and nobody repeats it.
void AddGroups(const Entry& entry, std::set<std::string>* texts) {
  const Stream& stream = StreamOf(entry);
  const std::string of =
      fmt::format("{} {} {}", entry.key(), Text(stream.last_id()), Text(stream.max_deleted_id()));
  texts->insert(fmt::format("{} {}", of, stream.entries_added()));
  for (const auto& [name, group] : stream.groups()) {
    std::string text =
        fmt::format("{} {} at {}, {} read:", of, name, Text(group->last_id), group->entries_read);
    for (const auto& [consumer, unused] : group->consumers()) text += " " + consumer;
    for (const auto& [id, pending] : group->pending()) {
      text += fmt::format(" {}:{}", Text(id), pending.consumer->name());
    }
    texts->insert(text);
  }
}

class Server : public CommandTest {
 public:
  explicit Server(uint32_t shards) : CommandTest(shards), shards_(shards) {
    for (uint32_t i = 0; i < shards; ++i) keyspace(i).set_records_deletions(true);
  }
  void TestBody() override {}

  using CommandTest::Advance;
  using CommandTest::now_ms;
  using CommandTest::options;
  using CommandTest::Repeated;
  using CommandTest::RunWords;
  using CommandTest::session;
  using CommandTest::TakeRepeated;

  // What cron does: the deletions that it makes come before the next command's effects.
  void ExpireSome() {
    for (uint32_t i = 0; i < shards_; ++i) {
      for (uint32_t at = 0; at < 2; ++at) {
        Db& db = keyspace(i).db(DbIndex{at});
        db.ExpireSome(3, now_ms());
        ExpireFieldsSome(keyspace(i), db, options(), now_ms(), 3);
      }
    }
    RunWords({"DBSIZE"});
  }
  // Of the data, and of groups of streams, which the digest leaves away.
  std::string Digest() {
    std::set<std::string> groups;
    for (uint32_t i = 0; i < shards_; ++i) {
      for (uint32_t at = 0; at < 2; ++at) {
        keyspace(i).db(DbIndex{at}).ForEach([&](const Entry& entry) {
          if (entry.type() == ValueType::kStream) AddGroups(entry, &groups);
        });
      }
    }
    return fmt::format("{} {}", DigestOf(keys().shards()).Hex(), fmt::join(groups, ", "));
  }

 private:
  uint32_t shards_;
};

class Storm {
 public:
  explicit Storm(uint64_t seed) : prng_(seed), of_all_types_({}, Prng(seed + 1)) {
    replica_.session().from_primary = true;
    replica_of_replica_.session().from_primary = true;
  }

  void Step() {
    if (prng_.OneIn(3)) {
      const Duration by = Duration::Millis(static_cast<int64_t>(prng_.Below(20)));
      primary_.Advance(by);
      if (prng_.OneIn(2)) replica_.Advance(by);  // clocks differ
    }
    if (prng_.OneIn(10)) primary_.ExpireSome();
    const std::vector<std::string> words = Command();
    primary_.session().db = DbIndex{static_cast<uint32_t>(prng_.Below(2))};
    primary_.RunWords({words.begin(), words.end()});
    Repeat(primary_, replica_);
    Repeat(replica_, replica_of_replica_);
  }
  void Compare() {
    RC_ASSERT(primary_.Digest() == replica_.Digest());
    RC_ASSERT(primary_.Digest() == replica_of_replica_.Digest());
  }

 private:
  static void Repeat(Server& from, Server& to) {
    for (const Server::Repeated& command : from.TakeRepeated()) {
      if (command.words[0] == "MULTI" || command.words[0] == "EXEC") continue;
      to.session().db = command.db;
      const ReplyValue reply = to.RunWords({command.words.begin(), command.words.end()});
      const std::string line = fmt::format("{} -> ", fmt::join(command.words, " "));
      RC_ASSERT(line + (reply.kind == '-' ? reply.text : "") == line);
    }
  }

  std::string KeyName() { return "k" + std::to_string(prng_.Below(6)); }
  std::string Value() {
    if (prng_.OneIn(2)) return std::to_string(prng_.Below(10));
    return std::string(prng_.Below(prng_.OneIn(8) ? 300 : 4), 'a');
  }
  std::string Time(bool relative, int64_t unit_ms) {
    const int64_t ms = static_cast<int64_t>(prng_.Below(60)) - 10;
    return std::to_string(relative ? (ms + unit_ms - 1) / unit_ms
                                   : (primary_.now_ms() + ms) / unit_ms);
  }
  std::string Pick(std::initializer_list<std::string> of) {
    return of.begin()[prng_.Below(of.size())];
  }
  void AddTime(std::vector<std::string>* words) {
    const std::string option = Pick({"EX", "PX", "EXAT", "PXAT"});
    const bool at = option.size() == 4;
    words->push_back(option);
    words->push_back(Time(!at, option[0] == 'E' ? 1000 : 1));
  }

  std::vector<std::string> Command() {
    if (prng_.OneIn(2)) return of_all_types_.Next();
    switch (prng_.Below(5)) {
      case 0:
        return Set();
      case 1:
        return Edit();
      case 2:
        return Life();
      case 3:
        return Several();
      default:
        return Whole();
    }
  }
  std::vector<std::string> Set() {
    std::vector<std::string> words = {"SET", KeyName(), Value()};
    if (prng_.OneIn(3)) words.push_back(Pick({"NX", "XX"}));
    if (prng_.OneIn(4)) words.insert(words.end(), {"IFEQ", Value()});
    if (prng_.OneIn(4)) words.push_back("GET");
    if (prng_.OneIn(2)) AddTime(&words);
    if (prng_.OneIn(4)) words.push_back("KEEPTTL");
    if (prng_.OneIn(6)) return {"SETNX", KeyName(), Value()};
    if (prng_.OneIn(6)) return {"PSETEX", KeyName(), Time(true, 1), Value()};
    return words;
  }
  std::vector<std::string> Edit() {
    switch (prng_.Below(9)) {
      case 0:
        return {Pick({"INCR", "DECR"}), KeyName()};
      case 1:
        return {Pick({"INCRBY", "DECRBY", "INCRBYFLOAT"}), KeyName(), Value()};
      case 2:
        return {"INCRBYFLOAT", KeyName(), "0.25"};
      case 3:
        return {"APPEND", KeyName(), Value()};
      case 4:
        return {"SETRANGE", KeyName(), std::to_string(prng_.Below(5)), Value()};
      case 5:
        return {"GETSET", KeyName(), Value()};
      case 6:
        return {"DELIFEQ", KeyName(), Value()};
      default:
        return {Pick({"GETDEL", "GET", "DEL", "UNLINK", "TYPE"}), KeyName()};
    }
  }
  std::vector<std::string> Life() {
    const std::string name = Pick({"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "GETEX"});
    if (prng_.OneIn(5)) return {"PERSIST", KeyName()};
    std::vector<std::string> words = {name, KeyName()};
    if (name == "GETEX") {
      if (prng_.OneIn(3)) return {"GETEX", KeyName(), "PERSIST"};
      AddTime(&words);
      return words;
    }
    words.push_back(Time(!name.ends_with("AT"), name[0] == 'E' ? 1000 : 1));
    if (prng_.OneIn(3)) words.push_back(Pick({"NX", "XX", "GT", "LT"}));
    return words;
  }
  std::vector<std::string> Several() {
    switch (prng_.Below(5)) {
      case 0:
        return {Pick({"MSET", "MSETNX"}), KeyName(), Value(), KeyName(), Value()};
      case 1: {
        std::vector<std::string> words = {"MSETEX", "2", KeyName(), Value(), KeyName(), Value()};
        if (prng_.OneIn(2)) words.push_back(Pick({"NX", "XX"}));
        if (prng_.OneIn(2)) {
          AddTime(&words);
        } else if (prng_.OneIn(2)) {
          words.push_back("KEEPTTL");
        }
        return words;
      }
      case 2:
        return {Pick({"RENAME", "RENAMENX", "COPY"}), KeyName(), KeyName()};
      case 3:
        return {"COPY", KeyName(), KeyName(), "DB", "1", "REPLACE"};
      default:
        return {Pick({"DEL", "UNLINK", "EXISTS", "TOUCH"}), KeyName(), KeyName()};
    }
  }
  std::vector<std::string> Whole() {
    switch (prng_.Below(12)) {
      case 0:
      case 1:
        return {"MOVE", KeyName(), Pick({"0", "1"})};
      case 2:
        return prng_.OneIn(5) ? std::vector<std::string>{Pick({"FLUSHDB", "FLUSHALL"})}
                              : std::vector<std::string>{"RANDOMKEY"};
      case 3:
        return {"SWAPDB", "0", "1"};
      case 4:
        return {"KEYS", "*"};
      case 5:
        return {"SCAN", "0"};
      default: {
        const ReplyValue dumped = primary_.RunWords({"DUMP", KeyName()});
        std::vector<std::string> words = {"RESTORE", KeyName(), Time(true, 1), dumped.text};
        if (prng_.OneIn(2)) words[2] = "0";
        if (prng_.OneIn(2)) words.push_back("REPLACE");
        if (prng_.OneIn(3)) {
          words[2] = Time(false, 1);
          words.push_back("ABSTTL");
        }
        return words;
      }
    }
  }

  Prng prng_;
  RandomCommands of_all_types_;
  Server primary_{3};
  Server replica_{1};
  Server replica_of_replica_{2};
};

RC_GTEST_PROP(EffectProperty, RepeatedEffectsGiveTheSameData, (uint64_t seed)) {
  Storm storm(seed);
  for (int i = 0; i < 400; ++i) {
    storm.Step();
    if (i % 7 == 0) storm.Compare();
  }
  storm.Compare();
}

}  // namespace
}  // namespace norn
