#include "scenarios/cluster/forgotten_book.h"

#include <fmt/format.h>

namespace norn::scenarios {

std::string ForgottenBook::Note(NodeNumber node, const Ids& known, int64_t ttl_ns, int64_t now_ns) {
  Page& page = pages_[node];
  // A reset forgets everybody, and that it did.
  if (known.size() <= 1) {
    page = {known, {}};
    return "";
  }
  std::string wrong;
  for (const cluster::NodeId& id : page.known) {
    if (!known.contains(id)) page.forgotten_ns[id] = now_ns + ttl_ns;
  }
  for (auto at = page.forgotten_ns.begin(); at != page.forgotten_ns.end();) {
    const auto& [id, until_ns] = *at;
    const bool over = now_ns >= until_ns;
    ++examined_;
    if (!over && known.contains(id)) {
      wrong = fmt::format("knows {} again, {:.3f} s before its time", id.str().substr(0, 8),
                          static_cast<double>(until_ns - now_ns) / 1e9);
    }
    at = over || known.contains(id) ? page.forgotten_ns.erase(at) : std::next(at);
  }
  page.known = known;
  return wrong;
}

}  // namespace norn::scenarios
