// norn-sim: plays scenario files. With campaign/campaign_main.cc the only files here that meet the real world: arguments,
// files, processes, the clock on the wall. Seeds of a range are played by worker processes (this program again), so that a crash costs one seed.

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/cover.h"
#include "engine/base/number.h"
#include "engine/base/plant.h"
#include "scenarios/campaign/campaign_command.h"
#include "scenarios/campaign/campaign_state.h"
#include "scenarios/drawn.h"
#include "scenarios/drawn_lines.h"
#include "scenarios/failover_command.h"
#include "scenarios/failover_words.h"
#include "scenarios/minimise.h"
#include "scenarios/norn_server.h"
#include "scenarios/page/run_page.h"
#include "scenarios/plants.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "scenarios/scenario_file.h"
#include "scenarios/trace_diff.h"

extern char** environ;

// jemalloc reads it before main: a world of two thousand nodes is gigabytes that are visited at random, and most of that time went
// into finding small pages.
extern "C" const char* const malloc_conf = "thp:always,metadata_thp:always";

namespace norn::scenarios {
namespace {

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct SeedRange {
  uint64_t first = 1;
  uint64_t last = 1;
  uint64_t count() const { return last - first + 1; }
};

struct Arguments {
  std::string program;
  std::string file;
  std::string seed;
  std::string seeds;
  std::string trace;
  std::string log;
  std::string report;  // the folder of pages
  std::string plant;
  bool first_failure = false;
  bool quiet = false;  // workers say nothing on stderr
  std::string out;
  uint64_t runs_max = 1000;
  uint64_t jobs = 1;
  uint64_t worker_stride = 0;  // not 0: this process is a worker
};

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// This process has used so much of a core.
double CpuNow() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int Usage(const std::string& what) {
  fmt::print(stderr, "norn-sim: {}\n", what);
  return kUsage;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return in.bad() ? std::nullopt : std::optional<std::string>(text.str());
}

// The scenario of the file, with options that the engine takes; prints why not.
std::optional<Scenario> LoadScenario(const std::string& path) {
  const std::optional<std::string> text = ReadFile(path);
  if (!text) {
    fmt::print(stderr, "norn-sim: {}: cannot be read\n", path);
    return std::nullopt;
  }
  const auto scenario = ParseScenario(*text, path);
  if (!scenario.ok()) {
    fmt::print(stderr, "norn-sim: {}\n", std::string(scenario.status().message()));
    return std::nullopt;
  }
  std::vector<OptionChoice> choices = scenario->node.options;
  choices.insert(choices.end(), scenario->node.replica_options.begin(),
                 scenario->node.replica_options.end());
  for (const OptionChoice& choice : choices) {
    for (const std::string& value : choice.values) {
      const absl::Status status = CheckServerOption(choice.name, value);
      if (status.ok()) continue;
      fmt::print(stderr, "norn-sim: {}:{}: node.options: {}\n", path, choice.line,
                 std::string(status.message()));
      return std::nullopt;
    }
  }
  return *scenario;
}

std::optional<SeedRange> ParseSeeds(const Arguments& arguments) {
  if (!arguments.seed.empty()) {
    const std::optional<uint64_t> seed = ParseUint64(arguments.seed);
    if (!seed) return std::nullopt;
    return SeedRange{*seed, *seed};
  }
  if (arguments.seeds.empty()) return SeedRange{1, 1};
  const size_t dots = arguments.seeds.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const std::optional<uint64_t> first = ParseUint64(arguments.seeds.substr(0, dots));
  const std::optional<uint64_t> last = ParseUint64(arguments.seeds.substr(dots + 2));
  if (!first || !last || *first > *last || *last == UINT64_MAX) return std::nullopt;
  return SeedRange{*first, *last};
}

// ---- one process ----

struct Played {
  std::string line;
  uint64_t hash = 0;
  Totals totals;
};

Played PlaySeed(const Scenario& scenario, const Arguments& arguments, const RunOptions& options) {
  const double begun = Now();
  const RunResult result = RunScenario(scenario, NornServerFactory(), options);
  const double wall_s = Now() - begun;
  if (!result.passed()) {
    fmt::print(stderr, "{}", FailureText(result, arguments.program, arguments.file));
  }
  return {ResultLine(result, wall_s), result.hash, Totals::Of(result, wall_s)};
}

bool WriteText(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  return static_cast<bool>(out);
}

// What may be part of a file's name.
std::string FileNameOf(std::string text) {
  const auto bad = [](char c) {
    return !std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.';
  };
  std::replace_if(text.begin(), text.end(), bad, '_');
  return text;
}

// The seed once more, watched this time. Prints where its page is, or why there is none. `hash`: of the first time; nullopt:
// there was none. Returns its name in the folder, or "".
std::string WritePage(const Scenario& scenario, const Arguments& arguments, uint64_t seed,
                      std::optional<uint64_t> hash) {
  Timeline timeline;
  RunOptions options;
  options.seed = seed;
  options.timeline = &timeline;
  const RunResult result = RunScenario(scenario, NornServerFactory(), options);
  CHECK(!hash || result.hash == *hash);  // who is watched does the same
  const std::string name = fmt::format("{}-{}.html", FileNameOf(scenario.name), seed);
  const std::string path = (std::filesystem::path(arguments.report) / name).string();
  const std::string command =
      fmt::format("{} run {} --seed {}{}", arguments.program, arguments.file, seed,
                  arguments.plant.empty() ? "" : " --plant " + arguments.plant);
  std::error_code ignored;
  std::filesystem::create_directories(arguments.report, ignored);
  if (!WriteText(path, RunPage(timeline, scenario, result, command))) {
    fmt::print(stderr, "norn-sim: {}: cannot be written\n", path);
    return "";
  }
  fmt::print(stderr, "  page: {}\n", path);
  return name;
}

// Every `stride`-th seed of the range, each with a line for people and one for the parent.
int Work(const Scenario& scenario, const Arguments& arguments, const SeedRange& seeds) {
  for (uint64_t seed = seeds.first; seed <= seeds.last; seed += arguments.worker_stride) {
    RunOptions options;
    options.seed = seed;
    const Played played = PlaySeed(scenario, arguments, options);
    if (!arguments.report.empty() && played.totals.passes == 0) {
      WritePage(scenario, arguments, seed, played.hash);
    }
    fmt::print("{}\n{}\n", played.line, played.totals.Encode());
    std::fflush(stdout);
  }
  return kPassed;
}

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Seeds here and now; with a trace or a log if asked for (then it is one seed).
int PlayAlone(const Scenario& scenario, const Arguments& arguments, uint64_t seed, Totals* totals) {
  RunOptions options;
  options.seed = seed;
  FilePointer trace(nullptr, &std::fclose);
  if (!arguments.trace.empty()) {
    trace.reset(std::fopen(arguments.trace.c_str(), "w"));
    if (trace == nullptr) return Usage(arguments.trace + ": cannot be written");
    options.trace = [&trace](std::string_view line) {
      std::fwrite(line.data(), 1, line.size(), trace.get());
      std::fputc('\n', trace.get());
    };
  }
  FilePointer log(nullptr, &std::fclose);
  if (!arguments.log.empty()) {
    log.reset(std::fopen(arguments.log.c_str(), "w"));
    if (log == nullptr) return Usage(arguments.log + ": cannot be written");
    options.log = [&log](std::string_view line) {
      std::fwrite(line.data(), 1, line.size(), log.get());
      std::fputc('\n', log.get());
    };
  }
  const Played played = PlaySeed(scenario, arguments, options);
  fmt::print("{}\n", played.line);
  std::fflush(stdout);
  totals->Add(played.totals);
  if (!arguments.report.empty()) WritePage(scenario, arguments, seed, played.hash);
  return played.totals.passes == 1 ? kPassed : kFailed;
}

// ---- many processes ----

// This program as a worker on every stride-th seed from `first`; its standard output is read here.
class Worker {
 public:
  bool Start(const Arguments& arguments, uint64_t first, uint64_t last, uint64_t stride) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<std::string> words = {arguments.program,
                                      "run",
                                      arguments.file,
                                      "--seeds",
                                      fmt::format("{}..{}", first, last),
                                      "--worker",
                                      std::to_string(stride)};
    if (!arguments.report.empty()) words.insert(words.end(), {"--report", arguments.report});
    if (!arguments.plant.empty()) words.insert(words.end(), {"--plant", arguments.plant});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (arguments.quiet) {
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    const int error =
        ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_.reset(::fdopen(ends[0], "r"));
    return error == 0 && out_ != nullptr;
  }

