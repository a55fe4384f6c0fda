// The model: sorted sets.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

std::string Model::Add(const Words& w) {
  size_t first = 2;
  std::set<std::string> options;
  for (; first < w.size() && !ParseDouble(w[first]); ++first) options.insert(w[first]);
  Zset& zset = Make<Zset>(w[1]);
  int64_t added = 0, changed = 0;
  for (size_t i = first; i < w.size(); i += 2) {
    const auto at = zset.find(w[i + 1]);
    const bool there = at != zset.end();
    double score = *ParseDouble(w[i]);
    if (options.contains("INCR")) {
      if (!there && options.contains("XX")) return "nil";
      score += there ? at->second : 0;
      zset[w[i + 1]] = score;
      return Bulk(Text(score));
    }
    if (there ? options.contains("NX") : options.contains("XX")) continue;
    if (there && options.contains("GT") && score <= at->second) continue;
    if (there && options.contains("LT") && score >= at->second) continue;
    added += there ? 0 : 1;
    changed += there && at->second != score ? 1 : 0;
    zset[w[i + 1]] = score;
  }
  return Int(options.contains("CH") ? added + changed : added);
}

void Model::AddZsets() {
  commands_["ZADD"] = [this](const Words& w) { return Add(w); };
  commands_["ZINCRBY"] = [this](const Words& w) {
    double& score = Make<Zset>(w[1])[w[3]];
    score += *ParseDouble(w[2]);
    return Bulk(Text(score));
  };
  commands_["ZREM"] = [this](const Words& w) {
    Zset* zset = Find<Zset>(w[1]);
    int64_t removed = 0;
    for (size_t i = 2; zset != nullptr && i < w.size(); ++i) {
      removed += static_cast<int64_t>(zset->erase(w[i]));
    }
    return Int(removed);
  };
  commands_["ZCARD"] = [this](const Words& w) {
    return Int(static_cast<int64_t>(OrderOf(w[1]).size()));
  };
  const auto score_of = [this](const Words& w, size_t at) -> std::string {
    const Zset* zset = Find<Zset>(w[1]);
    const bool there = zset != nullptr && zset->contains(w[at]);
    return there ? Bulk(Text(zset->at(w[at]))) : "nil";
  };
  commands_["ZSCORE"] = [=](const Words& w) { return score_of(w, 2); };
  commands_["ZMSCORE"] = [=](const Words& w) {
    std::vector<std::string> items;
    for (size_t i = 2; i < w.size(); ++i) items.push_back(score_of(w, i));
    return Array(items);
  };
  const auto rank = [this](const Words& w, bool reverse) -> std::string {
    const Scored members = OrderOf(w[1]);
    for (size_t i = 0; i < members.size(); ++i) {
      const size_t at = reverse ? members.size() - 1 - i : i;
      if (members[i].second == w[2]) return Int(static_cast<int64_t>(at));
    }
    return "nil";
  };
  commands_["ZRANK"] = [=](const Words& w) { return rank(w, false); };
  commands_["ZREVRANK"] = [=](const Words& w) { return rank(w, true); };
  const auto pop = [this](const Words& w, bool max) {
    Scored members = OrderOf(w[1]);
    if (max) std::reverse(members.begin(), members.end());
    const auto count = static_cast<size_t>(w.size() == 2 ? 1 : Number(w[2]));
    members.resize(std::min(members.size(), count));
    for (const auto& [score, name] : members) Find<Zset>(w[1])->erase(name);
    return Show(members, true);
  };
  commands_["ZPOPMIN"] = [=](const Words& w) { return pop(w, false); };
  commands_["ZPOPMAX"] = [=](const Words& w) { return pop(w, true); };
}

std::string Model::PopFirstScored(const Words& w, size_t count_at) {
  const size_t end = count_at + 1 + static_cast<size_t>(Number(w[count_at]));
  const int64_t most = w.size() > end + 1 ? Number(w[end + 2]) : 1;
  for (size_t i = count_at + 1; i < end; ++i) {
    Scored members = OrderOf(w[i]);
    if (members.empty()) continue;
    if (w[end] == "MAX") std::reverse(members.begin(), members.end());
    members.resize(std::min(members.size(), static_cast<size_t>(most)));
    std::vector<std::string> pairs;
    for (const auto& [score, name] : members) {
      Find<Zset>(w[i])->erase(name);
      pairs.push_back(Array({Bulk(name), Bulk(Text(score))}));
    }
    return Array({Bulk(w[i]), Array(pairs)});
  }
  return "nil";
}

