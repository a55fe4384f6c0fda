#include "scenarios/exact_model.h"

#include <algorithm>

#include "scenarios/actions.h"

namespace norn::scenarios {
namespace {

// The states after `action`, from any of `states`, each once.
std::vector<ModelDb> Advance(const std::vector<ModelDb>& states, const Action& action,
                             const ClockError& clock) {
  std::vector<ModelDb> after;
  std::vector<ModelDb> outcomes;
  for (const ModelDb& state : states) {
    Outcomes(state, action, clock, &outcomes);
    for (ModelDb& outcome : outcomes) {
      if (std::find(after.begin(), after.end(), outcome) == after.end()) {
        after.push_back(std::move(outcome));
      }
    }
  }
  return after;
}

// "Away at some instant since the iteration began" says nothing about the state at its end.
bool SpansAnIteration(const Action& action) {
  return action.operation->kind == OperationKind::kScan &&
         action.window.earliest_ns != action.operation->invoke_ns;
}

// What the model would have answered, for the report.
std::string Wanted(const ModelDb& state, const Action& action, const ClockError& clock) {
  if (action.kind != Action::Kind::kReply || action.operation->kind != OperationKind::kCommand) {
    return "";
  }
  ModelDb copy = state;
  const ModelReply reply = ApplyCommand(copy, action.operation->commands[0], action.operation->resp,
                                        action.window, clock);
  if (!reply.bytes.empty()) return "; the model answers " + reply.bytes;
  return "; the model answers " + std::to_string(reply.low) + " to " + std::to_string(reply.high);
}

}  // namespace

ExactModelReport CheckExactModel(const History& history, const KeyUniverse& universe,
                                 const ClockError& clock) {
  ExactModelReport report;
  const Partitioned partitioned = MakePartitions(history, universe);
  if (!partitioned.impossible.empty()) {
    report.message = partitioned.impossible.front();
    return report;
  }
  for (const Operation& operation : history.operations) {
    if (operation.known()) continue;
    report.message = "no reply: " + Describe(operation);
    return report;
  }
  for (const Partition& partition : partitioned.partitions) {
    std::vector<ModelDb> states(1);
    for (const Action& action : partition.actions) {
      if (SpansAnIteration(action)) continue;
      std::vector<ModelDb> after = Advance(states, action, clock);
      ++report.examined;
      if (after.empty()) {
        report.message = Describe(*action.operation) + Wanted(states.front(), action, clock);
        return report;
      }
      states = std::move(after);
    }
  }
  return report;
}

}  // namespace norn::scenarios
