#include "engine/config/special.h"

#include "engine/base/number.h"
#include "engine/config/config.h"
#include "engine/config/path.h"
#include "engine/config/words.h"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

namespace norn::config {
namespace {

constexpr size_t kBindAddressesMax = 16;
constexpr int64_t kOomScoreMax = 2000;
constexpr char kWrongCount[] = "wrong number of arguments";

// A whole decimal number; leading zeros are fine (unlike ParseInt64's canonical form).
std::optional<int64_t> ParseCount(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsSingleEmpty(Words words) { return words.size() == 1 && words[0].empty(); }

// A word as it may stand in a file, quoted only where it must be.
std::string PlainWord(std::string_view word) {
  for (const char c : word) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\') return QuoteWord(word);
  }
  return word.empty() ? "\"\"" : std::string(word);
}

Reason SetAddresses(std::vector<std::string>& addresses, Words words) {
  if (words.size() > kBindAddressesMax) return "Too many bind addresses specified.";
  addresses.clear();
  for (const std::string& word : words) {
    if (!word.empty()) addresses.push_back(word);
  }
  return {};
}

std::string JoinedPlain(const std::vector<std::string>& addresses) {
  if (addresses.empty()) return "\"\"";
  std::string line;
  for (const std::string& address : addresses) {
    line += line.empty() ? "" : " ";
    line += PlainWord(address);
  }
  // A single word is split once more when it is read (see Loader::Option).
  const bool split_again = addresses.size() == 1 && line[0] == '"';
  return split_again ? QuoteWord(line) : line;
}

std::string FormatPercentile(double percentile) {
  std::string text = fmt::format("{:f}", percentile);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

struct EventLetter {
  char letter;
  uint32_t bits;
};

// In the order in which CONFIG GET prints them.
constexpr EventLetter kEventKinds[] = {
    {'g', kNotifyGeneric}, {'$', kNotifyString}, {'l', kNotifyList},    {'s', kNotifySet},
    {'h', kNotifyHash},    {'z', kNotifyZset},   {'x', kNotifyExpired}, {'e', kNotifyEvicted},
    {'t', kNotifyStream},  {'d', kNotifyModule}, {'n', kNotifyNew}};
constexpr EventLetter kEventOthers[] = {
    {'K', kNotifyKeyspace}, {'E', kNotifyKeyevent}, {'m', kNotifyKeyMiss}};

std::optional<uint32_t> EventBits(char letter) {
  if (letter == 'A') return kNotifyAll;
  for (const EventLetter& kind : kEventKinds) {
    if (kind.letter == letter) return kind.bits;
  }
  for (const EventLetter& other : kEventOthers) {
    if (other.letter == letter) return other.bits;
  }
  return std::nullopt;
}

std::optional<ClientClass> ParseClientClass(std::string_view word) {
  const std::string name = Lower(word);
  if (name == "normal") return kNormalClient;
  if (name == "slave" || name == "replica") return kReplicaClient;
  if (name == "pubsub") return kPubsubClient;
  return std::nullopt;
}

}  // namespace

Reason SetBind(Options& options, Words words, bool) { return SetAddresses(options.bind, words); }

std::string FormatBind(const Options& options) {
  return fmt::format("{}", fmt::join(options.bind, " "));
}

std::vector<RewriteLine> BindLines(const Options& options, std::string_view name) {
  if (options.bind == Defaults().bind) return {};
  return {{fmt::format("{} {}", name, JoinedPlain(options.bind)), true}};
}

Reason SetRdmaBind(Options& options, Words words, bool) {
  return SetAddresses(options.rdma_bind, words);
}

std::string FormatRdmaBind(const Options& options) {
  return fmt::format("{}", fmt::join(options.rdma_bind, " "));
}

std::vector<RewriteLine> RdmaBindLines(const Options& options, std::string_view name) {
  if (options.rdma_bind.empty()) return {};
  return {{fmt::format("{} {}", name, JoinedPlain(options.rdma_bind)), true}};
}

Reason SetDir(Options& options, Words words, bool) {
  if (words.size() != 1) return kWrongCount;
  if (words[0].empty()) return "dir can't be empty";
  options.dir = PathFrom(options.dir, words[0]);
  return {};
}

std::string FormatDir(const Options& options) { return options.dir; }

std::vector<RewriteLine> DirLines(const Options& options, std::string_view name) {
  if (options.dir.empty()) return {};
  return {{fmt::format("{} {}", name, QuoteWord(options.dir)), true}};
}

Reason SetSave(Options& options, Words words, bool append) {
  std::vector<SavePoint> points;
  if (append && !IsSingleEmpty(words)) points = options.save;
  if (IsSingleEmpty(words)) words = {};
  if (words.size() % 2 != 0) return "Invalid save parameters";
  for (size_t i = 0; i < words.size(); i += 2) {
    const std::optional<int64_t> seconds = ParseCount(words[i]);
    const std::optional<int64_t> changes = ParseCount(words[i + 1]);
    if (!seconds || *seconds < 1 || !changes || *changes < 0) return "Invalid save parameters";
    points.push_back({*seconds, *changes});
  }
  options.save = std::move(points);
  return {};
}

std::string FormatSave(const Options& options) {
  std::string text;
  for (const SavePoint& point : options.save) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", point.seconds, point.changes);
  }
  return text;
}

// Always written: a file without a save line means the default points, not none.
std::vector<RewriteLine> SaveLines(const Options& options, std::string_view name) {
  const std::string points = FormatSave(options);
  return {{fmt::format("{} {}", name, points.empty() ? "\"\"" : points), true}};
}

Reason SetOutputLimit(Options& options, Words words, bool) {
  if (words.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
  auto limits = options.client_output_buffer_limit;
  for (size_t i = 0; i < words.size(); i += 4) {
    const std::optional<ClientClass> client_class = ParseClientClass(words[i]);
    if (!client_class) return "Invalid client class specified in buffer limit configuration.";
    const std::optional<uint64_t> hard = ParseMemory(words[i + 1]);
    const std::optional<uint64_t> soft = ParseMemory(words[i + 2]);
    const std::optional<int64_t> seconds = ParseCount(words[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    limits[*client_class] = {*hard, *soft, *seconds};
  }
  options.client_output_buffer_limit = limits;
  return {};
}

// Valkey: CONFIG GET still says "slave", while files say "replica".
std::string FormatOutputLimit(const Options& options) {
  constexpr std::string_view kNames[] = {"normal", "slave", "pubsub"};
  std::string text;
  for (size_t i = 0; i < kClientClassCount; ++i) {
    const OutputLimit& limit = options.client_output_buffer_limit[i];
    text += fmt::format("{}{} {} {} {}", i == 0 ? "" : " ", kNames[i], limit.hard_bytes,
                        limit.soft_bytes, limit.soft_seconds);
  }
  return text;
}

std::vector<RewriteLine> OutputLimitLines(const Options& options, std::string_view name) {
  constexpr std::string_view kNames[] = {"normal", "replica", "pubsub"};
  std::vector<RewriteLine> lines;
  for (size_t i = 0; i < kClientClassCount; ++i) {
    const OutputLimit& limit = options.client_output_buffer_limit[i];
    lines.push_back({fmt::format("{} {} {} {} {}", name, kNames[i], ShortBytes(limit.hard_bytes),
                                 ShortBytes(limit.soft_bytes), limit.soft_seconds),
                     limit != Defaults().client_output_buffer_limit[i], kNames[i]});
  }
  return lines;
}

Reason SetOomValues(Options& options, Words words, bool) {
  auto values = options.oom_score_adj_values;
  if (words.size() != values.size()) return kWrongCount;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<int64_t> value = ParseCount(words[i]);
    if (!value || *value < -kOomScoreMax || *value > kOomScoreMax) {
      return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
    }
    values[i] = *value;
  }
  options.oom_score_adj_values = values;
  return {};
}

std::string FormatOomValues(const Options& options) {
  return fmt::format("{}", fmt::join(options.oom_score_adj_values, " "));
}

std::vector<RewriteLine> OomValuesLines(const Options& options, std::string_view name) {
  return {{fmt::format("{} {}", name, FormatOomValues(options)),
           options.oom_score_adj_values != Defaults().oom_score_adj_values}};
}

Reason SetEvents(Options& options, Words words, bool) {
  if (words.size() != 1) return kWrongCount;
  uint32_t events = 0;
  for (const char letter : words[0]) {
    const std::optional<uint32_t> bits = EventBits(letter);
    if (!bits) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
    events |= *bits;
  }
  options.notify_keyspace_events = events;
  return {};
}

// Valkey: "A" stands for all its kinds, and n, which it does not contain, is not printed beside it.
std::string FormatEvents(const Options& options) {
  const uint32_t events = options.notify_keyspace_events;
  std::string text;
  if ((events & kNotifyAll) == kNotifyAll) {
    text += 'A';
  } else {
    for (const EventLetter& kind : kEventKinds) {
      if ((events & kind.bits) != 0) text += kind.letter;
    }
  }
  for (const EventLetter& other : kEventOthers) {
    if ((events & other.bits) != 0) text += other.letter;
  }
  return text;
}

std::vector<RewriteLine> EventsLines(const Options& options, std::string_view name) {
  std::string letters = FormatEvents(options);
  const bool hides_new =
      letters.substr(0, 1) == "A" && (options.notify_keyspace_events & kNotifyNew) != 0;
  if (hides_new) letters += 'n';
  return {{fmt::format("{} {}", name, QuoteWord(letters)), options.notify_keyspace_events != 0}};
}

Reason SetReplicaOf(Options& options, Words words, bool) {
  if (words.size() != 2) return kWrongCount;
  if (Lower(words[0]) == "no" && Lower(words[1]) == "one") {
    options.replicaof = {};
    return {};
  }
  const std::optional<int64_t> port = ParseCount(words[1]);
  if (!port || *port < 0 || *port > 65535) return "Invalid primary port";
  if (words[0].empty()) return "Invalid primary host";
  options.replicaof = {words[0], *port};
  return {};
}

std::string FormatReplicaOf(const Options& options) {
  const ReplicaOf& primary = options.replicaof;
  return primary.host.empty() ? "" : fmt::format("{} {}", primary.host, primary.port);
}

// A cluster keeps its roles in its own file.
std::vector<RewriteLine> ReplicaOfLines(const Options& options, std::string_view name) {
  const ReplicaOf& primary = options.replicaof;
  if (primary.host.empty() || options.cluster_enabled) return {};
  return {{fmt::format("{} {} {}", name, PlainWord(primary.host), primary.port), true}};
}

Reason SetPercentiles(Options& options, Words words, bool) {
  std::vector<double> percentiles;
  if (IsSingleEmpty(words)) words = {};
  for (const std::string& word : words) {
    const std::optional<double> percentile = ParseDouble(word);
    if (!percentile) return "Invalid latency-tracking-info-percentiles parameters";
    if (*percentile > 100.0 || *percentile < 0.0) {
      return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    }
    percentiles.push_back(*percentile);
  }
  options.latency_tracking_info_percentiles = std::move(percentiles);
  return {};
}

std::string FormatPercentiles(const Options& options) {
  std::string text;
  for (const double percentile : options.latency_tracking_info_percentiles) {
    text += text.empty() ? "" : " ";
    text += FormatPercentile(percentile);
  }
  return text;
}

// Always written, like save: no line means the default percentiles, not none.
std::vector<RewriteLine> PercentilesLines(const Options& options, std::string_view name) {
  const std::string text = FormatPercentiles(options);
  return {{fmt::format("{} {}", name, text.empty() ? "\"\"" : text), true}};
}

}  // namespace norn::config
