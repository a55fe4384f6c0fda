// norn-server: from a command line to a running node, and back to an exit code.

#include <fmt/format.h>
#include <glob.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <thread>

#include "engine/base/status.h"
#include "engine/base/version.h"
#include "engine/config/file.h"
#include "engine/config/help.h"
#include "engine/fiber/spawn.h"
#include "net/node_host.h"
#include "server/crash_report.h"
#include "server/log_file.h"
#include "server/process.h"
#include "server/real_env.h"
#include "server/signals.h"

// jemalloc reads it before main: freed pages go back after a second, from a thread of its own. With the default ten
// seconds a node that has just loaded its data holds a tenth more than it uses.
extern "C" const char* const malloc_conf =
    "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace norn::server {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  // A folder opens like a file and only then refuses to be read.
  if (in.peek() == std::ifstream::traits_type::eof() && in.bad()) {
    return absl::DataLossError(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return absl::DataLossError(fmt::format("{}: cannot be read", path));
  return text.str();
}

std::vector<std::string> Glob(const std::string& pattern) {
  glob_t found = {};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

std::string WorkingDirectory() {
  char path[4096];
  return ::getcwd(path, sizeof(path)) == nullptr ? "/" : path;
}

std::string ReadStandardInput() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

HostFacts FactsOfHost() {
  HostFacts facts;
  utsname names = {};
  if (::uname(&names) == 0) {
    facts.os = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
  }
  char path[4096];
  const ssize_t bytes = ::readlink("/proc/self/exe", path, sizeof(path));
  if (bytes > 0) facts.executable.assign(path, static_cast<size_t>(bytes));
  return facts;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

size_t ThreadCount(const config::Options& options) {
  if (options.threads > 0) return static_cast<size_t>(options.threads);
  return std::max(1u, std::thread::hardware_concurrency());
}

// The lines that tools (and Valkey's own test harness) wait for.
void LogStart(env::Logger& log, const config::Config& config, size_t threads) {
  log.Notice("norn is starting: version={}, bits=64, pid={}, just started", kVersion, ::getpid());
  if (config.file.empty()) {
    log.Warning(
        "no config file specified, using the default config. In order to specify a config "
        "file use norn-server /path/to/norn.conf");
  } else {
    log.Notice("Configuration loaded from {}", config.file);
  }
  log.Notice("Running mode={}, port={}, threads={}, PID: {}",
             config.options.cluster_enabled ? "cluster" : "standalone", config.options.port,
             threads, ::getpid());
  for (const std::string_view name : config::UnusedButSet(config.options)) {
    log.Notice("option '{}' is accepted for compatibility and has no effect in this version", name);
  }
}

void LogReady(env::Logger& log, const config::Options& options) {
  log.Notice("Server initialized");
  if (options.port != 0) log.Notice("Ready to accept connections tcp");
  if (!options.unixsocket.empty()) log.Notice("Ready to accept connections unix");
}

env::LogLevel MinimumOf(const config::Options& options) {
  switch (options.loglevel) {
    case config::Verbosity::kDebug:
      return env::LogLevel::kDebug;
    case config::Verbosity::kVerbose:
      return env::LogLevel::kVerbose;
    case config::Verbosity::kNotice:
      return env::LogLevel::kNotice;
    default:
      return env::LogLevel::kWarning;
  }
}

// Runs the node until it ends; the process's exit code.
int Serve(const char* program, config::Config config) {
  const config::Options options = config.options;
  const size_t threads = ThreadCount(options);
  if (absl::Status log = LogFile(options.logfile).Check(); !log.ok()) {
    return Fail(fmt::format("Can't open the log file: {}", MessageOf(log)));
  }
  RealEnv env(RealEnvOptions{.executors = threads,
                             .stack_bytes = static_cast<size_t>(options.fiber_stack_size),
                             .logfile = options.logfile,
                             .log_sink = {}});
  if (options.crash_log_enabled) InstallCrashReport(program, options.logfile);
  env::Logger log(env, MinimumOf(options));
  LogStart(log, config, threads);

  const OpenFilesLimit limit = AdjustOpenFilesLimit(static_cast<uint64_t>(options.maxclients));
  for (const OpenFilesLimit::Line& line : limit.lines) env.Log(line.level, line.text);
  if (!limit.enough)
    return Fail("too few file descriptors: raise the limit (ulimit -n) and start again");
  config.options.maxclients = static_cast<int64_t>(limit.maxclients);

  const Supervisor supervisor = DetectSupervisor();
  std::unique_ptr<net::NodeHost> host;
  ShutdownSignals signals(env, [&](int) {
    SpawnFiber(env.executor(), [&] {
      if (host == nullptr) return env.Exit(0);  // told to stop before it began
      host->Stop();
    });
  });
  return env.Run([&](env::Env& world) {
    host = std::make_unique<net::NodeHost>(world, config, FactsOfHost());
    if (absl::Status status = host->Start(); !status.ok()) {
      env.Log(env::LogLevel::kWarning, MessageOf(status));
      std::fprintf(stderr, "norn-server: %s\n", std::string(MessageOf(status)).c_str());
      return env.Exit(1);
    }
    LogReady(log, options);
    NotifySystemd(supervisor, "READY=1");
  });
}

int Main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  const config::CommandLine command_line = config::ParseCommandLine(args);
  switch (command_line.action) {
    case config::Action::kHelp:
      std::fputs(config::HelpText().c_str(), stdout);
      return 0;
    case config::Action::kVersion:
      fmt::print("norn-server v={} bits=64\n", kVersion);
      return 0;
    case config::Action::kPrintConfig:
      std::fputs(config::DefaultFile().c_str(), stdout);
      return 0;
    case config::Action::kServe:
      break;
  }
  const config::FileAccess files{ReadFile, Glob, WorkingDirectory()};
  auto config =
      config::Load(command_line, command_line.from_stdin ? ReadStandardInput() : "", files);
  if (!config.ok()) return Fail(std::string(config.status().message()));

  if (absl::Status renames = CommandNames::Check(config->renames); !renames.ok()) {
    return Fail(std::string(renames.message()));
  }
  config::Options& options = config->options;
  if (::chdir(options.dir.c_str()) != 0) {
    return Fail(fmt::format("norn-server: cannot enter directory '{}' (option dir): {}",
                            options.dir, std::strerror(errno)));
  }
  if (options.daemonize) {
    if (absl::Status status = Daemonize(); !status.ok()) return Fail(std::string(status.message()));
  }
  if (options.daemonize && options.pidfile.empty()) options.pidfile = "/var/run/norn.pid";
  if (!options.pidfile.empty()) {
    if (absl::Status status = WritePidFile(options.pidfile); !status.ok()) {
      std::fprintf(stderr, "norn-server: %s\n", std::string(MessageOf(status)).c_str());
    }
  }
  IgnoreNuisanceSignals();
  BlockShutdownSignals();
  const std::string pidfile = options.pidfile;
  const int code = Serve(argv[0], *std::move(config));
  if (!pidfile.empty()) RemovePidFile(pidfile);
  return code;
}

}  // namespace
}  // namespace norn::server

int main(int argc, char** argv) { return norn::server::Main(argc, argv); }
