#include "engine/fiber/stack_pool.h"

#include "engine/fiber/sanitizer.h"

namespace norn {
namespace {

// Enough for a burst of connections to come and go without a system call each.
constexpr size_t kFreeStacksMax = 256;

}  // namespace

StackPool::~StackPool() {
  for (boost::context::stack_context& stack : free_) allocator_.deallocate(stack);
}

boost::context::stack_context StackPool::Take() {
  if (free_.empty()) return allocator_.allocate();
  boost::context::stack_context stack = free_.back();
  free_.pop_back();
  return stack;
}

void StackPool::Give(boost::context::stack_context stack) {
  SanitizerForgetStack(static_cast<char*>(stack.sp) - stack.size, stack.size);
  if (free_.size() < kFreeStacksMax) {
    free_.push_back(stack);
  } else {
    allocator_.deallocate(stack);
  }
}

}  // namespace norn
