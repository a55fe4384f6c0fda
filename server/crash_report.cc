// Everything below InstallCrashReport runs inside a signal handler: no allocation, no locks, no
// stdio. The two exceptions come last in the report, when all else is written: the node's note,
// which is the node's code, and the re-raise.

#include "server/crash_report.h"

#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/debugging/symbolize.h"
#include "engine/base/check.h"
#include "engine/base/number.h"
#include "server/event_loop.h"

namespace norn::server {
namespace {

constexpr size_t kCrashStackBytes = 128 * 1024;
constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

char log_file_path[4096];                // "": standard output
std::atomic<pid_t> reporting_thread{0};  // the one that crashed first

// Builds a line and writes it to stderr and to the log.
class Report {
 public:
  Report() {
    log_fd_ = log_file_path[0] == '\0'
                  ? STDOUT_FILENO
                  : open(log_file_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    struct stat log, err;
    const bool same = fstat(log_fd_, &log) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
                      log.st_dev == err.st_dev && log.st_ino == err.st_ino;
    if (same) log_fd_ = -1;
  }

  Report& Text(std::string_view text) {
    const size_t n = std::min(text.size(), sizeof(line_) - 1 - length_);
    std::memcpy(line_ + length_, text.data(), n);
    length_ += n;
    return *this;
  }
  Report& Number(int64_t value) {
    char digits[kInt64CharsMax];
    return Text({digits, FormatInt64(value, digits)});
  }
  Report& Hex(uint64_t value) {
    char digits[18] = {'0', 'x'};
    size_t n = 2;
    for (int shift = 60; shift >= 0; shift -= 4) {
      const uint64_t digit = (value >> shift) & 15;
      if (digit != 0 || n > 2 || shift == 0) digits[n++] = "0123456789abcdef"[digit];
    }
    return Text({digits, n});
  }
  Report& Symbol(const void* address) {
    char name[512];
    const bool known = absl::Symbolize(address, name, sizeof(name));
    return Text(known ? std::string_view(name) : "?");
  }
  void End() {
    line_[length_++] = '\n';
    WriteTo(STDERR_FILENO);
    if (log_fd_ >= 0) WriteTo(log_fd_);
    length_ = 0;
  }

 private:
  void WriteTo(int fd) { [[maybe_unused]] const ssize_t ignored = write(fd, line_, length_); }

  int log_fd_;
  size_t length_ = 0;
  char line_[1024];
};

std::string_view NameOf(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "?";
  }
}

struct Registers {
  uint64_t instruction = 0;
  uint64_t stack = 0;
};

Registers RegistersOf(const void* context) {
  [[maybe_unused]] const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return {static_cast<uint64_t>(machine.gregs[REG_RIP]),
          static_cast<uint64_t>(machine.gregs[REG_RSP])};
#elif defined(__aarch64__)
  return {machine.pc, machine.sp};
#else
  return {};
#endif
}

// ---- /proc/self/maps, a character at a time ----

struct Mapping {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool forbidden = false;  // neither readable, writable nor executable: a guard
  bool Holds(uint64_t address) const { return begin <= address && address < end; }
};

class MapsReader {
 public:
  MapsReader() : fd_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~MapsReader() {
    if (fd_ >= 0) close(fd_);
  }

  bool Next(Mapping* mapping) {
    char c = 0;
    if (!HexUntil('-', &mapping->begin) || !HexUntil(' ', &mapping->end)) return false;
    mapping->forbidden = true;
    for (int i = 0; i < 3; ++i) {
      if (!Get(&c)) return false;
      if (c != '-') mapping->forbidden = false;
    }
    while (Get(&c) && c != '\n') {
    }
    return true;
  }

 private:
  bool Get(char* c) {
    if (at_ == size_) {
      const ssize_t n = fd_ < 0 ? 0 : read(fd_, buffer_, sizeof(buffer_));
      if (n <= 0) return false;
      at_ = 0;
      size_ = static_cast<size_t>(n);
    }
    *c = buffer_[at_++];
    return true;
  }