// Nobody else is there who could fill a sorted set while they wait.
void Model::AddPops() {
  commands_["ZMPOP"] = [this](const Words& w) { return PopFirstScored(w, 1); };
  commands_["BZMPOP"] = [this](const Words& w) { return PopFirstScored(w, 2); };
  const auto pop = [this](const Words& w, bool max) -> std::string {
    for (size_t i = 1; i + 1 < w.size(); ++i) {
      const Scored members = OrderOf(w[i]);
      if (members.empty()) continue;
      const auto [score, name] = max ? members.back() : members.front();
      Find<Zset>(w[i])->erase(name);
      return Array({Bulk(w[i]), Bulk(name), Bulk(Text(score))});
    }
    return "nil";
  };
  commands_["BZPOPMIN"] = [=](const Words& w) { return pop(w, false); };
  commands_["BZPOPMAX"] = [=](const Words& w) { return pop(w, true); };
}

// By rank, the bounds being words from `first_at` on.
Model::Scored Model::Slice(const Scored& members, const Words& w, size_t first_at) {
  const auto [first, last] =
      Clamp(Number(w[first_at]), Number(w[first_at + 1]), static_cast<int64_t>(members.size()));
  Scored slice;
  for (int64_t i = first; i <= last; ++i) slice.push_back(members[static_cast<size_t>(i)]);
  return slice;
}

Model::Scored Model::Limit(Scored members, const Words& w) {
  const auto limit = std::find(w.begin(), w.end(), "LIMIT");
  if (limit == w.end()) return members;
  const auto offset = std::min(members.size(), static_cast<size_t>(Number(limit[1])));
  members.erase(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(offset));
  const int64_t count = Number(limit[2]);
  if (count >= 0) members.resize(std::min(members.size(), static_cast<size_t>(count)));
  return members;
}

Model::Scored Model::WithinBytes(const Words& w, size_t key_at, size_t min_at, size_t max_at) {
  const std::string &min = w[min_at], &max = w[max_at];
  const auto within = [&](const std::string& name) {
    const bool above = min == "-" || (min[0] == '[' && name >= min.substr(1)) ||
                       (min[0] == '(' && name > min.substr(1));
    const bool below = max == "+" || (max[0] == '[' && name <= max.substr(1)) ||
                       (max[0] == '(' && name < max.substr(1));
    return above && below;
  };
  Scored members = OrderOf(w[key_at]);
  std::erase_if(members, [&](const auto& member) { return !within(member.second); });
  return members;
}

// With REV the greater bound stands first, but ranks count from the other end.
Model::Scored Model::Range(const Words& w, size_t key_at) {
  const bool reverse = HasWord(w, "REV");
  const size_t min_at = key_at + (reverse ? 2 : 1), max_at = key_at + (reverse ? 1 : 2);
  Scored members = OrderOf(w[key_at]);
  if (HasWord(w, "BYLEX")) {
    members = WithinBytes(w, key_at, min_at, max_at);
  } else if (HasWord(w, "BYSCORE")) {
    std::erase_if(members, [&](const auto& m) { return !Within(m.first, w[min_at], w[max_at]); });
  }
  if (reverse) std::reverse(members.begin(), members.end());
  if (!HasWord(w, "BYLEX") && !HasWord(w, "BYSCORE")) return Slice(members, w, key_at + 1);
  return Limit(members, w);
}

void Model::AddBytewiseRanges() {
  commands_["ZLEXCOUNT"] = [this](const Words& w) {
    return Int(static_cast<int64_t>(WithinBytes(w, 1, 2, 3).size()));
  };
  commands_["ZRANGEBYLEX"] = [this](const Words& w) {
    return Show(Limit(WithinBytes(w, 1, 2, 3), w), false);
  };
  commands_["ZREVRANGEBYLEX"] = [this](const Words& w) {
    Scored members = WithinBytes(w, 1, 3, 2);
    std::reverse(members.begin(), members.end());
    return Show(members, false);
  };
  commands_["ZREMRANGEBYLEX"] = [this](const Words& w) {
    const Scored members = WithinBytes(w, 1, 2, 3);
    for (const auto& [score, name] : members) Find<Zset>(w[1])->erase(name);
    return Int(static_cast<int64_t>(members.size()));
  };
}

