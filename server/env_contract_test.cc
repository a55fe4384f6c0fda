// The real world passes the contract that the simulated one passes.

#include "engine/env/env_contract.h"

#include "server/real_env.h"
#include "server/temp_dir_test.h"

namespace norn::server {
namespace {

class RealContractWorld : public env::ContractWorld {
 public:
  int Run(size_t executors, std::function<void(env::Env&)> start) override {
    RealEnvOptions options;
    options.executors = executors;
    options.stack_bytes = 256 * 1024;
    RealEnv env(options);
    return env.Run(std::move(start));
  }
  std::string Directory() override { return dir_.path(); }
  std::string ListenAddress() override { return "127.0.0.1:0"; }

 private:
  TempDir dir_;
};

// The same claims over Unix sockets.
class UnixContractWorld : public RealContractWorld {
 public:
  std::string ListenAddress() override {
    return "unix:" + sockets_.path() + "/" + std::to_string(made_++);
  }

 private:
  TempDir sockets_;
  int made_ = 0;
};

std::unique_ptr<env::ContractWorld> MakeReal() { return std::make_unique<RealContractWorld>(); }
std::unique_ptr<env::ContractWorld> MakeUnix() { return std::make_unique<UnixContractWorld>(); }

}  // namespace
}  // namespace norn::server

namespace norn::env {

INSTANTIATE_TEST_SUITE_P(Real, EnvContract, ::testing::Values(&server::MakeReal));
INSTANTIATE_TEST_SUITE_P(RealUnix, EnvContract, ::testing::Values(&server::MakeUnix));

}  // namespace norn::env
