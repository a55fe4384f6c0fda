// Backlog against the whole stream in a std::string.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "engine/replication/backlog.h"

namespace norn {
namespace {

// The obvious form of B1: recomputed from everything that ever happened.
struct Model {
  std::string stream;
  StreamOffset begin = 0;
  size_t limit;
  std::map<uint64_t, StreamOffset> holds;

  void Trim() {
    auto keep = static_cast<StreamOffset>(stream.size()) - static_cast<StreamOffset>(limit);
    for (const auto& [id, at] : holds) keep = std::min(keep, at);
    begin = std::max(begin, keep);
  }
};

void AppendRandom(Backlog& backlog, Model& model) {
  const auto bytes = static_cast<size_t>(*rc::gen::inRange(0, 5000));
  std::string piece;
  for (size_t i = 0; i < bytes; ++i) {
    piece += static_cast<char>('a' + (model.stream.size() + i) * 7 % 23);
  }
  // In two calls: the model trims only after both, which must make no difference.
  const size_t cut = bytes / 3;
  backlog.Append(std::string_view(piece).substr(0, cut));
  backlog.Append(std::string_view(piece).substr(cut));
  model.stream += piece;
  model.Trim();
}

void MoveRandom(Backlog& backlog, Model& model) {
  if (model.holds.empty()) return;
  auto chosen = model.holds.begin();
  std::advance(chosen, *rc::gen::inRange<size_t>(0, model.holds.size()));
  if (*rc::gen::inRange(0, 3) == 0) {
    backlog.Release({chosen->first});
    model.holds.erase(chosen);
  } else {
    const auto end = static_cast<StreamOffset>(model.stream.size());
    chosen->second = *rc::gen::inRange<StreamOffset>(chosen->second, end + 1);
    backlog.MoveHold({chosen->first}, chosen->second);
  }
  model.Trim();
}

RC_GTEST_PROP(BacklogProperty, IsTheTailOfTheStream, ()) {
  const auto limit = static_cast<size_t>(*rc::gen::inRange(1, 20000));
  Backlog backlog(limit);
  Model model{.stream = {}, .limit = limit, .holds = {}};
  for (int step = 0; step < 60; ++step) {
    switch (*rc::gen::inRange(0, 6)) {
      case 0: {
        const StreamOffset at = *rc::gen::inRange<StreamOffset>(backlog.begin(), backlog.end() + 1);
        model.holds[backlog.Hold(at).value] = at;
        break;
      }
      case 1:
        MoveRandom(backlog, model);
        break;
      case 2:
        model.limit = static_cast<size_t>(*rc::gen::inRange(1, 20000));
        backlog.SetLimit(model.limit);
        model.Trim();
        break;
      default:
        AppendRandom(backlog, model);
    }
    RC_ASSERT(backlog.begin() == model.begin);
    RC_ASSERT(backlog.end() == static_cast<StreamOffset>(model.stream.size()));
    const StreamOffset from = *rc::gen::inRange<StreamOffset>(backlog.begin(), backlog.end() + 1);
    std::string out(static_cast<size_t>(*rc::gen::inRange(0, 9000)), '\0');
    out.resize(backlog.Read(from, out));
    const std::string_view wanted =
        std::string_view(model.stream).substr(static_cast<size_t>(from));
    RC_ASSERT(wanted.starts_with(out));
    RC_ASSERT(backlog.memory_bytes() <= backlog.size() + 3 * 64 * 1024);
  }
}

}  // namespace
}  // namespace norn
