#include "engine/commands/drawn/random_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <span>

#include "absl/functional/function_ref.h"

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
    const CommandSpec& spec = SpecOf(commands.form());
    EXPECT_TRUE(spec.Has(kWrite) || spec.Has(kMayReplicate)) << words[0];
    EXPECT_NE(words[0], "SPOP");
    EXPECT_NE(words[0], "HSETEX");
    EXPECT_NE(Line(words).find(" {x}"), std::string::npos);
  }
}

void ForEachCommand(std::span<const CommandSpec> specs,
                    absl::FunctionRef<void(const CommandSpec&)> see) {
  for (const CommandSpec& spec : specs) {
    see(spec);
    ForEachCommand(spec.subcommands, see);
  }
}

// A new write command needs a row, or a reason why it has none: never both.
TEST(RandomCommands, EveryWriteCommandIsDrawnOrSaysWhyNot) {
  std::set<std::string> drawn, undrawn;
  for (const CommandForm& form : CommandForms()) drawn.emplace(SpecOf(form).full_name);
  for (const UndrawnCommand& command : UndrawnCommands()) {
    EXPECT_FALSE(command.reason.empty()) << command.name;
    undrawn.insert(std::string(command.name));
    const CommandSpec* spec = FindByFullName(command.name);
    EXPECT_TRUE(spec != nullptr && spec->Has(kWrite)) << command.name;
  }
  size_t writes = 0;
  ForEachCommand(AllCommands(), [&](const CommandSpec& spec) {
    if (!spec.Has(kWrite)) return;
    ++writes;
    const std::string name(spec.full_name);
    EXPECT_NE(drawn.contains(name), undrawn.contains(name)) << name;
  });
  EXPECT_GT(writes, 100u);
}

class DrawnCommands : public CommandTest {};

// Rows that never did anything would test nothing.
TEST_F(DrawnCommands, EveryRowIsUnderstoodAndMostlyWorks) {
  RandomCommands commands({.short_lives = false}, Prng(3));
  std::map<std::string_view, std::pair<int, int>> worked;  // of how many
  for (int i = 0; i < 120'000; ++i) {
    const std::vector<std::string> words = commands.Next();
    const ReplyValue reply = RunWords({words.begin(), words.end()});
    auto& [good, all] = worked[commands.form().text];
    ++all;
    if (reply.kind != '-') ++good;
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR syntax")) << Line(words);
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR wrong number")) << Line(words);
    EXPECT_FALSE(reply.kind == '-' && reply.text.starts_with("ERR unknown")) << Line(words);
  }
  std::set<std::string_view> rows;  // a few stand there twice
  for (const CommandForm& form : CommandForms()) rows.insert(form.text);
  EXPECT_EQ(worked.size(), rows.size());
  for (const auto& [text, counts] : worked) {
    EXPECT_GT(counts.first * 10, counts.second)
        << text << ": " << counts.first << " of " << counts.second;
  }
  keyspace().db(DbIndex{0}).CheckInvariants();
}

}  // namespace
}  // namespace norn
