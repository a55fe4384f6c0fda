#pragma once
// A client's idea of who serves which slot, as cluster clients keep it: from CLUSTER SLOTS, corrected by redirects, and never
// quite true.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cluster/slot_set.h"
#include "net/reply_parser.h"

namespace norn::scenarios {

// "MOVED 3999 10.0.0.2:6379", "ASK ...".
struct Redirect {
  bool ask = false;
  SlotId slot;
  std::string address;

  static std::optional<Redirect> Parse(std::string_view error);
};

class SlotMap {
 public:
  struct Range {
    uint32_t first = 0;
    uint32_t last = 0;
    std::string primary;
    std::vector<std::string> replicas = {};
    bool operator==(const Range&) const = default;
  };

  // The reply of CLUSTER SLOTS. False: it is none; the map stays.
  bool Learn(const net::Reply& reply);
  // A MOVED came.
  void Moved(SlotId slot, const std::string& address);

  // Null: nobody serves it.
  const Range* Find(SlotId slot) const;
  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;  // ascending
};

}  // namespace norn::scenarios