  // A line without its end; false when the worker has ended.
  bool ReadLine(std::string* line) {
    line->clear();
    for (int c = std::fgetc(out_.get()); c != EOF; c = std::fgetc(out_.get())) {
      if (c == '\n') return true;
      *line += static_cast<char>(c);
    }
    return false;
  }

  // Nobody wants to know the rest.
  void Kill() { ::kill(pid_, SIGKILL); }

  // Waits for its end; what it died of, or "".
  std::string Finish() {
    out_.reset();
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) return "lost";
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return WEXITSTATUS(status) == kPassed ? "" : fmt::format("exit code {}", WEXITSTATUS(status));
  }

 private:
  pid_t pid_ = -1;
  FilePointer out_{nullptr, &std::fclose};
};

class Progress {
 public:
  explicit Progress(uint64_t total) : total_(total), on_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() { Clear(); }

  void Show(const Totals& totals) {
    if (!on_ || Now() - shown_at_ < 0.1) return;
    shown_at_ = Now();
    constexpr uint64_t kWidth = 40;
    const uint64_t filled = total_ == 0 ? 0 : kWidth * totals.runs / total_;
    fmt::print(stderr, "\r[{:<{}}] {}/{} seeds, {} failed ", std::string(filled, '='), kWidth,
               totals.runs, total_, totals.runs - totals.passes);
    std::fflush(stderr);
  }
  // Before other lines are printed.
  void Clear() {
    if (on_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const uint64_t total_;
  const bool on_;
  double shown_at_ = 0;
};

class Crew {
 public:
  Crew(const Arguments& arguments, const SeedRange& seeds)
      : arguments_(arguments),
        seeds_(seeds),
        workers_(std::min(std::max<uint64_t>(arguments.jobs, 1), seeds.count())),
        progress_(seeds.count()) {}

  // Lines come out in the order of the seeds, whoever played them.
  bool Play(Totals* totals) {
    for (uint64_t i = 0; i < workers_.size(); ++i) {
      if (!StartFrom(i, seeds_.first + i)) return false;
    }
    for (uint64_t seed = seeds_.first; seed <= seeds_.last; ++seed) {
      if (!Collect(seed, totals)) return false;
      progress_.Show(*totals);
      if (arguments_.first_failure && totals->passes < totals->runs) break;
    }
    if (totals->runs < seeds_.count()) {
      for (Worker& worker : workers_) worker.Kill();
    }
    for (Worker& worker : workers_) worker.Finish();
    return true;
  }

 private:
  bool StartFrom(uint64_t index, uint64_t seed) {
    workers_[index] = Worker();
    return workers_[index].Start(arguments_, seed, seeds_.last, workers_.size());
  }

  bool Collect(uint64_t seed, Totals* totals) {
    const uint64_t index = (seed - seeds_.first) % workers_.size();
    std::string line, sums;
    Totals one;
    const bool whole = workers_[index].ReadLine(&line) && workers_[index].ReadLine(&sums);
    if (whole && one.Decode(sums)) {
      Print(line);
      totals->Add(one);
      return true;
    }
    const std::string died_of = workers_[index].Finish();
    RunResult crashed;
    crashed.seed = seed;
    crashed.failed_check = "crash";
    crashed.message = "the process that played it ended: " + died_of;
    Print(ResultLine(crashed, 0));
    fmt::print(stderr, "{}", FailureText(crashed, arguments_.program, arguments_.file));
    totals->Add(Totals::Of(crashed, 0));
    const uint64_t next = seed + workers_.size();
    return next > seeds_.last || StartFrom(index, next);
  }

  void Print(const std::string& line) {
    progress_.Clear();
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }

  const Arguments& arguments_;
  const SeedRange seeds_;
  std::vector<Worker> workers_;
  Progress progress_;
};

// The mistake that the engine is to make in this process; says why it cannot.
bool Plant(const std::string& id) {
  if (id.empty()) return true;
  const size_t index = FindPlant(id);
  std::string why;
  if (index == kPlants.size()) why = fmt::format("--plant {}: no such mistake", id);
  if (!kPlantsCompiledIn)
    why = "--plant: this build has no planted mistakes; the preset `plants` has";
  if (why.empty()) {
    ChoosePlant(index);
    return true;
  }
  std::string ids;
  for (const PlantRow& row : kPlants) ids += (ids.empty() ? "" : ", ") + std::string(row.id);
  Usage(fmt::format("{} (known: {})", why, ids));
  return false;
}

// A line a mistake: id, checks, scenario, first seed, summary; tabs between, for ci/plants.
int PlantsCommand() {
  for (const PlantStory& story : kPlantStories) {
    fmt::print("{}\t{}\t{}\t{}\t{}\n", story.id, story.checks,
               story.scenario.empty() ? "-" : story.scenario, story.first_seed,
               kPlants[FindPlant(story.id)].summary);
  }
  return kPassed;
}

int RunCommand(const Arguments& arguments) {
  std::optional<SeedRange> seeds = ParseSeeds(arguments);
  if (!seeds) return Usage("a seed is a whole number, --seeds takes FIRST..LAST");
  const bool one = seeds->count() == 1;
  if (!one && !(arguments.trace.empty() && arguments.log.empty())) {
    return Usage("--trace and --log go with a single seed");
  }
  if (!arguments.report.empty() && !HasPages()) {
    return Usage("--report: this build has no pages; install node-d3 and build again (ci/install)");
  }
  if (!Plant(arguments.plant)) return kUsage;
  const std::optional<Scenario> scenario = LoadScenario(arguments.file);
  if (!scenario) return kUsage;
  if (arguments.seed.empty() && arguments.seeds.empty()) {
    seeds->first = seeds->last = static_cast<uint64_t>(scenario->seed);
  }
  if (arguments.worker_stride != 0) return Work(*scenario, arguments, *seeds);
  const double begun = Now();
  Totals totals;
  if (one) {
    if (PlayAlone(*scenario, arguments, seeds->first, &totals) == kUsage) return kUsage;
  } else if (!Crew(arguments, *seeds).Play(&totals)) {
    return Usage("cannot start a worker process");
  }
  fmt::print(stderr, "{}", Summary(*scenario, totals, Now() - begun));
  bool passed = totals.passes == totals.runs;
  if (totals.runs >= kSeedsOfRecord) {
    for (const std::string& idler : Idlers(*scenario, totals)) {
      fmt::print(stderr, "  FAIL: {} in {} runs\n", idler, totals.runs);
      passed = false;
    }
  }
  return passed ? kPassed : kFailed;
}

// ---- campaigns ----

std::optional<std::vector<Scenario>> LoadScenarios(const std::vector<std::string>& files) {
  std::vector<Scenario> scenarios;
  for (const std::string& file : files) {
    std::optional<Scenario> scenario = LoadScenario(file);
    if (!scenario) return std::nullopt;
    scenarios.push_back(*std::move(scenario));
  }
  return scenarios;
}

int CampaignCommand(CampaignArguments campaign, const Arguments& arguments) {
  const std::optional<SeedRange> seeds = ParseSeeds(arguments);
  if (!seeds) return Usage("--seeds takes FIRST..LAST");
  if (!Plant(arguments.plant)) return kUsage;
  auto scenarios = LoadScenarios(campaign.files);
  if (!scenarios) return kUsage;
  campaign.scenarios = *std::move(scenarios);
  for (const std::string& file : campaign.files) campaign.texts.push_back(*ReadFile(file));
  campaign.program = arguments.program;
  campaign.first_seed = seeds->first;
  campaign.last_seed = seeds->last;
  campaign.jobs = arguments.jobs;
  campaign.plant = arguments.plant;
  return RunCampaign(campaign);
}

// A worker of a campaign: "FILE-NUMBER SEED run|page" on stdin, a line for each on stdout.
int WorkCommand(const std::vector<std::string>& files, Arguments arguments) {
  if (!Plant(arguments.plant)) return kUsage;
  const auto scenarios = LoadScenarios(files);
  if (!scenarios) return kUsage;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    size_t story = 0;
    std::string what;
    RunOptions options;
    words >> story >> options.seed >> what;
    if (!words || story >= files.size()) return Usage("work: not understood: " + line);
    const Scenario& scenario = (*scenarios)[story];
    arguments.file = files[story];
    if (what == "page") {
      fmt::print("{}\n", WritePage(scenario, arguments, options.seed, std::nullopt));
    } else {
      const double begun = CpuNow();
      const RunResult result = RunScenario(scenario, NornServerFactory(), options);
      fmt::print("{}", CampaignState::Line({.story = story,
                                            .seed = options.seed,
                                            .totals = Totals::Of(result, CpuNow() - begun),
                                            .check = result.failed_check,
                                            .message = result.message}));
    }
    std::fflush(stdout);
  }
  return kPassed;
}

// The scenario of the file with the seed that was asked for, or its own.
std::optional<Scenario> LoadForSeed(const Arguments& arguments) {
  std::optional<Scenario> scenario = LoadScenario(arguments.file);
  if (!scenario || arguments.seed.empty()) return scenario;
  const std::optional<int64_t> seed = ParseInt64(arguments.seed);
  if (!seed || *seed < 0) {
    Usage("a seed is a whole number");
    return std::nullopt;
  }
  scenario->seed = *seed;
  return scenario;
}

int PlanCommand(const Arguments& arguments) {
  std::optional<Scenario> scenario = LoadForSeed(arguments);
  if (!scenario) return kUsage;
  scenario->plan = Draw(*scenario, static_cast<uint64_t>(scenario->seed)).plan;
  fmt::print("{}", ScenarioText(*scenario));
  return kPassed;
}

// Plays candidates of the minimiser, each in a process of its own: some of them crash.
class CandidatePlayer {
 public:
  explicit CandidatePlayer(const Arguments& arguments) : arguments_(arguments) {
    arguments_.quiet = true;
    arguments_.file =
        (std::filesystem::temp_directory_path() / fmt::format("norn-sim-{}.toml", ::getpid()))
            .string();
  }
  ~CandidatePlayer() {
    std::error_code ignored;
    std::filesystem::remove(arguments_.file, ignored);
  }

