#pragma once
// CHECK: what must hold, in production too. A failed CHECK is a bug of norn: it prints the
// condition, the note that the running world registered (seed, node, virtual time, last trace
// events), and aborts.
//
// Runs anywhere; never parks.

#include <string>
#include <string_view>

namespace norn {

// Called once by CheckFailed before the abort, to print what the world knows. One per thread, so
// that a simulation never describes another one's state. Null: nothing more is printed.
using CrashNote = void (*)(void* context);
void SetCrashNote(CrashNote note, void* context);

// Runs the note of the calling thread, if any (signal handlers use it too).
void PrintCrashNote();

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view detail);

}  // namespace norn

#define CHECK(condition)                             \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::norn::CheckFailed(__FILE__, __LINE__, #condition, std::string_view()))

// With a detail, a std::string or literal that is only built on failure.
#define CHECK_MSG(condition, detail)                 \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::norn::CheckFailed(__FILE__, __LINE__, #condition, (detail)))
