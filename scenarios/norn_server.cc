#include "scenarios/norn_server.h"

#include <fmt/format.h>

#include "engine/config/config.h"
#include "engine/config/table.h"
#include "engine/config/words.h"
#include "net/node_host.h"

namespace norn::scenarios {
namespace {

// What every simulated node has, before the options of the scenario.
constexpr std::pair<const char*, const char*> kAlways[] = {
    {"protected-mode", "no"},  // clients are on other hosts
    {"bind", "*"},
    {"save", ""},
    {"enable-debug-command", "yes"},  // DEBUG DIGEST
};

absl::Status SetOption(const std::string& name, const std::string& value,
                       config::Options* options) {
  const config::Row* row = config::FindOption(name);
  if (row == nullptr) return absl::InvalidArgumentError("no such option: " + name);
  const bool several = (row->flags & config::kMulti) != 0 && !value.empty();
  const std::vector<std::string> words =
      several ? config::SplitAtBlanks(value) : std::vector<std::string>{value};
  const config::Reason reason = config::Assign(*row, words, *options);
  if (reason.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} = {}: {}", name, value, reason));
}

class NornServer : public Server {
 public:
  NornServer(env::Env& env, const ServerOptions& options) : env_(env), options_(options) {}

  absl::Status Start() override {
    config::Config config;
    for (const auto& [name, value] : kAlways) {
      if (absl::Status s = SetOption(name, value, &config.options); !s.ok()) return s;
    }
    for (const auto& [name, value] : options_) {
      if (absl::Status s = SetOption(name, value, &config.options); !s.ok()) return s;
    }
    config.options.threads = static_cast<int64_t>(env_.executor().Count());
    config.options.port = kServerPort;
    config::Settle(config.options);
    host_ = std::make_unique<net::NodeHost>(env_, std::move(config));
    const absl::Status status = host_->Start();
    started_ = status.ok();
    return status;
  }

  const cluster::Member* member() override {
    return started_ && host_->cluster() != nullptr ? &host_->cluster()->member() : nullptr;
  }

 private:
  env::Env& env_;
  const ServerOptions options_;
  std::unique_ptr<net::NodeHost> host_;
  bool started_ = false;
};

}  // namespace

ServerFactory NornServerFactory() {
  return [](env::Env& env, const ServerOptions& options) {
    return std::make_unique<NornServer>(env, options);
  };
}

absl::Status CheckServerOption(const std::string& name, const std::string& value) {
  config::Options options;
  return SetOption(name, value, &options);
}

}  // namespace norn::scenarios