  std::string Play(const Scenario& scenario) {
    if (!WriteText(arguments_.file, ScenarioText(scenario))) return "";
    Worker worker;
    const auto seed = static_cast<uint64_t>(scenario.seed);
    if (!worker.Start(arguments_, seed, seed, 1)) return "";
    std::string line;
    const bool whole = worker.ReadLine(&line);
    const std::string died_of = worker.Finish();
    if (!whole)
      return died_of.starts_with("signal") ? "crash" : "";  // a refused file is no failure
    constexpr std::string_view kMark = "check=";
    const size_t at = line.find(kMark);
    if (at == std::string::npos) return "";
    const size_t from = at + kMark.size();
    return line.substr(from, line.find(' ', from) - from);
  }

 private:
  Arguments arguments_;
};

int MinimiseCommand(const Arguments& arguments) {
  const std::optional<Scenario> scenario = LoadForSeed(arguments);
  if (!scenario) return kUsage;
  if (!Plant(arguments.plant)) return kUsage;
  CandidatePlayer player(arguments);
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto progress = [terminal](const MinimiseProgress& now) {
    if (!terminal) return;
    fmt::print(stderr, "\r\x1b[K{} runs, {} faults left; trying without {}", now.runs, now.faults,
               now.trying);
    std::fflush(stderr);
  };
  const double begun = Now();
  const MinimiseResult result = Minimise(
      *scenario, arguments.runs_max, [&](const Scenario& s) { return player.Play(s); }, progress);
  if (terminal) fmt::print(stderr, "\r\x1b[K");
  if (result.check.empty()) {
    fmt::print(stderr, "norn-sim: seed {} of {} passes, there is nothing to minimise\n",
               scenario->seed, arguments.file);
    return kFailed;
  }
  const std::string text = ScenarioText(result.scenario);
  if (arguments.out.empty()) {
    fmt::print("{}", text);
  } else if (!WriteText(arguments.out, text)) {
    return Usage(arguments.out + ": cannot be written");
  }
  fmt::print(stderr, "check={}: {} faults left after {} runs in {:.1f} s\n", result.check,
             result.scenario.plan->size(), result.runs, Now() - begun);
  return kPassed;
}

int ListCommand(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
  }
  if (error) return Usage(folder + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const std::optional<Scenario> scenario = LoadScenario(path);
    if (!scenario) return kUsage;
    fmt::print("{:<44} {:<20} {}\n", path, scenario->name, scenario->description);
  }
  return kPassed;
}

int DiffCommand(const std::string& path_a, const std::string& path_b) {
  std::ifstream a(path_a), b(path_b);
  if (!a) return Usage(path_a + ": cannot be read");
  if (!b) return Usage(path_b + ": cannot be read");
  const auto lines = [](std::ifstream& in) {
    return [&in](std::string* line) { return static_cast<bool>(std::getline(in, *line)); };
  };
  const std::optional<TraceDifference> difference = FirstDifference(lines(a), lines(b));
  if (!difference) {
    fmt::print("no difference\n");
    return kPassed;
  }
  fmt::print("first difference: event {}\n", difference->event);
  for (const std::string& line : difference->before) fmt::print("  both  {}\n", line);
  fmt::print("  {}: {}\n  {}: {}\n", path_a, difference->a, path_b, difference->b);
  return kFailed;
}

int HelpCommand(const CLI::App& app, const std::string& topic) {
  if (topic.empty()) {
    // App::help would tell of `help` only: that is the subcommand that was parsed.
    fmt::print("{}", app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::All));
    return kPassed;
  }
  if (topic != "scenario") return Usage("help knows one topic: scenario");
  fmt::print("{}", ScenarioHelp());
  return kPassed;
}

