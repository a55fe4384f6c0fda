#pragma once
// The text of INFO: sections of name:value lines. Names and their order are Valkey's as far as norn has what they tell; a
// line that would be a guess is left out, one that is constant as long as norn lacks a subsystem (persistence, replication,
// modules, scripts) says so truthfully.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/commands/node_control.h"
#include "engine/commands/replication_control.h"
#include "engine/config/options.h"

namespace norn {

// In the order in which INFO prints them.
enum class InfoSection : uint8_t {
  kServer,
  kClients,
  kMemory,
  kPersistence,
  kStats,
  kReplication,
  kCpu,
  kModules,
  kCommandStats,
  kErrorStats,
  kLatencyStats,
  kCluster,
  kKeyspace,
};
inline constexpr size_t kInfoSections = 13;

// A set of sections, one bit each.
using InfoSections = uint32_t;
constexpr InfoSections Bit(InfoSection section) { return 1u << static_cast<uint32_t>(section); }

// By the words of INFO in any case; none: the default ones. Unknown words add nothing.
InfoSections SectionsByName(std::span<const std::string_view> words);

// Everything that the text depends on.
struct InfoFacts {
  const config::Options& options;
  const NodeStats& stats;
  const HostFacts& host;
  WallTime now;
  Instant instant;
  Instant start_instant;
  WallTime start_wall;
  std::string_view run_id;
  std::string port;
  std::string_view config_file;
  std::string replication;   // the lines of that section
  std::string cluster = {};  // likewise, behind the first
  Pause pause;
  size_t threads = 1;
};

std::string InfoText(const InfoFacts& facts, InfoSections sections);

// ---- the sections, each with its "# Title" line ----
std::string InfoServer(const InfoFacts& facts);
std::string InfoClients(const InfoFacts& facts);
std::string InfoMemory(const InfoFacts& facts);
std::string InfoPersistence(const InfoFacts& facts);
std::string InfoStats(const InfoFacts& facts);
std::string InfoReplication(const InfoFacts& facts);
std::string InfoCpu(const InfoFacts& facts);
std::string InfoModules(const InfoFacts& facts);
std::string InfoCommandStats(const InfoFacts& facts);
std::string InfoErrorStats(const InfoFacts& facts);
std::string InfoLatencyStats(const InfoFacts& facts);
std::string InfoCluster(const InfoFacts& facts);
std::string InfoKeyspace(const InfoFacts& facts);

// 512 as "512B", 1536 as "1.50K", and so on to P.
std::string HumanBytes(uint64_t bytes);

// Appends "name:value\r\n".
class InfoLines {
 public:
  explicit InfoLines(std::string_view title);
  template <typename Value>
  InfoLines& Add(std::string_view name, const Value& value) {
    text_.append(name);
    text_ += ':';
    AppendValue(value);
    text_ += "\r\n";
    return *this;
  }
  // With two decimals, and something behind.
  InfoLines& AddDecimal(std::string_view name, double value, std::string_view unit = {});
  // A raw number, and the same for humans as <name>_human.
  InfoLines& AddBytes(std::string_view name, uint64_t bytes);
  std::string Take() { return std::move(text_); }

 private:
  void AppendValue(std::string_view value) { text_.append(value); }
  void AppendValue(const char* value) { text_.append(value); }
  void AppendValue(const std::string& value) { text_.append(value); }
  template <typename Number>
  requires std::is_integral_v<Number>
  void AppendValue(Number value) { text_ += std::to_string(value); }

  std::string text_;
};

}  // namespace norn
