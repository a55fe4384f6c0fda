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
    if (prng.OneIn(2)) MakePackingSmall();
    reference::Model model({.ask =
                                [this](const auto& words) {
                                  return RunWords({words.begin(), words.end()});
                                },
                            .stream_node_entries_max = options().stream_node_max_entries,
                            .sparse_bytes_max = options().hll_sparse_max_bytes});
    for (int i = 0; i < lines; ++i) {
      std::vector<std::string> words = commands.Next();
      while (!words[0].starts_with(family)) words = commands.Next();
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
  void MakePackingSmall() {
    options().stream_node_max_entries = 3;
    options().hll_sparse_max_bytes = 150;
  }
  // Where the order is free: the items, as text, in one order.
  static std::string Sorted(const CommandForm& form, const std::string& shown) {
    if ((form.flags & kUnordered) == 0 || shown.front() != '[') return shown;
    std::multiset<std::string> items;
    std::string_view rest = std::string_view(shown).substr(1, shown.size() - 2);
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(", "), rest.size());
      items.emplace(rest.substr(0, comma));
      rest.remove_prefix(std::min(rest.size(), comma + 2));
    }
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
