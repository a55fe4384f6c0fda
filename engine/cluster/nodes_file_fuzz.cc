// Any bytes as nodes.conf: refused with a reason, or understood in a way that is written and read back.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/cluster/nodes_file.h"

namespace norn::cluster {
namespace {

// Nodes in handshake are not written.
bool AllAreWritten(const NodesFile& file) {
  for (const NodeLine& node : file.nodes) {
    if ((node.flags & node_flag::kHandshake) != 0) return false;
  }
  return true;
}

void ReadAndWriteBack(std::string_view text, bool is_tls_cluster) {
  const absl::StatusOr<NodesFile> file = ParseNodesFile(text, is_tls_cluster);
  if (!file.ok()) {
    CHECK(!file.status().message().empty());
    return;
  }
  if (!AllAreWritten(*file)) return;
  const std::string written = NodesFileText(*file);
  const absl::StatusOr<NodesFile> again = ParseNodesFile(written, is_tls_cluster);
  CHECK(again.ok());
  CHECK(*again == *file);
}

}  // namespace
}  // namespace norn::cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  norn::cluster::ReadAndWriteBack(text, false);
  norn::cluster::ReadAndWriteBack(text, true);
  // A name is hard to hit upon: one line of a node that has one, the input as the rest of it.
  const std::string name(norn::cluster::kNodeIdChars, 'a');
  norn::cluster::ReadAndWriteBack(name + " :1@2,," + text + "\nvars currentEpoch 1\n", false);
  norn::cluster::ReadAndWriteBack(name + " :1@2 myself,master - 0 0 1 x " + text + "\nvars\n",
                                  true);
  return 0;
}