CLI::App* AddCampaign(CLI::App& app, CampaignArguments& campaign, Arguments& arguments) {
  CLI::App* many = app.add_subcommand(
      "campaign", "play many seeds of many scenarios; goes on where it was ended");
  many->add_option("FILE", campaign.files, "scenario files, which take turns")->required();
  many->add_option("--seeds", arguments.seeds, "FIRST..LAST, of each file")->required();
  many->add_option("--out", campaign.out, "the folder of its state, result.json and index.html")
      ->required();
  many->add_option("--jobs", arguments.jobs, "worker processes (default 1)")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1024}));
  many->add_option("--for", campaign.for_s, "end after this time: 90s, 30m, 8h (default: never)")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}));
  many->add_option("--seed-limit", campaign.seed_s_max,
                   "a seed that takes longer has failed (default 600s)")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}));
  many->add_option("--pages", campaign.pages, "pages for each group of failures (default 3)");
  many->add_flag("--require-cover", campaign.require_cover,
                 "fail when a mark of engine/base/cover.h was never passed");
  many->add_flag("--fresh", campaign.fresh, "forget what is finished in --out, and begin anew");
  many->add_option("--plant", arguments.plant, "as for run");
  return many;
}

int PlayFailover(const FailoverWords& words, const Arguments& arguments) {
  const std::optional<SeedRange> seeds = ParseSeeds(arguments);
  if (!seeds) return Usage("--seeds takes FIRST..LAST");
  if (!Plant(arguments.plant)) return kUsage;
  FailoverCommand command = words.Command();
  command.first_seed = seeds->first;
  command.last_seed = seeds->last;
  const bool passed = RunFailoverCommand(command);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  fmt::print("{:.1f} s of a core, at most {:.2f} GiB of memory\n",
             seconds(usage.ru_utime) + seconds(usage.ru_stime),
             static_cast<double>(usage.ru_maxrss) / (1024 * 1024));
  return passed ? kPassed : kFailed;
}

