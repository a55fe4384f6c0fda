#pragma once
// What the finished runs of a campaign say together: sums for each story, failures grouped by check and cause, marks that were
// never passed; as text for a terminal, as JSON for tools and as a page with links.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/campaign/campaign_state.h"
#include "scenarios/scenario.h"

namespace norn::scenarios {

// The first line of a failure's words without what differs from run to run: numbers become <n>, names of nodes <id>.
std::string CauseOf(std::string_view message);

struct FailureGroup {
  std::string check;
  std::string cause;
  std::vector<const FinishedRun*> runs;  // in the order in which they were finished
};

struct CampaignSummary {
  // `scenarios`: by story. Both outlive this.
  CampaignSummary(const CampaignState& state, const std::vector<Scenario>& scenarios);

  const CampaignState& state;
  const std::vector<Scenario>& scenarios;
  Totals all;
  std::vector<Totals> stories;
  std::vector<FailureGroup> groups;    // the biggest first
  std::vector<std::string> idlers;     // of stories with enough seeds to be of record
  std::vector<const CoverRow*> never;  // marks that no run passed
  uint64_t failed() const { return all.runs - all.passes; }
};

// How long and how this time; the rest is in the state.
struct CampaignSession {
  double elapsed_s = 0;
  uint64_t runs = 0;  // finished in that time
  std::string program = "norn-sim";
  bool complete = true;  // no seed is left
};

// The command that plays the run again.
std::string CommandOf(const CampaignSummary& summary, const CampaignSession& session,
                      const FinishedRun& run);
std::string CampaignText(const CampaignSummary& summary, const CampaignSession& session);
std::string CampaignJson(const CampaignSummary& summary, const CampaignSession& session);
std::string CampaignPage(const CampaignSummary& summary, const CampaignSession& session);

}  // namespace norn::scenarios
