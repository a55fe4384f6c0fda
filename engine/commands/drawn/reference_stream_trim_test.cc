// The model: entries that go by "~", which only whole nodes do. How entries are packed is up to the server; the model looks at
// how many went, checks that they might and that no more had to, and lets as many go.

#include <gtest/gtest.h>

#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/drawn/testing_streams.h"

namespace norn::reference {

std::string Model::FollowTrim(Stream& stream, const Words& w) {
  const auto tilde = std::find(w.begin(), w.end(), "~");
  const bool by_length = tilde[-1] == "MAXLEN";
  const int64_t node_max = server_.stream_node_entries_max;
  // 0: without a limit.
  const int64_t limit = NumberBehind(w, "LIMIT", 100 * node_max);

  // Entries that might go, were each a node of its own.
  int64_t may_go = 0;
  const auto size = static_cast<int64_t>(stream.entries.size());
  if (by_length) may_go = std::max<int64_t>(0, size - Number(tilde[1]));
  for (const auto& [id, fields] : stream.entries) {
    if (!by_length && id < IdOf(tilde[1])) ++may_go;
  }
  const int64_t left = server_.ask({"XLEN", w[1]}).integer;
  const int64_t gone = size - left;
  if (w[0] == "XTRIM" && said_->integer != gone) return "as many as are gone";
  if (gone < 0 || gone > may_go) return "none that has to stay";
  if (limit > 0 && gone > limit) return "no more than the limit";
  // The first node stayed for one of its entries, or for the limit.
  const bool node_stays = may_go - gone < node_max;
  const bool limit_met = limit > 0 && gone + node_max > limit;
  if (!node_stays && !limit_met) return "every node that may go";

  for (int64_t i = 0; i < gone; ++i) stream.entries.erase(stream.entries.begin());
  std::vector<std::string> shown;
  for (const auto& [id, fields] : stream.entries) shown.push_back(ShowEntry(id, fields));
  if (norn::Show(server_.ask({"XRANGE", w[1], "-", "+"})) != Array(shown)) return "the oldest gone";
  return "";
}

}  // namespace norn::reference
