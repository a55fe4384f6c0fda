#pragma once
// The check `exact_model`: with one client and no faults there is one order, and each reply is the model's, byte for
// byte. Where a key may just have expired the model follows both possibilities until a reply tells.
//
// Requires: history.lone_client, no crash. An operation without a reply is a failure here.

#include <cstdint>
#include <string>

#include "scenarios/history.h"
#include "scenarios/model.h"

namespace norn::scenarios {

struct ExactModelReport {
  uint64_t examined = 0;  // replies compared
  std::string message;    // of the first that differs; empty: none
};

ExactModelReport CheckExactModel(const History& history, const KeyUniverse& universe,
                                 const ClockError& clock);

}  // namespace norn::scenarios
