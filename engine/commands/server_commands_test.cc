// TIME, SHUTDOWN, LOLWUT.

#include "engine/commands/testing.h"

namespace norn {
namespace {

using ::testing::EndsWith;

class ServerCommands : public CommandTest {};

TEST_F(ServerCommands, TimeIsSecondsAndMicroseconds) {
  Advance(Duration::Micros(42));
  EXPECT_THAT(Run("TIME"), IsArray(IsBulk("1700000000"), IsBulk("42")));
}

TEST_F(ServerCommands, ShutdownRefusesContradictions) {
  for (const char* line : {"SHUTDOWN SAVE NOSAVE", "SHUTDOWN ABORT NOW", "SHUTDOWN x"}) {
    EXPECT_THAT(Run(line), IsError("ERR syntax error")) << line;
  }
  EXPECT_TRUE(node().shutdowns.empty());
}

TEST_F(ServerCommands, ShutdownAnswersOnlyErrors) {
  EXPECT_EQ(RunBytes({"SHUTDOWN", "nosave", "NOW", "force"}), "");
  ASSERT_EQ(node().shutdowns.size(), 1u);
  EXPECT_TRUE(node().shutdowns[0].nosave);
  EXPECT_TRUE(node().shutdowns[0].now);
  EXPECT_TRUE(node().shutdowns[0].force);
  EXPECT_FALSE(node().shutdowns[0].save);
  EXPECT_THAT(Run("SHUTDOWN ABORT"), IsOk());
  node().shutdown_status = absl::FailedPreconditionError("No shutdown in progress.");
  EXPECT_THAT(Run("SHUTDOWN ABORT"), IsError("ERR No shutdown in progress."));
}

TEST_F(ServerCommands, LolwutDrawsTheSameForTheSameWords) {
  const std::string drawn = Run("LOLWUT").text;
  EXPECT_THAT(drawn, EndsWith("norn ver. 0.1.0\n"));
  EXPECT_EQ(Run("LOLWUT").text, drawn);
  EXPECT_NE(Run("LOLWUT 20 1").text, Run("LOLWUT 20 2").text);
  EXPECT_THAT(Run("LOLWUT VERSION 5 1").text, EndsWith("norn ver. 0.1.0\n"));
  EXPECT_LT(Run("LOLWUT 99999999").text.size(), 10000u);
  EXPECT_THAT(Run("LOLWUT VERSION x"), IsError("ERR value is not an integer or out of range"));
}

}  // namespace
}  // namespace norn
