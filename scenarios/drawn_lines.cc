#include "scenarios/drawn_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "engine/commands/drawn/random_commands.h"

namespace norn::scenarios {
namespace {

constexpr std::array<std::pair<std::string_view, uint8_t>, 4> kKinds = {{
    {"by-chance", kByChance},
    {"by-clock", kByClock},
    {"newer", kNewer},
    {"unordered", kUnordered},
}};

}  // namespace

CLI::App* DrawnLines::AddTo(CLI::App& app) {
  CLI::App* lines = app.add_subcommand(
      "lines", "print command lines of every type, drawn at random, to play against a server");
  lines->add_option("--seed", seed_, "that draws them (default 1)");
  lines->add_option("--count", count_, "how many (default 1000)");
  lines->add_flag("--writes", only_writes_, "only write commands");
  lines->add_flag("--long-lives", long_lives_, "nothing expires while they are played");
  lines->add_option("--prefix", prefix_, "of every key");
  lines
      ->add_option(
          "--without", without_,
          "leave away: by-chance, where the server chooses; by-clock, where the time shows; "
          "newer than redis-server 7.0; unordered replies")
      ->check(CLI::IsMember({"by-chance", "by-clock", "newer", "unordered"}));
  return lines;
}

int DrawnLines::Print() const {
  RandomCommandSettings settings{
      .prefix = prefix_, .only_writes = only_writes_, .short_lives = !long_lives_};
  for (const auto& [name, flag] : kKinds) {
    for (const std::string& given : without_) settings.without |= given == name ? flag : 0;
  }
  RandomCommands commands(settings, Prng(seed_));
  for (uint64_t i = 0; i < count_; ++i) {
    const std::vector<std::string> words = commands.Next();
    const bool unordered = (commands.form().flags & kUnordered) != 0;
    fmt::print("{}\t{}\n", unordered ? "u" : "-", fmt::join(words, " "));
  }
  return 0;
}

}  // namespace norn::scenarios
