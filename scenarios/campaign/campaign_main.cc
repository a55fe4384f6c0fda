// norn-sim's campaign, the part that meets the real world: worker processes that are told one seed at a time and answer with a
// line each, the clock on the wall, the terminal, and the files of --out.

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/status.h"
#include "scenarios/campaign/campaign_command.h"
#include "scenarios/campaign/campaign_summary.h"
#include "scenarios/page/run_page.h"

extern char** environ;

namespace norn::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr int kPollMs = 200;
constexpr double kTerminalEveryS = 1;
constexpr double kLogEveryS = 10;
constexpr double kFilesEveryS = 30;
constexpr size_t kLogTailBytes = 16 * 1024;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string ReadWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Whole or not at all: who reads it meanwhile sees the old one.
bool WriteWhole(const fs::path& path, const std::string& text) {
  const fs::path temp = path.string() + ".new";
  std::ofstream out(temp, std::ios::binary);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(temp, path, error);
  return static_cast<bool>(out) && !error;
}

struct Task {
  size_t story = 0;
  uint64_t seed = 0;
  bool page = false;  // only its page is wanted
};

// A process that plays what it is told. The end of its input ends it.
class CampaignWorker {
 public:
  bool Start(const CampaignArguments& arguments, const fs::path& log) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    std::vector<std::string> words = {arguments.program, "work", "--report",
                                      (fs::path(arguments.out) / "reports").string()};
    if (!arguments.plant.empty()) words.insert(words.end(), {"--plant", arguments.plant});
    words.insert(words.end(), arguments.files.begin(), arguments.files.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int error =
        ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
    log_ = log;
    answer_.clear();
    return error == 0;
  }

  void Give(const Task& task) {
    task_ = task;
    given_at_ = Now();
    const std::string line =
        fmt::format("{} {} {}\n", task.story, task.seed, task.page ? "page" : "run");
    // A worker that is gone shows it by the end of its output.
    if (::write(to_, line.data(), line.size()) < 0) return;
  }

  // What came; false: it has ended.
  bool Read() {
    char bytes[4096];
    const ssize_t count = ::read(from_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    answer_.append(bytes, static_cast<size_t>(count));
    return true;
  }
  std::optional<std::string> TakeLine() {
    const size_t end = answer_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = answer_.substr(0, end);
    answer_.erase(0, end + 1);
    return line;
  }

  void Kill() { ::kill(pid_, SIGKILL); }

  // Waits for its end; what it died of and said last.
  std::string Finish() {
    ::close(to_);
    ::close(from_);
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) return "lost";
    const std::string why = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("exit code {}", WEXITSTATUS(status));
    return why + LastWords();
  }

  int from() const { return from_; }
  bool busy() const { return task_.has_value(); }
  const Task& task() const { return *task_; }
  void Done() { task_.reset(); }
  double given_at() const { return given_at_; }

 private:
  // A failed CHECK names the cause; else the last line is all there is.
  std::string LastWords() const {
    std::string text = ReadWhole(log_);
    if (text.size() > kLogTailBytes) text.erase(0, text.size() - kLogTailBytes);
    std::istringstream lines(text);
    std::string last, check;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("CHECK failed") != std::string::npos ||
          line.find("ERROR: ") != std::string::npos)
        check = line;
      if (!line.empty()) last = line;
    }
    if (last.empty()) return "";
    return ": " + (check.empty() ? last : check);
  }

  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  fs::path log_;
  std::string answer_;
  std::optional<Task> task_;
  double given_at_ = 0;
};

class Campaign {
 public:
  explicit Campaign(const CampaignArguments& arguments)
      : arguments_(arguments),
        out_(arguments.out),
        state_(IdentityOf(arguments)),
        terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~Campaign() {
    if (state_fd_ >= 0) ::close(state_fd_);
  }

  int Run() {
    begun_ = Now();
    if (const std::string why = Open(); !why.empty()) return Complain(why);
    const uint64_t before = state_.runs().size();
    CountFailures();
    if (before > 0) fmt::print(stderr, "goes on behind {} finished seeds\n", before);
    if (!StartWorkers()) return Complain("cannot start a worker process");
    while (writable_ && Work()) {
    }
    if (!writable_) {
      for (auto& worker : workers_) worker->Kill();
    }
    for (auto& worker : workers_) worker->Finish();
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
    if (!writable_) return Complain("state cannot be written; what it holds is kept");
    const CampaignSummary summary(state_, arguments_.scenarios);
    const CampaignSession session = Session();
    fmt::print("{}", CampaignText(summary, session));
    if (!WriteFiles(summary, session))
      return Complain("result.json or index.html cannot be written");
    fmt::print("result: {}, {}\n", (out_ / "result.json").string(), (out_ / "index.html").string());
    const bool failed = summary.failed() > 0 || !summary.idlers.empty();
    const bool uncovered = arguments_.require_cover && !summary.never.empty();
    return failed || uncovered ? 1 : 0;
  }

