#include "engine/config/config.h"

#include "engine/base/check.h"
#include "engine/base/glob.h"
#include "engine/config/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>

namespace norn::config {
namespace {

constexpr int64_t kHzMin = 1;
constexpr int64_t kHzMax = 500;

struct Initializer {
  Options& options;
  void operator()(const BoolKind& kind) const { options.*kind.field = kind.initial; }
  void operator()(const IntKind& kind) const { options.*kind.field = kind.initial; }
  void operator()(const UintKind& kind) const { options.*kind.field = kind.initial; }
  void operator()(const TextKind& kind) const { options.*kind.field = kind.initial; }
  void operator()(const EnumKind& kind) const { kind.store(options, kind.initial); }
  void operator()(const SpecialKind& kind) const {
    if (kind.initial.empty()) return;
    const Reason reason = kind.set(options, SplitAtBlanks(kind.initial), false);
    CHECK_MSG(reason.empty(), reason);
  }
};

// One "name value" of a CONFIG SET, found in the table.
struct Request {
  const Row* row;
  std::string name;  // in lower case, an alias where the client used one
  std::string_view value;
};

// What CONFIG SET may not touch now; empty: nothing speaks against it.
std::string_view Forbidden(const Row& row, const Options& options, SetContext context) {
  if (row.Has(kFixed)) return "can't set immutable config";
  if (!row.Has(kProtected)) return {};
  const ProtectedAction who = options.enable_protected_configs;
  const bool allowed =
      who == ProtectedAction::kYes || (who == ProtectedAction::kLocal && context.local_client);
  return allowed ? "" : "can't set protected config";
}

// Valkey: an alias beside its name is not a duplicate; the later one wins.
bool Repeats(const std::vector<Request>& requests, const std::string& name) {
  return std::any_of(requests.begin(), requests.end(),
                     [&](const Request& request) { return request.name == name; });
}

absl::StatusOr<std::vector<Request>> FindAll(const Config& config,
                                             std::span<const std::string_view> pairs,
                                             SetContext context) {
  std::vector<Request> requests;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const std::string_view name = pairs[i];
    const Row* row = FindOption(name);
    if (row == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("Unknown option or number of arguments for CONFIG SET - '{}'", name));
    }
    const std::string_view forbidden = Forbidden(*row, config.options, context);
    if (!forbidden.empty()) return absl::InvalidArgumentError(SetFailed(name, forbidden));
    if (context.loading && row->Has(kDenyLoading)) {
      return absl::UnavailableError(fmt::format("'{}' cannot be set while loading", name));
    }
    if (Repeats(requests, Lower(name))) {
      return absl::InvalidArgumentError(SetFailed(name, "duplicate parameter"));
    }
    requests.push_back({row, Lower(name), pairs[i + 1]});
  }
  return requests;
}

void NoteEffect(std::vector<PendingEffect>& effects, const Request& request) {
  const Effect effect = request.row->effect;
  if (effect == Effect::kNone) return;
  const bool known = std::any_of(effects.begin(), effects.end(),
                                 [&](const PendingEffect& e) { return e.effect == effect; });
  if (!known) effects.push_back({effect, request.name});
}

std::vector<std::string> ValueWords(const Row& row, std::string_view value) {
  if (row.Has(kMulti)) return SplitAtBlanks(value);
  return {std::string(value)};
}

}  // namespace

Options::Options() {
  for (const Row& row : OptionTable()) std::visit(Initializer{*this}, row.kind);
}

const Options& Defaults() {
  static const Options defaults;
  return defaults;
}

void Settle(Options& options) {
  options.hz = std::clamp(options.hz, kHzMin, kHzMax);
  if (options.cluster_enabled) options.databases = options.cluster_databases;
}

std::vector<std::pair<std::string, std::string>> Get(const Config& config,
                                                     std::span<const std::string_view> patterns) {
  std::vector<std::pair<std::string, std::string>> found;
  std::set<std::string> listed;
  const auto list = [&](const Row& row, std::string_view name) {
    if (listed.insert(Lower(name)).second) found.emplace_back(name, Format(row, config.options));
  };
  for (const std::string_view pattern : patterns) {
    if (pattern.find_first_of("[*?") == std::string_view::npos) {
      const Row* row = FindOption(pattern);
      if (row != nullptr) list(*row, pattern);
      continue;
    }
    for (const Row& row : OptionTable()) {
      if (row.Has(kHidden)) continue;
      for (const std::string_view name : {row.name, row.alias}) {
        if (!name.empty() && GlobMatch(pattern, name, Case::kIgnore)) list(row, name);
      }
    }
  }
  return found;
}

absl::StatusOr<Change> Set(const Config& config, std::span<const std::string_view> pairs,
                           SetContext context) {
  CHECK(pairs.size() % 2 == 0);
  const absl::StatusOr<std::vector<Request>> requests = FindAll(config, pairs, context);
  if (!requests.ok()) return requests.status();

  Change change{config, {}};
  Options& options = change.after.options;
  for (const Request& request : *requests) {
    const Row& row = *request.row;
    const std::string before = Format(row, options);
    const Reason reason = Assign(row, ValueWords(row, request.value), options);
    if (!reason.empty()) return absl::InvalidArgumentError(SetFailed(request.name, reason));
    if (row.Has(kVolatile) || Format(row, options) != before) NoteEffect(change.effects, request);
  }
  Settle(options);
  return change;
}

std::string SetFailed(std::string_view option, std::string_view reason) {
  return fmt::format("CONFIG SET failed (possibly related to argument '{}') - {}", option, reason);
}

bool IsSensitive(std::string_view name) {
  const Row* row = FindOption(name);
  return row != nullptr && row->Has(kSensitive);
}

std::vector<std::string_view> UnusedButSet(const Options& options) {
  std::vector<std::string_view> names;
  for (const Row& row : OptionTable()) {
    if (row.Has(kUnused) && Format(row, options) != Format(row, Defaults())) {
      names.push_back(row.name);
    }
  }
  return names;
}

}  // namespace norn::config
