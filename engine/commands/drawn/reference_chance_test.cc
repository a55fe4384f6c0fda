// The model: commands whose server chooses among elements. It cannot say which; it says whether they may be those.

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

Set Model::ChoiceOf(const Words& w) {
  Set choice;
  if (w[0] == "ZRANDMEMBER") {
    for (const auto& [score, name] : OrderOf(w[1])) choice.insert(name);
  } else if (w[0] == "HRANDFIELD") {
    const Hash* hash = Find<Hash>(w[1]);
    for (const auto& [name, field] : hash == nullptr ? Hash() : *hash) {
      if (IsVisible(field)) choice.insert(name);
    }
  } else {
    choice = SetOf(w[1]);
  }
  return choice;
}

std::string Model::FollowChance(const Words& words) {
  const ReplyValue& reply = *said_;
  const Set choice = ChoiceOf(words);
  const bool is_one = words.size() == 2;
  if (is_one && choice.empty()) return "nil";
  if (is_one != (reply.kind == '$')) return "one of them, or an array of them";
  Words chosen;
  if (is_one) chosen.push_back(reply.text);
  for (const ReplyValue& item : reply.items) chosen.push_back(item.text);

  const int64_t count = is_one ? 1 : Number(words[2]);
  const auto wanted = static_cast<size_t>(std::abs(count));
  const bool may_repeat = count < 0;
  const size_t expected = choice.empty() ? 0
                          : may_repeat   ? wanted
                                         : std::min(wanted, choice.size());
  if (chosen.size() != expected) return "as many as were asked for";
  const Set different(chosen.begin(), chosen.end());
  if (!may_repeat && different.size() != chosen.size()) return "each of them once";
  for (const std::string& name : different) {
    if (!choice.contains(name)) return "only what is there";
  }
  if (words[0] == "SPOP") {
    for (const std::string& name : different) Find<Set>(words[1])->erase(name);
  }
  return norn::Show(reply);
}

void Model::AddChances() {
  for (const char* name : {"SPOP", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER"}) {
    commands_[name] = [this](const Words& w) { return FollowChance(w); };
  }
}

}  // namespace norn::reference
