// The model: lists.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"

namespace norn::reference {

std::string Model::Positions(const Words& w) {
  int64_t rank = 1;
  std::optional<int64_t> count;
  for (size_t i = 3; i < w.size(); i += 2) {
    if (w[i] == "RANK") rank = Number(w[i + 1]);
    if (w[i] == "COUNT") count = Number(w[i + 1]);
  }
  std::vector<int64_t> found;
  const List* list = Find<List>(w[1]);
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if ((*list)[i] == w[2]) found.push_back(static_cast<int64_t>(i));
  }
  if (rank < 0) std::reverse(found.begin(), found.end());
  const auto skipped = std::min<size_t>(found.size(), static_cast<size_t>(std::abs(rank) - 1));
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(skipped));
  if (!count) return found.empty() ? "nil" : Int(found[0]);
  if (*count > 0 && static_cast<size_t>(*count) < found.size()) {
    found.resize(static_cast<size_t>(*count));
  }
  std::vector<std::string> items;
  for (const int64_t index : found) items.push_back(Int(index));
  return Array(items);
}

void Model::AddLists() {
  commands_["LPUSH"] = [this](const Words& w) { return Push(w, true, false); };
  commands_["RPUSH"] = [this](const Words& w) { return Push(w, false, false); };
  commands_["LPUSHX"] = [this](const Words& w) { return Push(w, true, true); };
  commands_["RPUSHX"] = [this](const Words& w) { return Push(w, false, true); };
  commands_["LPOP"] = [this](const Words& w) { return Pop(w, true); };
  commands_["RPOP"] = [this](const Words& w) { return Pop(w, false); };
  commands_["LPOS"] = [this](const Words& w) { return Positions(w); };
  commands_["LMOVE"] = [this](const Words& w) {
    return Move(w[1], w[2], w[3] == "LEFT", w[4] == "LEFT");
  };
  commands_["RPOPLPUSH"] = [this](const Words& w) { return Move(w[1], w[2], false, true); };
  commands_["LLEN"] = [this](const Words& w) {
    const List* list = Find<List>(w[1]);
    return Int(list == nullptr ? 0 : static_cast<int64_t>(list->size()));
  };
  commands_["LRANGE"] = [this](const Words& w) {
    std::vector<std::string> items;
    const List* list = Find<List>(w[1]);
    if (list == nullptr) return Array(items);
    const auto size = static_cast<int64_t>(list->size());
    const auto [first, last] = Clamp(Number(w[2]), Number(w[3]), size);
    for (int64_t i = first; i <= last; ++i) items.push_back(Bulk((*list)[static_cast<size_t>(i)]));
    return Array(items);
  };
}

void Model::AddListEdits() {
  commands_["LINDEX"] = [this](const Words& w) -> std::string {
    const List* list = Find<List>(w[1]);
    const auto size = list == nullptr ? 0 : static_cast<int64_t>(list->size());
    const int64_t index = Number(w[2]) < 0 ? Number(w[2]) + size : Number(w[2]);
    return index < 0 || index >= size ? "nil" : Bulk((*list)[static_cast<size_t>(index)]);
  };
  commands_["LSET"] = [this](const Words& w) -> std::string {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return "-ERR no such key";
    const auto size = static_cast<int64_t>(list->size());
    const int64_t index = Number(w[2]) < 0 ? Number(w[2]) + size : Number(w[2]);
    if (index < 0 || index >= size) return "-ERR index out of range";
    (*list)[static_cast<size_t>(index)] = w[3];
    return "+OK";
  };
  commands_["LTRIM"] = [this](const Words& w) -> std::string {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return "+OK";
    const auto size = static_cast<int64_t>(list->size());
    const auto [first, last] = Clamp(Number(w[2]), Number(w[3]), size);
    List kept;
    for (int64_t i = first; i <= last; ++i) kept.push_back((*list)[static_cast<size_t>(i)]);
    *list = kept;
    return "+OK";
  };
  commands_["LREM"] = [this](const Words& w) {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return Int(0);
    int64_t left = Number(w[2]) == 0 ? INT64_MAX : std::abs(Number(w[2]));
    int64_t removed = 0;
    const bool backwards = Number(w[2]) < 0;
    if (backwards) std::reverse(list->begin(), list->end());
    for (auto at = list->begin(); at != list->end() && left > 0;) {
      if (*at != w[3]) {
        ++at;
        continue;
      }
      at = list->erase(at);
      ++removed;
      --left;
    }
    if (backwards) std::reverse(list->begin(), list->end());
    return Int(removed);
  };
  commands_["LINSERT"] = [this](const Words& w) {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return Int(0);
    const auto pivot = std::find(list->begin(), list->end(), w[3]);
    if (pivot == list->end()) return Int(-1);
    list->insert(w[2] == "AFTER" ? pivot + 1 : pivot, w[4]);
    return Int(static_cast<int64_t>(list->size()));
  };
}

std::string Model::PopFirst(const Words& w, size_t count_at) {
  const size_t end = count_at + 1 + static_cast<size_t>(Number(w[count_at]));
  const int64_t most = w.size() > end + 1 ? Number(w[end + 2]) : 1;
  for (size_t i = count_at + 1; i < end; ++i) {
    if (List* list = Find<List>(w[i])) {
      return Array({Bulk(w[i]), PopSome(*list, w[end] == "LEFT", most)});
    }
  }
  return "nil";
}

// Nobody else is there who could fill a list while they wait.
void Model::AddListWaits() {
  commands_["LMPOP"] = [this](const Words& w) { return PopFirst(w, 1); };
  commands_["BLMPOP"] = [this](const Words& w) { return PopFirst(w, 2); };
  const auto pop = [this](const Words& w, bool front) -> std::string {
    for (size_t i = 1; i + 1 < w.size(); ++i) {
      if (List* list = Find<List>(w[i])) return Array({Bulk(w[i]), Bulk(PopOne(*list, front))});
    }
    return "nil";
  };
  commands_["BLPOP"] = [=](const Words& w) { return pop(w, true); };
  commands_["BRPOP"] = [=](const Words& w) { return pop(w, false); };
  commands_["BLMOVE"] = commands_["LMOVE"];
  commands_["BRPOPLPUSH"] = commands_["RPOPLPUSH"];
}

}  // namespace norn::reference