 private:
  static CampaignIdentity IdentityOf(const CampaignArguments& arguments) {
    CampaignIdentity identity;
    identity.program = HashBytes(ReadWhole("/proc/self/exe"), 0);
    identity.files = arguments.files;
    for (const std::string& text : arguments.texts) identity.hashes.push_back(HashBytes(text, 0));
    identity.plant = arguments.plant;
    return identity;
  }

  int Complain(const std::string& why) const {
    fmt::print(stderr, "norn-sim: {}: {}\n", arguments_.out, why);
    return kUsage;
  }

  // Reads what an earlier session finished, and makes ready to write more. "" or why not.
  std::string Open() {
    std::error_code error;
    fs::create_directories(out_, error);
    if (error) return error.message();
    const fs::path path = out_ / "state";
    if (arguments_.fresh) {
      fs::remove(path, error);
      fs::remove_all(out_ / "reports", error);
    }
    const std::string text = ReadWhole(path);
    size_t whole = 0;
    if (!text.empty()) {
      const absl::Status loaded = state_.Load(text, &whole);
      if (!loaded.ok()) return "state: " + std::string(MessageOf(loaded));
    }
    state_fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (state_fd_ < 0 || ::ftruncate(state_fd_, static_cast<off_t>(whole)) != 0) {
      return "state cannot be written";
    }
    return whole > 0 || Append(state_.Header()) ? "" : "state cannot be written";
  }

