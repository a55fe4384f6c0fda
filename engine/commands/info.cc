#include "engine/commands/info.h"

#include <algorithm>
#include <array>

#include "engine/commands/command.h"

#include <fmt/format.h>

namespace norn {
namespace {

struct Section {
  InfoSection section;
  std::string_view name;
  bool by_default;
  std::string (*write)(const InfoFacts& facts);
};

constexpr std::array<Section, kInfoSections> kSections = {{
    {InfoSection::kServer, "server", true, InfoServer},
    {InfoSection::kClients, "clients", true, InfoClients},
    {InfoSection::kMemory, "memory", true, InfoMemory},
    {InfoSection::kPersistence, "persistence", true, InfoPersistence},
    {InfoSection::kStats, "stats", true, InfoStats},
    {InfoSection::kReplication, "replication", true, InfoReplication},
    {InfoSection::kCpu, "cpu", true, InfoCpu},
    {InfoSection::kModules, "modules", true, InfoModules},
    {InfoSection::kCommandStats, "commandstats", false, InfoCommandStats},
    {InfoSection::kErrorStats, "errorstats", true, InfoErrorStats},
    {InfoSection::kLatencyStats, "latencystats", false, InfoLatencyStats},
    {InfoSection::kCluster, "cluster", true, InfoCluster},
    {InfoSection::kKeyspace, "keyspace", true, InfoKeyspace},
}};

constexpr InfoSections kAllSections = (1u << kInfoSections) - 1;

InfoSections DefaultSections() {
  InfoSections sections = 0;
  for (const Section& section : kSections) {
    if (section.by_default) sections |= Bit(section.section);
  }
  return sections;
}

InfoSections SectionsOf(std::string_view word) {
  if (WordIs(word, "all") || WordIs(word, "everything")) return kAllSections;
  if (WordIs(word, "default")) return DefaultSections();
  if (WordIs(word, "module_list")) return Bit(InfoSection::kModules);
  for (const Section& section : kSections) {
    if (WordIs(word, section.name)) return Bit(section.section);
  }
  return 0;
}

}  // namespace

InfoSections SectionsByName(std::span<const std::string_view> words) {
  if (words.empty()) return DefaultSections();
  InfoSections sections = 0;
  for (std::string_view word : words) sections |= SectionsOf(word);
  return sections;
}

std::string InfoText(const InfoFacts& facts, InfoSections sections) {
  std::string text;
  for (const Section& section : kSections) {
    if ((sections & Bit(section.section)) == 0) continue;
    if (!text.empty()) text += "\r\n";
    text += section.write(facts);
  }
  return text;
}

std::string HumanBytes(uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTP";
  if (bytes < 1024) return fmt::format("{}B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  uint64_t left = bytes / 1024;  // the unit is chosen by the exact number, before rounding
  while (left >= 1024 && unit + 1 < kUnits.size()) {
    left /= 1024;
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.2f}{}", value, kUnits[unit]);
}

InfoLines::InfoLines(std::string_view title) : text_(fmt::format("# {}\r\n", title)) {}

InfoLines& InfoLines::AddDecimal(std::string_view name, double value, std::string_view unit) {
  text_ += fmt::format("{}:{:.2f}{}\r\n", name, value, unit);
  return *this;
}

InfoLines& InfoLines::AddBytes(std::string_view name, uint64_t bytes) {
  Add(name, bytes);
  text_ += fmt::format("{}_human:{}\r\n", name, HumanBytes(bytes));
  return *this;
}

}  // namespace norn
