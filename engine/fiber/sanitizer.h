#pragma once
// Tells AddressSanitizer and ThreadSanitizer that the stack changes; without it both see ghosts.
// Compiles to nothing in other builds.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define NORN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NORN_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define NORN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NORN_TSAN 1
#endif
#endif

#ifdef NORN_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef NORN_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace norn {

// What one side of a switch must remember about itself and the other side.
struct SanitizerContext {
#ifdef NORN_ASAN
  void* fake_stack = nullptr;
  const void* stack_bottom = nullptr;
  size_t stack_bytes = 0;
#endif
#ifdef NORN_TSAN
  void* tsan_fiber = nullptr;
#endif
};

// A stack is left: the frames that never returned (a fiber ends in the middle of some) have marked parts of it, and whoever
// gets the memory next must not trip over the marks.
inline void SanitizerForgetStack([[maybe_unused]] void* bottom, [[maybe_unused]] size_t bytes) {
#ifdef NORN_ASAN
  __asan_unpoison_memory_region(bottom, bytes);
#endif
}

// Around a switch from `from` to `to`: Start before it; Finish first thing after arriving, with the
// arriving side's own context and that of the side that was left.
inline void SanitizerStartSwitch([[maybe_unused]] SanitizerContext& from,
                                 [[maybe_unused]] const SanitizerContext& to,
                                 [[maybe_unused]] bool from_ends) {
#ifdef NORN_ASAN
  __sanitizer_start_switch_fiber(from_ends ? nullptr : &from.fake_stack, to.stack_bottom,
                                 to.stack_bytes);
#endif
#ifdef NORN_TSAN
  __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
}

inline void SanitizerFinishSwitch([[maybe_unused]] SanitizerContext& arrived,
                                  [[maybe_unused]] SanitizerContext& left) {
#ifdef NORN_ASAN
  __sanitizer_finish_switch_fiber(arrived.fake_stack, &left.stack_bottom, &left.stack_bytes);
#endif
}

}  // namespace norn
