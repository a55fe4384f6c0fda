#pragma once
// Command lines drawn at random by the table of forms: any command of any type, with arguments that often mean something, over few
// keys, so that commands meet. The same seed draws the same lines.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/commands/drawn/command_forms.h"

namespace norn {

struct RandomCommandSettings {
  std::string prefix = "";  // of every key: a hash tag keeps them in one slot
  uint32_t keys_of_type = 3;
  bool only_writes = false;  // and what replicas repeat beside them
  // Most times to live are over within moments; else none is before the test is.
  bool short_lives = true;
  uint8_t without = 0;  // CommandFormFlag bits: rows with one of them are left away
};

class RandomCommands {
 public:
  RandomCommands(const RandomCommandSettings& settings, Prng prng);

  std::vector<std::string> Next();
  // The row of the last line.
  const CommandForm& form() const { return *form_; }

 private:
  void Draw(std::string_view form, std::vector<std::string>* words);
  void DrawItem(std::string_view item, std::vector<std::string>* words);
  std::string Word(char kind);
  std::string Key(char type);
  std::string Element(std::string_view letter);
  std::string Life(int64_t unit_ms);
  std::string Bit();
  std::string Degrees(int64_t max);
  std::string TownLongitude();
  std::string TownLatitude();
  std::string NewEntry(bool whole);
  std::string LateEntry();
  std::string Pick(std::initializer_list<std::string_view> of);
  std::string Number(int64_t low, int64_t high) { return std::to_string(prng_.Between(low, high)); }

  const RandomCommandSettings settings_;
  Prng prng_;
  std::vector<const CommandForm*> forms_;
  const CommandForm* form_ = nullptr;
  char drawn_type_ = 'k';
  int64_t newest_entry_ =
      0;  // the first number of the ids of new entries: grows, so that most are new
};

}  // namespace norn
