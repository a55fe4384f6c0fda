#pragma once
// What was deleted but not yet freed: whole databases after FLUSHALL ASYNC, and objects too big to destroy at once. Freed in
// steps by whoever has time (Keyspace::ReclaimSome). A database that a snapshot still needs is kept until it is saved.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "engine/keyspace/db_contents.h"
#include "engine/keyspace/object.h"

namespace norn {

class Reclaimer {
 public:
  // Objects of more effort than this are worth a detour.
  static constexpr size_t kEffortAtOnce = 64;

  void Discard(DbContents contents);
  void Discard(std::unique_ptr<Object> object);

  // Frees about `effort` allocations; true when nothing is left that may be freed now.
  bool ReclaimSome(size_t effort);

  // As HashTable's, over the discarded databases.
  bool SaveSome(size_t lines);
  void EndSnapshot();

  uint64_t UsedBytes() const;
  size_t PendingCount() const;                            // keys and objects
  uint64_t ReclaimedCount() const { return reclaimed_; }  // since the start
  void ResetReclaimedCount() { reclaimed_ = 0; }

 private:
  struct Pending {
    DbContents contents;
    size_t keys;
  };

  std::deque<Pending> databases_;
  std::deque<std::unique_ptr<Object>> objects_;
  uint64_t reclaimed_ = 0;
};

}  // namespace norn
