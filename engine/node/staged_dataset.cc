#include "engine/node/staged_dataset.h"

#include <fmt/format.h>

#include "engine/base/plant.h"
#include "engine/commands/table.h"
#include "engine/shard/routing.h"
#include "engine/shard/token_set.h"

namespace norn {
namespace {

// Commands or reads between two looks whether others want the executor.
constexpr uint64_t kAppliedAtOnce = 256;

// Lets other fibers run every so many bytes.
class YieldingSource : public persist::ByteSource {
 public:
  YieldingSource(persist::ByteSource& source, env::Executor& executor)
      : source_(source), executor_(executor) {}

  absl::StatusOr<size_t> Read(std::span<char> buf) override {
    executor_.Yield();
    return source_.Read(buf.first(std::min(buf.size(), kBytesAtOnce)));
  }

 private:
  static constexpr size_t kBytesAtOnce = 64 * 1024;

  persist::ByteSource& source_;
  env::Executor& executor_;
};

}  // namespace

StagedDataset::StagedDataset(ExecutorState* const* states) : states_(states) {
  ExecutorState& node = *states[0];
  for (uint32_t i = 0; i < node.shard_count; ++i) {
    keyspaces_.push_back(std::make_unique<Keyspace>(
        KeyspaceOptions{.hash_seed = node.key_map.hash_seed,
                        .prng_seed = node.env.entropy().Next(),
                        .databases = static_cast<uint32_t>(node.options().databases),
                        .slots = node.key_map.slots,
                        .shard_index = i,
                        .shard_count = node.shard_count}));
    keyspaces_.back()->set_access_policy(node.keyspaces[i]->access_policy());
    pointers_.push_back(keyspaces_.back().get());
  }
  state_ = std::make_unique<ExecutorState>(node.env, node.node, 0, node.config, nullptr,
                                           pointers_.data(), node.key_map);
  state_->config.options.maxmemory = 0;  // what was there once fits, or the next write will evict
  runner_.emplace(*state_);
  session_.authenticated = true;
  session_.from_primary = true;
}

persist::RdbReadOptions ReadOptionsOf(const config::Options& options, std::string name) {
  return {.name = std::move(name),
          .verify_checksum = options.rdbchecksum,
          .relaxed_version = options.rdb_version_check == config::RdbVersionCheck::kRelaxed,
          .rules = {.options = options}};
}

absl::StatusOr<StagedDataset::Loaded> StagedDataset::ReadSnapshot(
    persist::ByteSource& source, const persist::RdbReadOptions& read,
    const persist::RdbLoadOptions& load) {
  YieldingSource yielding(source, state_->env.executor());
  persist::RdbLoader loader(pointers_, load);
  persist::RdbReadOptions options = read;
  options.rules.hash_seed = pointers_[0]->hash_seed();
  persist::RdbReader reader(yielding, options);
  if (absl::Status status = reader.Read(loader); !status.ok()) return status;
  return Loaded{.info = loader.info(),
                .keys = loader.keys_loaded(),
                .expired = loader.keys_expired(),
                .bytes = reader.consumed_bytes(),
                .unread = std::string(reader.unread())};
}

absl::Status StagedDataset::Apply(std::span<const std::string_view> words) {
  const Resolved resolved = ResolveCommand(words);
  if (resolved.spec == nullptr || resolved.unknown_subcommand) {
    return absl::InvalidArgumentError(fmt::format("unknown command '{}'", words[0]));
  }
  const CommandSpec& spec = *resolved.spec;
  const int count = static_cast<int>(words.size());
  if ((spec.arity > 0 && count != spec.arity) || count < -spec.arity || spec.handler == nullptr) {
    return absl::InvalidArgumentError(fmt::format("'{}' with {} words", words[0], count));
  }
  CommandRef command{
      .spec = &spec, .words = words.data(), .word_count = static_cast<uint32_t>(words.size())};
  RouteToOneShard(command, state_->view());
  if (NORN_PLANTED("B64")) ReusePlace(command);
  if (applied_++ % kAppliedAtOnce == 0) {
    state_->env.executor().Yield();
    runner_->RestartClock();
  }
  replies_.Clear();
  ReplyWriter reply(replies_, Resp::k2);
  runner_->Run(command, session_, reply);
  if (replies_.view().starts_with('-')) {
    const std::string_view line = replies_.view().substr(1, replies_.view().find('\r') - 1);
    return absl::InvalidArgumentError(fmt::format("'{}' failed: {}", words[0], line));
  }
  return absl::OkStatus();
}

// The planted mistake: until the next SELECT, the place of the first key is taken for that of every key.
void StagedDataset::ReusePlace(CommandRef& command) {
  if (!command.has_first_key_hash) {
    first_place_.reset();
  } else if (first_place_.has_value()) {
    command.shard = first_place_->shard;
    command.first_key_hash = first_place_->first_key_hash;
    command.first_key_slot = first_place_->first_key_slot;
  } else {
    first_place_ = command;
  }
}

void StagedDataset::Adopt(const std::function<void()>& at_swap) {
  TokenSet tokens(state_->env.executor(), states_[0]->shards);
  tokens.Collect(EveryShard(static_cast<uint32_t>(pointers_.size())));
  for (size_t i = 0; i < pointers_.size(); ++i) states_[0]->keyspaces[i]->Adopt(*pointers_[i]);
  at_swap();
}

uint64_t StagedDataset::KeyCount() const {
  uint64_t keys = 0;
  for (const Keyspace* keyspace : pointers_) keys += keyspace->KeyCount();
  return keys;
}

}  // namespace norn
