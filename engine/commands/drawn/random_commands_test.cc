#include "engine/commands/drawn/random_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "engine/commands/table.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

std::string Line(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

TEST(RandomCommands, TheSameSeedDrawsTheSameLines) {
  RandomCommands a({}, Prng(7)), b({}, Prng(7)), c({}, Prng(8));
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const std::string line = Line(a.Next());
    EXPECT_EQ(line, Line(b.Next()));
    differs |= line != Line(c.Next());
  }
  EXPECT_TRUE(differs);
}

TEST(RandomCommands, OnlyWhatIsAskedFor) {
  RandomCommands commands({.prefix = "{x}", .only_writes = true, .without = kNewer | kByChance},
                          Prng(1));
  for (int i = 0; i < 2000; ++i) {
    const std::vector<std::string> words = commands.Next();
    EXPECT_TRUE(FindCommand(words[0])->Has(kWrite)) << words[0];
    EXPECT_NE(words[0], "SPOP");
    EXPECT_NE(words[0], "HSETEX");
    EXPECT_NE(Line(words).find(" {x}"), std::string::npos);
  }
}

// A new write command of a data type needs a row.
TEST(RandomCommands, EveryWriteCommandOfATypeIsDrawn) {
  const std::set<std::string_view> groups = {"string", "list", "set", "hash", "sorted_set"};
  std::set<std::string> drawn;
  for (const CommandForm& form : CommandForms()) {
    drawn.insert(std::string(FindCommand(form.text.substr(0, form.text.find(' ')))->name));
  }
  for (const CommandSpec& spec : AllCommands()) {
    const bool blocks = spec.Has(kBlocking);
    if (!groups.contains(spec.group) || !spec.Has(kWrite) || blocks) continue;
    EXPECT_TRUE(drawn.contains(std::string(spec.name))) << spec.name;
  }
}

class DrawnCommands : public CommandTest {};

// Rows that never did anything would test nothing.
TEST_F(DrawnCommands, EveryRowIsUnderstoodAndMostlyWorks) {
  RandomCommands commands({.short_lives = false}, Prng(3));
  std::map<std::string_view, std::pair<int, int>> worked;  // of how many
  for (int i = 0; i < 60'000; ++i) {
    const std::vector<std::string> words = commands.Next();
    const ReplyValue reply = RunWords({words.begin(), words.end()});
    auto& [good, all] = worked[commands.form().text];
    ++all;
    if (reply.kind != '-') ++good;
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR syntax")) << Line(words);
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR wrong number")) << Line(words);
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR unknown")) << Line(words);
  }
  EXPECT_EQ(worked.size(), CommandForms().size() - 1);  // LPUSH stands there twice
  for (const auto& [text, counts] : worked) {
    EXPECT_GT(counts.first * 10, counts.second)
        << text << ": " << counts.first << " of " << counts.second;
  }
  keyspace().db(DbIndex{0}).CheckInvariants();
}

}  // namespace
}  // namespace norn
