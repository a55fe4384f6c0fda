#include "engine/commands/drawn/random_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "engine/base/check.h"
#include "engine/commands/table.h"

namespace norn {
namespace {

constexpr std::string_view kKeyTypes = "klshzrm";
constexpr std::string_view kApart = "yDgu";  // keys that only their own rows name

// Cuts the first item off the front of `form`: up to a blank outside of brackets.
std::string_view CutItem(std::string_view* form) {
  int depth = 0;
  size_t end = 0;
  for (; end < form->size() && ((*form)[end] != ' ' || depth > 0); ++end) {
    if ((*form)[end] == '[' || (*form)[end] == '(') ++depth;
    if ((*form)[end] == ']' || (*form)[end] == ')') --depth;
  }
  const std::string_view item = form->substr(0, end);
  form->remove_prefix(end < form->size() ? end + 1 : end);
  return item;
}

std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string DegreesText(int64_t thousandths) {
  return fmt::format("{}{}.{:03}", thousandths < 0 ? "-" : "", std::abs(thousandths) / 1000,
                     std::abs(thousandths) % 1000);
}

bool Writes(const CommandForm& form) {
  const CommandSpec& spec = SpecOf(form);
  return spec.Has(kWrite) || spec.Has(kMayReplicate);
}

}  // namespace

const CommandSpec& SpecOf(const CommandForm& form) {
  const Resolved resolved = ResolveCommand(Split(form.text, ' '));
  CHECK_MSG(resolved.spec != nullptr && !resolved.unknown_subcommand, form.text);
  return *resolved.spec;
}

RandomCommands::RandomCommands(const RandomCommandSettings& settings, Prng prng)
    : settings_(settings), prng_(prng) {
  for (const CommandForm& form : CommandForms()) {
    if ((form.flags & settings_.without) != 0) continue;
    if (!settings_.only_writes || Writes(form)) forms_.push_back(&form);
  }
  CHECK(!forms_.empty());
}

std::vector<std::string> RandomCommands::Next() {
  form_ = forms_[prng_.Below(forms_.size())];
  std::vector<std::string> words;
  Draw(form_->text, &words);
  return words;
}

void RandomCommands::Draw(std::string_view form, std::vector<std::string>* words) {
  while (!form.empty()) DrawItem(CutItem(&form), words);
}

void RandomCommands::DrawItem(std::string_view item, std::vector<std::string>* words) {
  if (item.front() == '[') {
    if (prng_.OneIn(2)) return;
    const auto parts = Split(item.substr(1, item.size() - 2), '/');
    return Draw(parts[prng_.Below(parts.size())], words);
  }
  if (item.front() == '(') {
    const int64_t times = prng_.Between(1, 3);
    for (int64_t i = 0; i < times; ++i) Draw(item.substr(1, item.size() - 3), words);
    return;
  }
  if (item.starts_with("#$")) {
    const int64_t keys = prng_.Between(1, 3);
    words->push_back(std::to_string(keys));
    for (int64_t i = 0; i < keys; ++i) words->push_back(Word(item[2]));
    return;
  }
  if (item.front() == '$') return words->push_back(Word(item[1]));
  const auto parts = Split(item, '|');
  words->emplace_back(parts[prng_.Below(parts.size())]);
}

std::string RandomCommands::Pick(std::initializer_list<std::string_view> of) {
  return std::string(of.begin()[prng_.Below(of.size())]);
}

std::string RandomCommands::Key(char type) {
  if (kApart.find(type) == std::string_view::npos && prng_.OneIn(24))
    type = kKeyTypes[prng_.Below(kKeyTypes.size())];
  const uint64_t number = prng_.Below(settings_.keys_of_type);
  return settings_.prefix + type + std::to_string(number);
}

// Integers and texts in turn; a few are longer than packed values allow, and a few names many, so that all forms come up.
std::string RandomCommands::Element(std::string_view letter) {
  if (prng_.OneIn(3)) return Number(-2, 9);
  std::string text(letter);
  text += Number(0, prng_.OneIn(8) ? 300 : 9);
  if (prng_.OneIn(40)) text.resize(static_cast<size_t>(prng_.Between(60, 90)), '.');
  return text;
}

std::string RandomCommands::Life(int64_t unit_ms) {
  const bool is_short = settings_.short_lives && !prng_.OneIn(4);
  const int64_t ms = is_short ? prng_.Between(1, 300) : prng_.Between(1'000'000, 9'000'000);
  return std::to_string((ms + unit_ms - 1) / unit_ms);
}

// Mostly of a few bytes; a few are far behind them.
std::string RandomCommands::Bit() {
  return Number(0, prng_.OneIn(30) ? 70'000 : prng_.OneIn(4) ? 900 : 30);
}

// So finely that no two places are equally far from a third. Not 180: a place there is in a column behind the last, where only
// searches from there look, in Valkey too.
std::string RandomCommands::Degrees(int64_t max) {
  return DegreesText(prng_.Between(-max * 1000, max * 1000 - 1));
}

// In one of the towns there are: on the equator, in the middle and at the end of the map, one each on the date line.
std::string RandomCommands::TownLongitude() {
  const int64_t thousandths = (prng_.OneIn(2) ? 179'700 : 2'000) + prng_.Between(0, 600);
  return DegreesText(thousandths >= 180'000 ? thousandths - 360'000 : thousandths);
}
std::string RandomCommands::TownLatitude() {
  const int64_t from = prng_.OneIn(3) ? -300 : prng_.OneIn(2) ? 48'000 : 84'400;
  return DegreesText(from + prng_.Between(0, 600));
}

std::string RandomCommands::NewEntry(bool whole) {
  newest_entry_ += prng_.Between(0, 2);
  const std::string first = std::to_string(newest_entry_);
  if (prng_.OneIn(30)) return LateEntry();
  if (!whole && prng_.OneIn(2)) return first + "-*";
  return prng_.OneIn(2) ? first : first + "-" + Number(0, 4);
}

std::string RandomCommands::LateEntry() {
  const int64_t first = std::max<int64_t>(0, newest_entry_ - prng_.Between(0, 15));
  return prng_.OneIn(3) ? fmt::format("{}-{}", first, prng_.Between(0, 4)) : std::to_string(first);
}

std::string RandomCommands::Word(char kind) {
  switch (kind) {
    case 'a':
      return Key(kKeyTypes[prng_.Below(kKeyTypes.size())]);
    case 'o':
      drawn_type_ = kKeyTypes[prng_.Below(kKeyTypes.size())];
      return Key(drawn_type_);
    case 'O':
      return Key(drawn_type_);
    case 'v':
      return Element("v");
    case 'e':
      return Element("m");
    case 'f':
      return Element("f");
    case 'i':
      return Number(-4, 4);
    case 'n':
      return Number(0, 4);
    case 'p':
      return Number(1, 4);
    case 'c':
      return Number(-3, 4);
    case 'd':
      return Pick({"0", "1", "2", "-1", "0.5", "2.25", "-3.5", "10", "1e3", "7"});
    case 'b':
      return Pick({"-inf", "+inf", "0", "1", "(1", "2.5", "(-1", "-2", "5", "(10"});
    case 'x':
      return Pick({"-", "+", "[m1", "(m3", "[m5", "(5", "[9", "[m", "(m9"});
    case 't':
      return Life(1);
    case 'T':
      return Life(1000);
    case 'A':
      return Pick({"1", "4102444800000", "4102444800001"});
    case 'w':
      return Pick({"0.001", "0.002"});
    case 'B':
      return Bit();
    case 'W':
      return Degrees(180);
    case 'N':
      return Degrees(85);
    case 'E':
      return TownLongitude();
    case 'H':
      return TownLatitude();
    case 'S':
      return NewEntry(false);
    case 'I':
      return NewEntry(true);
    case 'J':
      return LateEntry();
    case 'R':
      return prng_.OneIn(2) ? Pick({"-", "+"}) : prng_.OneIn(4) ? "(" + LateEntry() : LateEntry();
    case 'G':
      return Pick({"g0", "g1"});
    case 'C':
      return Pick({"c0", "c1", "c2"});
    default:
      CHECK(kApart.find(kind) != std::string_view::npos ||
            kKeyTypes.find(kind) != std::string_view::npos);
      return Key(kind);
  }
}

}  // namespace norn
