#pragma once
// `norn-sim campaign`: the order of the work, the processes that do it, the terminal and the files.

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace norn::scenarios {

struct CampaignArguments {
  std::string program;  // as it was called
  std::vector<std::string> files;
  std::vector<Scenario> scenarios;  // by file
  std::vector<std::string> texts;   // the files' bytes
  uint64_t first_seed = 1;
  uint64_t last_seed = 1;
  uint64_t jobs = 1;
  std::string out;
  double for_s = 0;  // 0: until all is done
  double seed_s_max = 600;
  uint64_t pages = 3;  // of each group of failures
  bool require_cover = false;
  bool fresh = false;
  std::string plant;
};

// The exit code: 0, 1 or 2 (campaign/README.md).
int RunCampaign(const CampaignArguments& arguments);

}  // namespace norn::scenarios
