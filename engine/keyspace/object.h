#pragma once
// A value that is not a string: what the keyspace must know about a list, set, hash ... to own it.

#include <cstddef>
#include <memory>

namespace norn {

class Object {
 public:
  virtual ~Object() = default;

  // All memory that the object owns, itself included. Must not depend on the number of elements in cost.
  virtual size_t UsedBytes() const = 0;
  // A deep copy.
  virtual std::unique_ptr<Object> Copy() const = 0;
  // Roughly the allocations that destroying it frees; above Reclaimer::kEffortAtOnce it is destroyed in steps.
  virtual size_t FreeEffort() const = 0;
  // Frees about `effort` allocations; true when what is left is cheap to destroy. The object is good for nothing else
  // afterwards.
  virtual bool FreeSome(size_t effort) = 0;
  // Whether parts of it have deadlines of their own, so that somebody must come back for them. At constant cost.
  virtual bool HasDeadlines() const { return false; }
};

}  // namespace norn
