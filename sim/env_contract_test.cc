// The simulated world keeps the contract of engine/env, whatever the seed and the schedule.

#include "engine/env/env_contract.h"

#include "sim/world.h"

namespace norn::sim {
namespace {

class SimContractWorld : public env::ContractWorld {
 public:
  SimContractWorld(uint64_t seed, SchedulePolicy policy) : world_({.seed = seed}) {
    options_.executors.policy = policy;
  }

  int Run(size_t executors, std::function<void(env::Env&)> start) override {
    options_.executors.executors = executors;
    options_.executors.stack_bytes = 512 * 1024;
    Node* node = world_.AddNode(options_);
    world_.Start(node, std::move(start));
    world_.RunUntil([&] { return node->state() == NodeState::kDown; },
                    Instant{0} + Duration::Seconds(3600));
    return node->exit_code().value_or(-1);
  }

  std::string Directory() override { return "."; }
  std::string ListenAddress() override { return "127.0.0.1:0"; }

 private:
  World world_;
  NodeOptions options_;
};

template <uint64_t kSeed, SchedulePolicy kPolicy>
std::unique_ptr<env::ContractWorld> Make() {
  return std::make_unique<SimContractWorld>(kSeed, kPolicy);
}

}  // namespace
}  // namespace norn::sim

namespace norn::env {

INSTANTIATE_TEST_SUITE_P(Sim, EnvContract,
                         ::testing::Values(&sim::Make<1, sim::SchedulePolicy::kRandom>,
                                           &sim::Make<2, sim::SchedulePolicy::kRandom>,
                                           &sim::Make<3, sim::SchedulePolicy::kRandom>,
                                           &sim::Make<4, sim::SchedulePolicy::kPct>,
                                           &sim::Make<5, sim::SchedulePolicy::kPct>));

}  // namespace norn::env
