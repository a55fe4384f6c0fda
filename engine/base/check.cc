#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace norn {
namespace {

thread_local CrashNote crash_note = nullptr;
thread_local void* crash_note_context = nullptr;

}  // namespace

void SetCrashNote(CrashNote note, void* context) {
  crash_note = note;
  crash_note_context = context;
}

void PrintCrashNote() {
  if (crash_note == nullptr) return;
  CrashNote note = crash_note;
  crash_note = nullptr;  // a note that crashes must not call itself
  note(crash_note_context);
}

void CheckFailed(const char* file, int line, const char* condition, std::string_view detail) {
  std::fprintf(stderr, "CHECK failed at %s:%d: %s%s%.*s\n", file, line, condition,
               detail.empty() ? "" : ": ", static_cast<int>(detail.size()), detail.data());
  PrintCrashNote();
  std::fflush(stderr);
  std::abort();
}

}  // namespace norn
