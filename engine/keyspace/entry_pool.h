#pragma once
// Memory of a database's entries: slabs of 64 KiB, each cut into cells of one size, a multiple of 8 up to 512 bytes. An
// entry costs its size rounded up to 8 and nothing else (a general allocator rounds 40 bytes up to 48). Bigger entries (keys
// of some hundred bytes) come from malloc.
//
//     slab, aligned to its size: a cell finds its slab by masking its address
//     | header: links, class, live cells, free list, bump | cell | cell | ... | never touched yet |
//
// Slabs are taken from the allocator by the chunk, of 1 to 16 slabs as the pool is small or big: alone, each would leave a
// hole before the next aligned address.
//
//   I1  A slab is in its class's list exactly if it has room.
//   I2  Freed cells are reused before untouched ones, so that untouched memory stays unmapped.
//   I3  At most one slab without live cells is kept for the next class that needs one; the others are free slabs of their
//       chunk, and a chunk of free slabs only goes back to the allocator.
//
// One pool a database: no locks, and a database is thrown away slab by slab. Under AddressSanitizer freed cells are poisoned
// and rest a while before they are used again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace norn {

class EntryPool {
 public:
  static constexpr size_t kSlabBytes = size_t{64} << 10;
  static constexpr size_t kCellBytesMax = 512;

  // What an allocation of `bytes` costs; equal costs below kCellBytesMax mean interchangeable memory.
  static constexpr size_t RoundUp(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

  EntryPool();
  ~EntryPool();
  EntryPool(EntryPool&& other) noexcept;
  EntryPool& operator=(EntryPool&&) = delete;

  // Aligned to 8, not zeroed. Requires bytes > 0.
  void* Allocate(size_t bytes);
  // Requires the `bytes` of Allocate, up to RoundUp.
  void Free(void* cell, size_t bytes);

  // Live allocations, rounded up; slabs' unused rest not counted.
  uint64_t UsedBytes() const { return used_bytes_; }
  // What the pool has taken from the allocator.
  uint64_t ReservedBytes() const;
  size_t LiveCount() const { return live_; }

  // Frees about `slabs` slabs whatever lives in them; true when none is left. The pool takes no further Allocate or Free
  // until it answered true. Requires: no allocation above kCellBytesMax is live.
  bool DropSome(size_t slabs);
  size_t LargeCount() const { return large_; }

  void CheckInvariants() const;  // for tests

 private:
  struct Slab;
  struct Chunk;
  struct Class {
    Slab* with_room = nullptr;  // doubly linked, most recently freed into first
  };
  static constexpr size_t kClasses = kCellBytesMax / 8;
  static constexpr size_t kChunkSlabsMax = 16;
  static constexpr size_t kQuarantine = 256;

  static Slab* SlabOf(void* cell);
  Slab* AddSlab(size_t cell_bytes);
  Slab* TakeFreeSlab();
  void ReleaseSlab(Slab* slab);
  void AddChunk();
  void ReleaseChunk(Chunk* chunk);
  void LinkWithRoom(Slab* slab);
  void UnlinkWithRoom(Slab* slab);
  void ReturnCell(void* cell);

  std::array<Class, kClasses> classes_;
  std::vector<Chunk*> chunks_;  // all, in no order; each knows its place
  Chunk* with_free_ = nullptr;  // chunks that have free slabs, doubly linked
  size_t slab_count_ = 0;       // of all chunks
  Slab* spare_ = nullptr;
  uint64_t used_bytes_ = 0;
  uint64_t large_bytes_ = 0;
  size_t live_ = 0;
  size_t large_ = 0;
  std::vector<void*> quarantine_;  // ring of kQuarantine, only under AddressSanitizer
  size_t quarantine_next_ = 0;
};

}  // namespace norn