int Main(int argc, char** argv) {
  CLI::App app("Plays scenario files: a norn node, its clients and its hardships in virtual time.",
               "norn-sim");
  app.require_subcommand(1);
  Arguments arguments;
  arguments.program = argv[0];
  CLI::App* run = app.add_subcommand("run", "play a scenario; one line on stdout for each seed");
  run->add_option("FILE", arguments.file, "the scenario file")->required();
  CLI::Option* seed = run->add_option("--seed", arguments.seed, "play this seed (default 1)");
  run->add_option("--seeds", arguments.seeds, "play seeds FIRST..LAST")->excludes(seed);
  run->add_option("--jobs", arguments.jobs, "worker processes for --seeds")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1024}));
  run->add_option("--trace", arguments.trace, "write every event of the seed to this file");
  run->add_option("--log", arguments.log, "write the nodes' log lines to this file");
  run->add_option("--report", arguments.report,
                  "write a page that shows the run into this folder; with --seeds one for each "
                  "seed that fails");
  run->add_option("--plant", arguments.plant,
                  "make the engine commit this mistake (build `plants`; see `norn-sim plants`)");
  run->add_flag("--first-failure", arguments.first_failure, "stop --seeds at the first that fails");
  run->add_option("--worker", arguments.worker_stride)->group("");
  CLI::App* plan = app.add_subcommand(
      "plan", "print the scenario with the faults that a seed draws, to read, edit and run");
  plan->add_option("FILE", arguments.file, "the scenario file")->required();
  plan->add_option("--seed", arguments.seed, "of this seed (default: the file's, or 1)");
  CLI::App* minimise = app.add_subcommand(
      "minimise", "make a failing run smaller: faults, options, nodes, clients, commands, time");
  minimise->add_option("FILE", arguments.file, "the scenario file")->required();
  minimise->add_option("--seed", arguments.seed, "the seed that fails (default: the file's, or 1)");
  minimise->add_option("--out", arguments.out, "where the small scenario goes (default: stdout)");
  minimise->add_option("--runs", arguments.runs_max, "runs to spend (default 1000)");
  minimise->add_option("--plant", arguments.plant, "as for run");
  std::string folder = "scenarios", topic;
  CLI::App* list = app.add_subcommand("list", "name the scenarios of a folder and those below it");
  list->add_option("FOLDER", folder, "where to look (default: scenarios)");
  std::string trace_a, trace_b;
  CLI::App* diff = app.add_subcommand("diff", "the first event in which two traces differ");
  diff->add_option("TRACE_A", trace_a)->required();
  diff->add_option("TRACE_B", trace_b)->required();
  CLI::App* plants = app.add_subcommand("plants", "the planted mistakes, each with its scenario");
  CampaignArguments campaign;
  CLI::App* many = AddCampaign(app, campaign, arguments);
  CLI::App* work = app.add_subcommand("work", "a worker of a campaign")->group("");
  work->add_option("--report", arguments.report);
  work->add_option("--plant", arguments.plant);
  work->add_option("FILE", campaign.files);
  FailoverWords failover;
  CLI::App* fail = failover.AddTo(app, arguments.seeds, arguments.plant);
  DrawnLines drawn;
  CLI::App* lines = drawn.AddTo(app);
  CLI::App* help = app.add_subcommand("help", "this, or the vocabulary of scenario files");
  help->add_option("TOPIC", topic, "scenario");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kPassed : kUsage;
  }
  CountCover();  // the engine runs in this thread only
  if (run->parsed()) return RunCommand(arguments);
  if (many->parsed()) return CampaignCommand(std::move(campaign), arguments);
  if (work->parsed()) return WorkCommand(campaign.files, std::move(arguments));
  if (plan->parsed()) return PlanCommand(arguments);
  if (minimise->parsed()) return MinimiseCommand(arguments);
  if (list->parsed()) return ListCommand(folder);
  if (diff->parsed()) return DiffCommand(trace_a, trace_b);
  if (plants->parsed()) return PlantsCommand();
  if (fail->parsed()) return PlayFailover(failover, arguments);
  if (lines->parsed()) return drawn.Print();
  return HelpCommand(app, topic);
}

}  // namespace
}  // namespace norn::scenarios

int main(int argc, char** argv) { return norn::scenarios::Main(argc, argv); }
