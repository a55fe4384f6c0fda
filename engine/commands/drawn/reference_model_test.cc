// Every reply to lines drawn at random is what the model in obvious code says, time and fields that expire included.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/commands/drawn/random_commands.h"
#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/testing.h"
#include "engine/types/field_expiry.h"

namespace norn {
namespace reference {

Model::Model(Followed server) : server_(std::move(server)) {
  AddChances();
  AddKeys();
  AddLives();
  AddMoves();
  AddSorting();
  AddStrings();
  AddStringEdits();
  AddBits();
  AddBitFields();
  AddLists();
  AddListEdits();
  AddListWaits();
  AddSets();
  AddHashes();
  AddWholeHashes();
  AddFieldLives();
  AddZsets();
  AddPops();
  AddRanges();
  AddBytewiseRanges();
  AddAlgebra();
  AddStreams();
  AddStreamEdits();
  AddGroups();
  AddGroupReads();
  AddPending();
  AddStreamInfo();
  AddPlaces();
  AddAreas();
  AddHyperLogLogs();
}

}  // namespace reference

namespace {

class ModelledServer : public CommandTest {
 public:
  void TestBody() override {}

  // Plays lines, only those of commands that begin so.
  void Play(uint64_t seed, int lines, std::string_view family = "") {
    Prng prng(seed);
    RandomCommands commands({}, Prng(seed + 1));
    if (prng.OneIn(2)) MakePackingSmall(prng.OneIn(2) ? 3 : 10);
    reference::Model model({.ask =
                                [this](const auto& words) {
                                  return RunWords({words.begin(), words.end()});
                                },
                            .stream_node_entries_max = options().stream_node_max_entries,
                            .sparse_bytes_max = options().hll_sparse_max_bytes});
    for (int i = 0; i < lines; ++i) {
      std::vector<std::string> words = commands.Next();
      while (!words[0].starts_with(family) ||
             (!family.empty() && Trims(words) && !prng.OneIn(30))) {
        words = commands.Next();
      }
      if (const std::string huge = model.KeyWithHugeScores(); !huge.empty()) words = {"DEL", huge};
      if (prng.OneIn(3)) Advance(Duration::Millis(static_cast<int64_t>(prng.Below(20))));
      if (prng.OneIn(20)) {
        ExpireFieldsSome(keyspace(), keyspace().db(DbIndex{0}), options(), now_ms(), 1'000'000);
        model.EraseDueFields(now_ms());
      }
      const ReplyValue reply = RunWords({words.begin(), words.end()});
      const std::string expected = Sorted(commands.form(), model.Run(words, reply, now_ms()));
      const std::string line = fmt::format("{} -> ", fmt::join(words, " "));
      RC_ASSERT(line + Sorted(commands.form(), Show(reply)) == line + expected);
    }
  }

 private:
  // So that whole nodes are trimmed and HyperLogLogs become dense.
  void MakePackingSmall(int64_t node_entries) {
    options().stream_node_max_entries = node_entries;
    options().hll_sparse_max_bytes = 150;
  }
  // Alone, streams are to grow.
  static bool Trims(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return word == "MAXLEN" || word == "MINID"; });
  }
  // Where the order is free: the items, as text, in one order.
  static std::string Sorted(const CommandForm& form, const std::string& shown) {
    if ((form.flags & kUnordered) == 0 || shown.front() != '[') return shown;
    std::multiset<std::string> items;
    std::string item;
    int depth = 0;
    for (const char c : shown.substr(1, shown.size() - 2)) {
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (c == ',' && depth == 0) {
        items.insert(item);
        item.clear();
      } else if (c != ' ' || !item.empty()) {
        item += c;
      }
    }
    items.insert(item);
    return fmt::format("{}", fmt::join(items, ", "));
  }
};

TEST(ReferenceModel, KnowsAllThatIsDrawn) {
  const reference::Model model({});
  for (const CommandForm& form : CommandForms()) {
    const std::string name(form.text.substr(0, form.text.find(' ')));
    EXPECT_TRUE(model.Knows(name)) << name;
  }
}

RC_GTEST_PROP(ReferenceModel, SaysEveryReply, (uint64_t seed)) {
  ModelledServer server;
  server.Play(seed, 10'000);
}

// Alone these come to what they rarely do among all: many places near each other, long streams, many registers.
RC_GTEST_PROP(ReferenceModel, SaysEveryReplyOfOneFamily, (uint64_t seed)) {
  for (const char* family : {"GEO", "X", "PF"}) {
    ModelledServer server;
    server.Play(seed, 1000, family);
  }
}

}  // namespace
}  // namespace norn
