#pragma once
// Stacks with a guard page below, reused. An overflow hits the guard and ends the process with a
// signal; it never writes into a neighbour.
//
// One pool an executor; not shared between threads. A stack costs address space until it is
// touched: 64 KiB of stack that used 6 KiB holds two resident pages.

#include <boost/context/protected_fixedsize_stack.hpp>
#include <boost/context/stack_context.hpp>

#include <cstddef>
#include <vector>

namespace norn {

class StackPool {
 public:
  // `stack_bytes` is rounded up to pages; the guard page comes on top.
  explicit StackPool(size_t stack_bytes) : allocator_(stack_bytes) {}
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  boost::context::stack_context Take();
  void Give(boost::context::stack_context stack);

 private:
  boost::context::protected_fixedsize_stack allocator_;
  std::vector<boost::context::stack_context> free_;
};

}  // namespace norn