  bool HexUntil(char stop, uint64_t* value) {
    *value = 0;
    for (char c; Get(&c);) {
      if (c == stop) return true;
      *value = *value * 16 + static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return false;
  }

  int fd_;
  size_t at_ = 0;
  size_t size_ = 0;
  char buffer_[4096];
};

// Does `address` lie in the guard below the stack that `stack_pointer` points into (or has already
// left for the guard)?
bool IsStackOverflow(uint64_t address, uint64_t stack_pointer) {
  MapsReader maps;
  Mapping guard;
  while (maps.Next(&guard)) {
    if (!guard.Holds(address)) continue;
    if (!guard.forbidden) return false;
    Mapping above;
    return guard.Holds(stack_pointer) ||
           (maps.Next(&above) && above.begin == guard.end && above.Holds(stack_pointer));
  }
  return false;
}

// ---- the parts of the report ----

void ReportSignal(Report& report, int signal, const siginfo_t& info, const Registers& registers) {
  report.Text("=== NORN CRASH REPORT: process ").Number(getpid()).Text(" crashed by signal: ");
  report.Number(signal).Text(" (").Text(NameOf(signal)).Text("), si_code: ").Number(info.si_code);
  const uint64_t address = reinterpret_cast<uint64_t>(info.si_addr);
  if (signal != SIGABRT) report.Text(", address: ").Hex(address);
  report.End();
  if ((signal == SIGSEGV || signal == SIGBUS) && IsStackOverflow(address, registers.stack)) {
    const EventLoop* loop = EventLoop::Current();
    const bool in_fiber = loop != nullptr && loop->InFiber();
    report.Text(in_fiber ? "fiber stack overflow: the address lies in the guard page of its stack"
                         : "stack overflow: the address lies in the guard page of the stack");
    report.End();
  }
}

void ReportStack(Report& report, const Registers& registers) {
  report.Text("stack of thread ").Number(gettid()).Text(":").End();
  report.Text("  at ").Hex(registers.instruction).Text(" ");
  report.Symbol(reinterpret_cast<const void*>(registers.instruction)).End();
  std::array<void*, 64> frames;
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int i = 0; i < count; ++i) {
    const char* frame = static_cast<const char*>(frames[static_cast<size_t>(i)]);
    report.Text("  #").Number(i).Text(" ").Hex(reinterpret_cast<uint64_t>(frame)).Text(" ");
    report.Symbol(frame - 1).End();  // into the call, not behind it
  }
}

void ReportStep(Report& report, const LoopTraceEntry& entry, int64_t newest_ns) {
  report.Text("  ").Number((entry.at_ns - newest_ns) / 1000).Text(" us: ");
  switch (entry.step) {
    case LoopStep::kNone:
      break;
    case LoopStep::kWoke:
      report.Text("woke with events: ").Number(static_cast<int64_t>(entry.a));
      break;
    case LoopStep::kFd:
      report.Text("descriptor ").Number(static_cast<int64_t>(entry.a)).Text(" events ");
      report.Hex(entry.b);
      break;
    case LoopStep::kTask:
      report.Text("task ").Symbol(reinterpret_cast<const void*>(entry.a));
      break;
    case LoopStep::kFibers:
      report.Text("fibers had a turn: ").Number(static_cast<int64_t>(entry.a));
      break;
    case LoopStep::kDeadlines:
      report.Text("deadlines came: ").Number(static_cast<int64_t>(entry.a));
      break;
  }
  report.End();
}

void ReportLoop(Report& report) {
  const EventLoop* loop = EventLoop::Current();
  if (loop == nullptr) return;
  report.Text("executor ").Number(static_cast<int64_t>(loop->index()));
  report.Text(", last steps of its loop, newest first:").End();
  const int64_t newest_ns = loop->trace().Recent(0).at_ns;
  for (size_t age = 0; age < LoopTrace::kEntries; ++age) {
    const LoopTraceEntry& entry = loop->trace().Recent(age);
    if (entry.step == LoopStep::kNone) break;
    ReportStep(report, entry, newest_ns);
  }
}

void OnCrash(int signal, siginfo_t* info, void* context) {
  pid_t nobody = 0;
  if (!reporting_thread.compare_exchange_strong(nobody, gettid())) {
    // Another thread's report is being written; the process ends with it. A second crash of the
    // reporting thread itself means that there is no more to say.
    while (nobody != gettid()) pause();
  } else {
    const Registers registers = RegistersOf(context);
    Report report;
    ReportSignal(report, signal, *info, registers);
    ReportStack(report, registers);
    ReportLoop(report);
    PrintCrashNote();
    report.Text("=== END OF NORN CRASH REPORT").End();
  }
  std::signal(signal, SIG_DFL);
  raise(signal);  // blocked until this handler returns
}

}  // namespace

void InstallCrashReport(const char* program, const std::string& log_path) {
  absl::InitializeSymbolizer(program);
  CHECK(log_path.size() < sizeof(log_file_path));
  std::memcpy(log_file_path, log_path.c_str(), log_path.size() + 1);
  void* frame;
  backtrace(&frame, 1);  // loads the unwinder now, not in the handler
  struct sigaction action {};
  action.sa_sigaction = OnCrash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) CHECK(sigaction(signal, &action, nullptr) == 0);
}

CrashStack::CrashStack() {
  memory_ = mmap(nullptr, kCrashStackBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory_ != MAP_FAILED);
  stack_t stack{};
  stack.ss_sp = memory_;
  stack.ss_size = kCrashStackBytes;
  CHECK(sigaltstack(&stack, nullptr) == 0);
}

CrashStack::~CrashStack() {
  stack_t stack{};
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
  munmap(memory_, kCrashStackBytes);
}

}  // namespace norn::server
