#include "engine/keyspace/effect_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace norn {
namespace {

// Each run as "db:bytes", with ( and ) around groups; CRLF shown as a blank.
std::vector<std::string> Show(const EffectLog& log) {
  std::vector<std::string> runs;
  log.ForEach([&](DbIndex db, std::string_view bytes, bool begins, bool ends) {
    std::string text = std::to_string(db.value) + ":";
    for (const char c : bytes)
      text += c == '\r' ? std::string() : std::string(1, c == '\n' ? ' ' : c);
    runs.push_back((begins ? "(" : "") + text + (ends ? ")" : ""));
  });
  return runs;
}

TEST(EffectLog, KeepsCommandsOfOneDatabaseInOneRun) {
  EffectLog log;
  log.Add({0}, {"DEL", "a"});
  log.Add({0}, {"DEL", ""});
  log.Add({3}, {"DEL", "b"});
  EXPECT_THAT(Show(log),
              ::testing::ElementsAre("0:*2 $3 DEL $1 a *2 $3 DEL $0  ", "3:*2 $3 DEL $1 b "));
  EXPECT_EQ(log.commands(), 3u);
}

TEST(EffectLog, AGroupOfOneCommandIsNone) {
  EffectLog log;
  log.BeginGroup();
  log.Add({0}, {"A"});
  log.EndGroup();
  log.BeginGroup();
  log.EndGroup();
  EXPECT_THAT(Show(log), ::testing::ElementsAre("0:*1 $1 A "));
}

TEST(EffectLog, AGroupKeepsItsDatabasesTogether) {
  EffectLog log;
  log.Add({0}, {"X"});
  log.BeginGroup();
  log.Add({0}, {"A"});
  log.Add({1}, {"B"});
  log.EndGroup();
  log.BeginGroup();
  log.Add({1}, {"C"});
  log.Add({1}, {"D"});
  log.EndGroup();
  EXPECT_THAT(Show(log), ::testing::ElementsAre("0:*1 $1 X ", "(0:*1 $1 A ", "1:*1 $1 B )",
                                                "(1:*1 $1 C *1 $1 D )"));
}

TEST(EffectLog, TellsWhatIsForReplicasOnly) {
  EffectLog log;
  log.BeginGroup();
  log.Add({0}, {"A"});
  const std::string_view publish[] = {"P"};
  log.AddForReplicas({0}, publish);
  log.Add({0}, {"B"});
  log.EndGroup();
  EffectLog taken;
  taken.TakeFrom(log);
  std::vector<bool> for_replicas;
  taken.ForEachRun([&](const EffectLog::Run& run) { for_replicas.push_back(run.for_replicas); });
  EXPECT_THAT(for_replicas, ::testing::ElementsAre(false, true, false));
  EXPECT_THAT(Show(taken), ::testing::ElementsAre("(0:*1 $1 A ", "0:*1 $1 P ", "0:*1 $1 B )"));
}

TEST(EffectLog, TakingFromAnotherKeepsItsGroupsOrJoinsTheOpenOne) {
  EffectLog other;
  const auto fill = [&] {
    other.Add({0}, {"D"});
    other.BeginGroup();
    other.Add({0}, {"A"});
    other.Add({0}, {"B"});
    other.EndGroup();
  };
  EffectLog log;
  fill();
  log.TakeFrom(other);
  EXPECT_TRUE(other.empty());
  EXPECT_THAT(Show(log), ::testing::ElementsAre("0:*1 $1 D ", "(0:*1 $1 A *1 $1 B )"));
  fill();
  log.BeginGroup();
  log.TakeFrom(other);
  log.EndGroup();
  EXPECT_THAT(Show(log), ::testing::ElementsAre("0:*1 $1 D ", "(0:*1 $1 A *1 $1 B )",
                                                "(0:*1 $1 D *1 $1 A *1 $1 B )"));
}

}  // namespace
}  // namespace norn
