#pragma once
// What is written down about nodes that replicate each other, and the contradictions that these books find. Pure: readings
// and replies come in, complaints go out; "" is none.
//
// An offset in a history names one state of the data (I10), at whatever time a node is there. So a reading is compared not
// only with the other nodes of its moment but with everything that was ever read at that place.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace norn::scenarios {

// INFO replication and DEBUG DIGEST of one node, while nothing moved.
struct NodeReading {
  size_t node = 0;
  int64_t at_ns = 0;
  bool primary = false;
  bool link_up = false;   // of a replica, to its primary
  std::string following;  // the address of that: "10.0.0.1:6379"
  std::string replid;
  int64_t offset = -1;
  bool counts = true;  // no: no stream yet, the offset stands still whatever is written
  std::string digest;

  // Without the digest, which comes with another reply. Nullopt: this is no INFO replication.
  static std::optional<NodeReading> OfInfo(std::string_view info);
  bool SamePlace(const NodeReading& other) const {
    return replid == other.replid && offset == other.offset;
  }
  std::string Describe() const;
};

// Which data was where in which history (I10).
class HistoryBook {
 public:
  std::string Note(const NodeReading& reading);
  // Readings at a place that had been read before.
  uint64_t compared() const { return compared_; }

 private:
  std::map<std::pair<std::string, int64_t>, NodeReading> first_;
  uint64_t compared_ = 0;
};

// Why a replica is not where its primary is.
struct Distance {
  enum class Kind : uint8_t {
    kNone,
    kLink,     // no link, or still loading
    kHistory,  // the link is up, and the place another one
    kData,     // the place is the same, the data is not
  };
  Kind kind = Kind::kNone;
  std::string text;

  static Distance Between(const NodeReading& primary, const NodeReading& replica);
};

// What WAIT answered (I8): every key is written once.
class AckBook {
 public:
  struct Write {
    std::string key;
    std::string text;
    int64_t replicas = 0;
  };
  void Note(Write write) { writes_.push_back(std::move(write)); }
  const std::vector<Write>& writes() const { return writes_; }

  // What one live node holds, by key.
  using Holdings = std::map<std::string, std::string>;
  // Requires: no primary among them that answered the WAITs.
  std::string Judge(const std::vector<Holdings>& replicas) const;

 private:
  std::vector<Write> writes_;
};

// Which keys must be gone when (G17): every key is written once, and its deadline never changes.
class DeadlineBook {
 public:
  // The write was answered at `answered_ns` of the world; the deadline was set before.
  void Wrote(const std::string& key, int64_t ttl_ns, int64_t answered_ns);
  // `node` was asked at `asked_ns` and showed a value. "" as well for keys that nobody wrote.
  std::string Seen(const std::string& key, size_t node, int64_t asked_ns) const;
  // Whether a reading at that time says anything.
  bool Gone(const std::string& key, int64_t asked_ns) const;

 private:
  std::map<std::string, int64_t> gone_by_ns_;
};

}  // namespace norn::scenarios