  bool Append(const std::string& text) const {
    return ::write(state_fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

  bool StartWorkers() {
    const uint64_t jobs = std::max<uint64_t>(arguments_.jobs, 1);
    for (uint64_t i = 0; i < jobs; ++i) {
      workers_.push_back(std::make_unique<CampaignWorker>());
      if (!workers_.back()->Start(arguments_, LogOf(i))) return false;
    }
    return true;
  }
  fs::path LogOf(size_t worker) const { return out_ / fmt::format("worker-{}.log", worker); }

  // ---- what is to be done ----

  bool TimeIsUp() const { return arguments_.for_s > 0 && Now() - begun_ >= arguments_.for_s; }

  // Pages of failures first: they are what somebody waits for. Then the stories in turns.
  std::optional<Task> Next() {
    if (!pages_.empty()) {
      const Task task = pages_.front();
      pages_.pop_front();
      return task;
    }
    while (!TimeIsUp() && seed_at_ <= arguments_.last_seed - arguments_.first_seed) {
      const Task task{story_at_, arguments_.first_seed + seed_at_};
      if (++story_at_ == arguments_.files.size()) {
        story_at_ = 0;
        ++seed_at_;
      }
      if (!state_.IsFinished(task.story, task.seed)) return task;
    }
    if (seed_at_ <= arguments_.last_seed - arguments_.first_seed) complete_ = false;
    return std::nullopt;
  }

  // False: nothing is left to do.
  bool Work() {
    bool busy = false;
    for (auto& worker : workers_) {
      if (!worker->busy()) {
        if (const std::optional<Task> task = Next()) worker->Give(*task);
      }
      busy |= worker->busy();
    }
    if (!busy) return false;
    std::vector<pollfd> polls;
    for (auto& worker : workers_) polls.push_back({worker->from(), POLLIN, 0});
    ::poll(polls.data(), polls.size(), kPollMs);
    for (size_t i = 0; i < workers_.size(); ++i) Attend(i, polls[i].revents != 0);
    Show();
    return true;
  }

  void Attend(size_t index, bool readable) {
    CampaignWorker& worker = *workers_[index];
    if (!worker.busy()) return;
    if (readable && !worker.Read()) return Bury(index, "crash");
    if (const std::optional<std::string> line = worker.TakeLine()) return Take(worker, *line);
    if (Now() - worker.given_at() > arguments_.seed_s_max) {
      worker.Kill();
      Bury(index, "hang");
    }
  }

  // The line of a run is that of the state.
  void Take(CampaignWorker& worker, const std::string& line) {
    const Task task = worker.task();
    worker.Done();
    if (task.page) {
      if (line.empty()) return;  // none could be written
      state_.AddPage(task.story, task.seed, "reports/" + line);
      writable_ &= Append(CampaignState::PageLine(task.story, task.seed, "reports/" + line));
      return;
    }
    CampaignState one(state_.identity());
    size_t whole = 0;
    const std::string text = one.Header() + line + "\n";
    if (one.Load(text, &whole).ok() && one.runs().size() == 1) Finished(one.runs()[0]);
  }

  void Bury(size_t index, const std::string& check) {
    const Task task = workers_[index]->task();
    const std::string died_of = workers_[index]->Finish();
    workers_[index]->Start(arguments_, LogOf(index));
    workers_[index]->Done();
    if (task.page) return;
    FinishedRun run{.story = task.story, .seed = task.seed, .check = check};
    run.totals.runs = 1;
    run.message = check == "hang"
                      ? fmt::format("it ran longer than {:.0f} s", arguments_.seed_s_max)
                      : "the process that played it ended: " + died_of;
    Finished(run);
  }

  void Finished(const FinishedRun& run) {
    writable_ &= Append(CampaignState::Line(run));
    state_.Add(run);
    ++session_runs_;
    sums_.Add(run.totals);
    if (run.check.empty()) return;
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
    fmt::print(stderr, "FAIL {} seed {}: {}: {}\n", arguments_.files[run.story], run.seed,
               run.check, CauseOf(run.message));
    CountFailure(run);
  }

  void CountFailures() {
    for (const FinishedRun& run : state_.runs()) {
      sums_.Add(run.totals);
      if (!run.check.empty()) CountFailure(run);
    }
  }
  void CountFailure(const FinishedRun& run) {
    const uint64_t number = ++groups_[{run.check, CauseOf(run.message)}];
    const bool playable = run.check != "crash" && run.check != "hang";
    const bool wanted = HasPages() && playable && number <= arguments_.pages;
    if (wanted && state_.PageOf(run.story, run.seed).empty()) {
      pages_.push_back({run.story, run.seed, true});
    }
  }

  // ---- what is shown ----

  CampaignSession Session() const {
    return {.elapsed_s = Now() - begun_,
            .runs = session_runs_,
            .program = arguments_.program,
            .complete = complete_};
  }

  void Show() {
    const double now = Now();
    if (now - filed_at_ > kFilesEveryS && filed_at_ > 0) {
      filed_at_ = now;
      WriteFiles(CampaignSummary(state_, arguments_.scenarios), Session());
    }
    if (filed_at_ == 0) filed_at_ = now;
    if (now - shown_at_ < (terminal_ ? kTerminalEveryS : kLogEveryS)) return;
    shown_at_ = now;
    size_t marks = 0;
    for (const uint64_t hits : sums_.covers) marks += hits > 0 ? 1 : 0;
    const uint64_t all =
        (arguments_.last_seed - arguments_.first_seed + 1) * arguments_.files.size();
    const auto elapsed = static_cast<int64_t>(now - begun_);
    const std::string line = fmt::format(
        "{:02}:{:02}:{:02}  {}/{} seeds, {:.2f} seeds/s, {} failed in {} groups, {}/{} marks",
        elapsed / 3600, elapsed / 60 % 60, elapsed % 60, state_.runs().size(), all,
        static_cast<double>(session_runs_) / std::max(now - begun_, 1e-6),
        sums_.runs - sums_.passes, groups_.size(), marks, kCovers.size());
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

  bool WriteFiles(const CampaignSummary& summary, const CampaignSession& session) const {
    return WriteWhole(out_ / "result.json", CampaignJson(summary, session)) &&
           WriteWhole(out_ / "index.html", CampaignPage(summary, session));
  }

  const CampaignArguments& arguments_;
  const fs::path out_;
  CampaignState state_;
  int state_fd_ = -1;
  std::vector<std::unique_ptr<CampaignWorker>> workers_;
  size_t story_at_ = 0;
  uint64_t seed_at_ = 0;
  std::deque<Task> pages_;
  std::map<std::pair<std::string, std::string>, uint64_t> groups_;  // how many, by check and cause
  Totals sums_;
  uint64_t session_runs_ = 0;
  bool complete_ = true;
  bool writable_ = true;  // the state is
  const bool terminal_;
  double begun_ = 0;
  double shown_at_ = 0;
  double filed_at_ = 0;
};

}  // namespace

int RunCampaign(const CampaignArguments& arguments) {
  ::signal(SIGPIPE, SIG_IGN);  // a worker that died is seen when it is read
  return Campaign(arguments).Run();
}

}  // namespace norn::scenarios
