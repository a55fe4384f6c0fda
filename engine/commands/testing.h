#pragma once
// A fixture that runs command lines against a keyspace of one or more shards, as one client of a node, in virtual time:
//
//   EXPECT_THAT(Run("SET k v EX 10"), IsOk());
//   Advance(Duration::Seconds(11));
//   EXPECT_THAT(Run("GET k"), IsNil());
//
// or, where the replies are the point, as a session whose replies are written as reply_value.h shows them:
//
//   Session({{"SET k v", "+OK"}, {"GET k", "$v"}, {"INCR k", "-ERR value is not an integer or out of range"}});
//
// Only what stands before and in a handler runs here: resolving the name, the arity, the handler. Gates, transactions and
// placement belong to the dispatcher and its tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/words.h"
#include "engine/commands/fake_node.h"
#include "engine/commands/reply_value.h"
#include "engine/commands/table.h"

namespace norn {

class CommandTest : public ::testing::Test {
 protected:
  static constexpr int64_t kStartMs = 1'700'000'000'000;
  static constexpr uint64_t kHashSeed = 42;

  // `slots`: as a node in cluster mode keeps its keys.
  explicit CommandTest(uint32_t shards = 1, bool slots = false)
      : map_{.hash_seed = kHashSeed, .shard_count = shards, .slots = slots} {
    for (uint32_t i = 0; i < shards; ++i) {
      keyspaces_.push_back(MakeKeyspace(i));
      pointers_.push_back(keyspaces_.back().get());
    }
    node_.shards = pointers_;
    session_.authenticated = true;
  }

  // The line is cut into words as the inline protocol does it: quotes and escapes work.
  ReplyValue Run(std::string_view line) {
    std::vector<std::string> words;
    CHECK(SplitWords(line, &words));
    return RunWords(std::vector<std::string_view>(words.begin(), words.end()));
  }
  ReplyValue RunWords(const std::vector<std::string_view>& words) {
    return ParseReply(RunBytes(words));
  }
  struct Step {
    std::string_view line;
    std::string_view reply;
  };
  void Session(std::initializer_list<Step> steps) {
    for (const Step& step : steps) {
      EXPECT_EQ(Show(Run(step.line)), step.reply) << "after: " << step.line;
    }
  }
  // The reply as it stands on the wire.
  std::string RunBytes(const std::vector<std::string_view>& words) {
    ByteBuffer out;
    ReplyWriter reply(out, session_.resp);
    const Resolved resolved = ResolveCommand(words);
    if (resolved.spec == nullptr || resolved.unknown_subcommand) {
      reply.Error("ERR unknown command");
    } else if (!FitsArity(*resolved.spec, words.size())) {
      reply.Error(
          fmt::format("ERR wrong number of arguments for '{}' command", resolved.spec->full_name));
    } else {
      CommandContext context = Context(words, *resolved.spec, reply);
      const DbIndex db = session_.db;
      effect_ = Effect(&scratch_, db);
      const uint64_t changes = Changes();
      resolved.spec->handler(context);
      Record(*resolved.spec, db, words, changes);
    }
    return std::string(out.view());
  }

  // What the commands since the last call would repeat elsewhere, in order. Whether keys that were found expired are among
  // it is up to Keyspace::set_records_deletions.
  struct Repeated {
    DbIndex db;
    std::vector<std::string> words;
  };
  std::vector<Repeated> TakeRepeated() {
    std::vector<Repeated> repeated;
    effects_.ForEach([&](DbIndex db, std::string_view bytes, bool begins, bool ends) {
      if (begins) repeated.push_back({db, {"MULTI"}});
      while (!bytes.empty()) {
        repeated.push_back({db, {}});
        for (const ReplyValue& word : reply_value_detail::Cut(bytes).items) {
          repeated.back().words.push_back(word.text);
        }
      }
      if (ends) repeated.push_back({db, {"EXEC"}});
    });
    effects_.Clear();
    return repeated;
  }
  // The same as text: words joined by blanks, commands by "; ".
  std::string TakeEffects() {
    std::string text;
    for (const Repeated& command : TakeRepeated()) {
      if (!text.empty()) text += "; ";
      text += fmt::format("{}", fmt::join(command.words, " "));
    }
    return text;
  }

