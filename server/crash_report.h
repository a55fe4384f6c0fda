#pragma once
// What a crash leaves: a report on stderr and in the log with the signal, the address, the stack
// with names, the last steps of the executor's loop and the node's own note; then the signal takes
// its course (core dump, exit status).

#include <string>

namespace norn::server {

// Reports SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT of any thread. `log_path` "": the log is
// standard output. `program` is argv[0].
void InstallCrashReport(const char* program, const std::string& log_path);

// A stack for the handler on the calling thread: the thread's own may be what overflowed. Every
// thread that may crash holds one.
class CrashStack {
 public:
  CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;
  ~CrashStack();

 private:
  void* memory_;
};

}  // namespace norn::server