void Model::AddRanges() {
  commands_["ZRANGE"] = [this](const Words& w) {
    return Show(Range(w, 1), HasWord(w, "WITHSCORES"));
  };
  commands_["ZRANGESTORE"] = [this](const Words& w) {
    Zset stored;
    for (const auto& [score, name] : Range(w, 2)) stored[name] = score;
    const auto size = static_cast<int64_t>(stored.size());
    keys_[w[1]] = {std::move(stored), {}};
    return Int(size);
  };
  commands_["ZREVRANGE"] = [this](const Words& w) {
    Scored members = OrderOf(w[1]);
    std::reverse(members.begin(), members.end());
    return Show(Slice(members, w, 2), HasWord(w, "WITHSCORES"));
  };
  const auto in_scores = [this](const Words& w, size_t min_at, size_t max_at) {
    Scored members = OrderOf(w[1]);
    std::erase_if(members, [&](const auto& m) { return !Within(m.first, w[min_at], w[max_at]); });
    return members;
  };
  commands_["ZCOUNT"] = [=](const Words& w) {
    return Int(static_cast<int64_t>(in_scores(w, 2, 3).size()));
  };
  commands_["ZRANGEBYSCORE"] = [=](const Words& w) {
    return Show(Limit(in_scores(w, 2, 3), w), HasWord(w, "WITHSCORES"));
  };
  commands_["ZREVRANGEBYSCORE"] = [=](const Words& w) {
    Scored members = in_scores(w, 3, 2);
    std::reverse(members.begin(), members.end());
    return Show(Limit(members, w), HasWord(w, "WITHSCORES"));
  };
  const auto remove = [this](const Words& w, const Scored& members) {
    for (const auto& [score, name] : members) Find<Zset>(w[1])->erase(name);
    return Int(static_cast<int64_t>(members.size()));
  };
  commands_["ZREMRANGEBYSCORE"] = [=](const Words& w) { return remove(w, in_scores(w, 2, 3)); };
  commands_["ZREMRANGEBYRANK"] = [=, this](const Words& w) {
    return remove(w, Slice(OrderOf(w[1]), w, 2));
  };
}

// A set is a sorted set whose scores are 1.
Zset Model::Algebra(const std::string& how, const Words& w, size_t count_at) {
  const auto count = static_cast<size_t>(Number(w[count_at]));
  const auto weights = std::find(w.begin(), w.end(), "WEIGHTS");
  std::vector<Zset> operands;
  for (size_t i = 0; i < count; ++i) {
    const std::string& key = w[count_at + 1 + i];
    const auto at = keys_.find(key);
    Zset operand;
    if (at != keys_.end() && std::holds_alternative<Set>(at->second.data)) {
      for (const std::string& member : std::get<Set>(at->second.data)) operand[member] = 1;
    } else if (const Zset* found = Find<Zset>(key)) {
      operand = *found;
    }
    for (auto& [name, score] : operand) {
      if (weights != w.end())
        score *= *ParseDouble(*(weights + 1 + static_cast<std::ptrdiff_t>(i)));
    }
    operands.push_back(operand);
  }
  const auto merge = [&](double a, double b) {
    return HasWord(w, "MIN") ? std::min(a, b) : HasWord(w, "MAX") ? std::max(a, b) : a + b;
  };
  Zset result = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    const Zset& other = operands[i];
    if (how != "UNION") {
      std::erase_if(result, [&](const auto& member) {
        return other.contains(member.first) == (how == "DIFF");
      });
    }
    if (how == "DIFF") continue;
    for (const auto& [name, score] : other) {
      const auto at = result.find(name);
      if (at != result.end()) at->second = merge(at->second, score);
      if (at == result.end() && how == "UNION") result[name] = score;
    }
  }
  return result;
}

void Model::AddAlgebra() {
  for (const std::string how : {"UNION", "INTER", "DIFF"}) {
    commands_["Z" + how] = [this, how](const Words& w) {
      return Show(InOrder(Algebra(how, w, 1)), HasWord(w, "WITHSCORES"));
    };
    commands_["Z" + how + "STORE"] = [this, how](const Words& w) {
      Zset result = Algebra(how, w, 2);
      const auto size = static_cast<int64_t>(result.size());
      keys_.erase(w[1]);
      if (size > 0) keys_.emplace(w[1], Value{std::move(result), {}});
      return Int(size);
    };
  }
  commands_["ZINTERCARD"] = [this](const Words& w) {
    const auto size = static_cast<int64_t>(Algebra("INTER", w, 1).size());
    const auto limit = std::find(w.begin(), w.end(), "LIMIT");
    const int64_t most = limit == w.end() ? 0 : Number(limit[1]);
    return Int(most == 0 ? size : std::min(size, most));
  };
}

}  // namespace norn::reference