  void Advance(Duration by) { now_us_ += by.micros(); }
  int64_t now_ms() const { return now_us_ / 1000; }
  config::Options& options() { return node_.config_value.options; }
  norn::Session& session() { return session_; }
  FakeNode& node() { return node_; }
  Keyspace& keyspace(uint32_t shard = 0) { return *keyspaces_[shard]; }
  KeyspaceView keys() { return {pointers_.data(), map_}; }

 private:
  std::unique_ptr<Keyspace> MakeKeyspace(uint32_t shard) const {
    return std::make_unique<Keyspace>(KeyspaceOptions{.hash_seed = kHashSeed,
                                                      .prng_seed = shard + 1,
                                                      .databases = 16,
                                                      .slots = map_.slots,
                                                      .shard_index = shard,
                                                      .shard_count = map_.shard_count});
  }

  // As Runner::Record: what was found expired first, then what the handler says, else its words.
  void Record(const CommandSpec& spec, DbIndex db, const std::vector<std::string_view>& words,
              uint64_t changes_before) {
    for (Keyspace* keyspace : pointers_) effects_.TakeFrom(keyspace->deletions());
    if (!scratch_.empty()) {
      effects_.BeginGroup();
      effects_.TakeFrom(scratch_);
      effects_.EndGroup();
    } else if (effect_.own_words() && spec.Has(kWrite) &&
               (effect_.always() || Changes() != changes_before)) {
      effects_.Add(db, words);
    }
  }

  uint64_t Changes() const {
    uint64_t changes = 0;
    for (const Keyspace* keyspace : pointers_) changes += keyspace->stats().changes;
    return changes;
  }

  static bool FitsArity(const CommandSpec& spec, size_t words) {
    const int count = static_cast<int>(words);
    return spec.arity >= 0 ? count == spec.arity : count >= -spec.arity;
  }

  CommandContext Context(std::span<const std::string_view> words, const CommandSpec& spec,
                         ReplyWriter& reply) {
    return {.words = words,
            .spec = &spec,
            .reply = reply,
            .session = session_,
            .keys = keys(),
            .moment = {.now_ms = now_ms(),
                       .touch = !session_.no_touch,
                       .expires = !session_.from_primary},
            .now = WallTime{now_us_},
            .instant = Instant{now_us_ * 1000},
            .options = node_.config_value.options,
            .node = node_,
            .effect = effect_};
  }

  FakeNode node_;
  EffectLog effects_;
  EffectLog scratch_;
  Effect effect_;
  const KeyMap map_;
  std::vector<std::unique_ptr<Keyspace>> keyspaces_;
  std::vector<Keyspace*> pointers_;
  norn::Session session_;
  int64_t now_us_ = kStartMs * 1000;
};

// ---- matchers ----

MATCHER(IsOk, "is +OK") { return arg.kind == '+' && arg.text == "OK"; }
MATCHER(IsNil, "is null") { return arg.null; }
MATCHER_P(IsInt, value, "is the integer " + ::testing::PrintToString(value)) {
  return arg.kind == ':' && arg.integer == value;
}
MATCHER_P(IsBulk, text, "is the bulk string " + ::testing::PrintToString(text)) {
  return arg.kind == '$' && !arg.null && arg.text == std::string_view(text);
}
MATCHER_P(IsSimple, text, "is the simple string " + ::testing::PrintToString(text)) {
  return arg.kind == '+' && arg.text == std::string_view(text);
}
MATCHER_P(IsError, text, "is the error " + ::testing::PrintToString(text)) {
  return arg.kind == '-' && arg.text == std::string_view(text);
}
// An array whose elements match in this order.
template <typename... Matchers>
auto IsArray(Matchers... matchers) {
  return ::testing::AllOf(
      ::testing::Field(&ReplyValue::kind, '*'),
      ::testing::Field(&ReplyValue::items, ::testing::ElementsAre(matchers...)));
}
// A map whose keys and values, in turn, match in this order: RESP3's map, RESP2's array.
template <typename... Matchers>
auto IsMap(Matchers... matchers) {
  return ::testing::AllOf(
      ::testing::Field(&ReplyValue::kind, ::testing::AnyOf('*', '%')),
      ::testing::Field(&ReplyValue::items, ::testing::ElementsAre(matchers...)));
}

}  // namespace norn
