// The model: sets.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

Set Model::Combine(const std::string& how, const Words& w, size_t first, size_t end) {
  std::vector<Set> sets;
  for (size_t i = first; i < end; ++i) sets.push_back(SetOf(w[i]));
  Set result = sets[0];
  for (size_t i = 1; i < sets.size(); ++i) {
    if (how == "UNION") result.insert(sets[i].begin(), sets[i].end());
    if (how == "INTER") std::erase_if(result, [&](const auto& m) { return !sets[i].contains(m); });
    if (how == "DIFF") std::erase_if(result, [&](const auto& m) { return sets[i].contains(m); });
  }
  return result;
}

void Model::AddSets() {
  commands_["SADD"] = [this](const Words& w) {
    Set& set = Make<Set>(w[1]);
    int64_t added = 0;
    for (size_t i = 2; i < w.size(); ++i) added += set.insert(w[i]).second ? 1 : 0;
    return Int(added);
  };
  commands_["SREM"] = [this](const Words& w) {
    Set* set = Find<Set>(w[1]);
    int64_t removed = 0;
    for (size_t i = 2; set != nullptr && i < w.size(); ++i) {
      removed += static_cast<int64_t>(set->erase(w[i]));
    }
    return Int(removed);
  };
  commands_["SCARD"] = [this](const Words& w) {
    return Int(static_cast<int64_t>(SetOf(w[1]).size()));
  };
  commands_["SISMEMBER"] = [this](const Words& w) { return Int(SetOf(w[1]).contains(w[2])); };
  commands_["SMISMEMBER"] = [this](const Words& w) {
    const Set set = SetOf(w[1]);
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) items.push_back(Int(set.contains(w[i])));
    return Array(items);
  };
  commands_["SMEMBERS"] = [this](const Words& w) { return Members(SetOf(w[1])); };
  commands_["SMOVE"] = [this](const Words& w) {
    Set* from = Find<Set>(w[1]);
    if (from == nullptr) return Int(0);
    Find<Set>(w[2]);
    if (!from->contains(w[3])) return Int(0);
    from->erase(w[3]);
    Make<Set>(w[2]).insert(w[3]);
    return Int(1);
  };
  for (const std::string how : {"UNION", "INTER", "DIFF"}) {
    commands_["S" + how] = [this, how](const Words& w) {
      return Members(Combine(how, w, 1, w.size()));
    };
    commands_["S" + how + "STORE"] = [this, how](const Words& w) {
      return Store(w[1], Combine(how, w, 2, w.size()));
    };
  }
  commands_["SINTERCARD"] = [this](const Words& w) {
    const size_t end = 2 + static_cast<size_t>(Number(w[1]));
    const auto size = static_cast<int64_t>(Combine("INTER", w, 2, end).size());
    const int64_t limit = end < w.size() ? Number(w[end + 1]) : 0;
    return Int(limit == 0 ? size : std::min(size, limit));
  };
}

}  // namespace norn::reference
