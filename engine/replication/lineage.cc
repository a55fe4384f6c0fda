#include "engine/replication/lineage.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/check.h"

namespace norn {

std::string ReplicationIdFrom(uint64_t a, uint64_t b, uint64_t c) {
  std::string id = fmt::format("{:016x}{:016x}{:016x}", a, b, c);
  id.resize(kReplicationIdChars);
  return id;
}

void Lineage::Renew(std::string id) {
  CHECK(id.size() == kReplicationIdChars);
  id_ = std::move(id);
  id2_.assign(kReplicationIdChars, '0');
  second_end_ = -1;
}

void Lineage::Promote(std::string id, StreamOffset at) {
  CHECK(id.size() == kReplicationIdChars);
  CHECK(at >= 0);
  id2_ = std::exchange(id_, std::move(id));
  second_end_ = at;
}

void Lineage::Adopt(std::string primary_id) { Renew(std::move(primary_id)); }

void Lineage::FollowRename(std::string primary_id, StreamOffset at) {
  if (primary_id == id_) return;
  Promote(std::move(primary_id), at);
}

bool Lineage::IsPrefix(std::string_view id, StreamOffset at) const {
  if (at < 0 || id.size() != kReplicationIdChars) return false;
  if (id == id_) return true;
  return second_end_ >= 0 && id == id2_ && at <= second_end_;  // I11
}

}  // namespace norn
