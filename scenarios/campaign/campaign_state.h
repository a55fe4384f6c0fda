#pragma once
// What a campaign has finished, so that it can go on after it was ended at any moment: one line for each seed, appended when the
// seed is finished. A line that was cut off counts as not written.

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/report.h"

namespace norn::scenarios {

// One finished seed.
struct FinishedRun {
  size_t story = 0;  // index of the scenario file
  uint64_t seed = 0;
  Totals totals = {};
  std::string check = {};  // "": passed
  std::string message = {};
  bool operator==(const FinishedRun& other) const {
    return story == other.story && seed == other.seed && check == other.check &&
           message == other.message;
  }
};

// What the results are results of.
struct CampaignIdentity {
  uint64_t program = 0;  // hash of norn-sim
  std::vector<std::string> files;
  std::vector<uint64_t> hashes;  // of their bytes
  std::string plant = {};
  bool operator==(const CampaignIdentity&) const = default;
};

class CampaignState {
 public:
  explicit CampaignState(CampaignIdentity identity) : identity_(std::move(identity)) {}

  // The text of a state file, from its beginning. `whole_bytes`: how much of it was whole lines; what is behind them goes.
  // FailedPrecondition: it is of another build, or of other scenarios. DataLoss: it is no state file.
  absl::Status Load(std::string_view text, size_t* whole_bytes);
  // What a state file begins with.
  std::string Header() const;
  // The line of a run, with its newline.
  static std::string Line(const FinishedRun& run);
  // The line of a page that was written for a run.
  static std::string PageLine(size_t story, uint64_t seed, std::string_view page);

  void Add(FinishedRun run);
  void AddPage(size_t story, uint64_t seed, std::string page);
  bool IsFinished(size_t story, uint64_t seed) const { return index_.contains({story, seed}); }
  // "": none.
  std::string PageOf(size_t story, uint64_t seed) const;
  const std::vector<FinishedRun>& runs() const { return runs_; }
  const CampaignIdentity& identity() const { return identity_; }

 private:
  bool TakeLine(std::string_view line);

  CampaignIdentity identity_;
  std::vector<FinishedRun> runs_;
  std::map<std::pair<size_t, uint64_t>, size_t> index_;
  std::map<std::pair<size_t, uint64_t>, std::string> pages_;
};

// Text in one line without tabs, and back.
std::string EscapeLine(std::string_view text);
std::string UnescapeLine(std::string_view line);

}  // namespace norn::scenarios
