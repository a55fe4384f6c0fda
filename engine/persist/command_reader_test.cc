// Commands of the log, whole, torn at every byte, and damaged.

#include "engine/persist/command_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/persist/aof_block.h"
#include "engine/persist/testing.h"

namespace norn::persist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = CommandReader::Outcome;

constexpr uint64_t kMax = 1 << 20;
constexpr std::string_view kSet = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nxy\r\n";

struct Read {
  std::vector<std::string> commands;
  Outcome outcome = Outcome::kCommand;
  uint64_t begin = 0;  // of what the outcome is about
  uint64_t damage_offset = 0;
  std::string reason;
  bool torn = false;
};

Read ReadAll(std::string_view bytes, size_t piece = SIZE_MAX) {
  StringSource source(std::string(bytes), piece);
  CommandReader reader(source, 0, kMax);
  Read read;
  while ((read.outcome = reader.Next()) == Outcome::kCommand) {
    std::string line;
    for (const std::string_view word : reader.words()) line += std::string(word) + " ";
    read.commands.push_back(line);
  }
  read.begin = reader.begin();
  read.damage_offset = reader.damage_offset();
  read.reason = reader.reason();
  if (read.outcome == Outcome::kDamage) read.torn = reader.LooksTorn();
  return read;
}

TEST(CommandReader, ReadsCommandsAndSkipsAnnotations) {
  const std::string bytes = "#TS:1700000000\r\n" + std::string(kSet) +
                            "#anything else\r\n*1\r\n$4\r\nPING\r\n*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n";
  for (const size_t piece : {SIZE_MAX, size_t{1}, size_t{7}}) {
    const Read read = ReadAll(bytes, piece);
    EXPECT_THAT(read.commands, ElementsAre("SET a xy ", "PING ", " \r\n "));
    EXPECT_EQ(read.outcome, Outcome::kEnd) << read.reason;
    EXPECT_EQ(read.begin, bytes.size());
  }
  StringSource source(bytes);
  CommandReader reader(source, 0, kMax);
  EXPECT_EQ(reader.Next(), Outcome::kCommand);
  EXPECT_EQ(reader.timestamp_s(), 1700000000);
  EXPECT_EQ(reader.begin(), 16u) << "annotations do not count";
}

TEST(CommandReader, EveryPrefixIsWholeOrTornWhereTheLastCommandBegins) {
  const std::string bytes = std::string(kSet) + "#TS:5\r\n" + std::string(kSet);
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const Read read = ReadAll(std::string_view(bytes).substr(0, size));
    const bool whole =
        size == 0 || size == kSet.size() || size == kSet.size() + 7 || size == bytes.size();
    EXPECT_EQ(read.outcome, whole ? Outcome::kEnd : Outcome::kTorn) << size << read.reason;
    EXPECT_EQ(read.commands.size(), (size >= kSet.size()) + (size == bytes.size())) << size;
    if (!whole) {
      const uint64_t begins[] = {0, kSet.size(), kSet.size() + 7};
      EXPECT_EQ(read.begin, *(std::lower_bound(std::begin(begins), std::end(begins), size) - 1));
    }
  }
}

TEST(CommandReader, DamageIsNamedWithItsOffset) {
  const std::string before(kSet);
  auto damage = [&](std::string_view behind) {
    const Read read = ReadAll(before + std::string(behind));
    EXPECT_EQ(read.outcome, Outcome::kDamage) << behind;
    EXPECT_EQ(read.commands.size(), 1u);
    EXPECT_FALSE(read.torn);
    return std::to_string(read.damage_offset - before.size()) + " " + read.reason;
  };
  EXPECT_EQ(damage("SET a b\r\n"), "0 expected '*', found 'S'");
  EXPECT_EQ(damage("*x"), "1 expected a length, found 'x'");
  EXPECT_EQ(damage("*-1\r\n"), "1 expected a length, found '-'");
  EXPECT_EQ(damage("*\r\n"), "1 expected a length, found byte 0x0d");
  EXPECT_EQ(damage("*0\r\n"), "0 a command without words");
  EXPECT_EQ(damage("*01\r\n"), "0 the length is out of range");
  EXPECT_EQ(damage("*1\r$"), "3 expected the end of a line");
  EXPECT_EQ(damage("*1\r\n+OK\r\n"), "4 expected '$', found '+'");
  EXPECT_EQ(damage("*1\r\n$1048577\r\n"), "4 the length is out of range");
  EXPECT_EQ(damage("*1\r\n$3\r\nPING\r\n"), "11 a word does not end where its length says");
  EXPECT_EQ(damage("*1\r\n$3\r\nPINx"), "11 a word does not end where its length says");
  EXPECT_EQ(damage("#TS:x\r\n"), "0 a timestamp is not a number");
  EXPECT_EQ(damage("#x\n"), "2 expected the end of a line");
  EXPECT_EQ(damage("#" + std::string(2000, 'x')), "0 an annotation is too long");
}

TEST(CommandReader, ZerosUpToTheEndAreRecognised) {
  for (const std::string_view head :
       {"", "*3\r\n$3\r\nSET\r\n$1", "*3\r\n$3\r\nSE", "*3\r", "#T"}) {
    const std::string bytes = std::string(kSet) + std::string(head) + std::string(200000, '\0');
    const Read read = ReadAll(bytes, 5000);
    EXPECT_EQ(read.outcome, Outcome::kDamage) << head;
    EXPECT_TRUE(read.torn) << head;
    EXPECT_FALSE(ReadAll(bytes + "*", 5000).torn) << head;
  }
}

// ---- blocks ----

// Commands in blocks; `safe` says what each claims.
std::string Block(const std::string& payload, uint64_t offset, uint64_t safe) {
  return AofBlockLine::For(payload, offset, safe).Format(offset) + payload;
}

struct BlockedFile {
  std::string bytes;
  std::vector<size_t> begins;
  void Add(size_t commands, size_t safe_blocks) {
    std::string payload;
    for (size_t i = 0; i < commands; ++i) payload += kSet;
    const uint64_t safe = safe_blocks < begins.size() ? begins[safe_blocks] : bytes.size();
    begins.push_back(bytes.size());
    bytes += Block(payload, bytes.size(), safe);
  }
};

TEST(CommandReader, BlocksGiveTheirCommandsOrNone) {
  BlockedFile file;
  file.Add(3, 0);
  file.Add(40, 0);
  EXPECT_EQ(ReadAll(file.bytes, 10).commands.size(), 43u);
  for (size_t size = file.begins[1]; size <= file.bytes.size(); ++size) {
    const Read read = ReadAll(std::string_view(file.bytes).substr(0, size));
    const bool whole = size == file.bytes.size();
    EXPECT_EQ(read.commands.size(), whole ? 43u : 3u) << size;
    if (!whole && size > file.begins[1]) {
      EXPECT_EQ(read.outcome, Outcome::kTorn) << size;
      EXPECT_EQ(read.begin, file.begins[1]);
    }
  }
}

TEST(CommandReader, EveryFlippedBitOfABlockIsSeen) {
  BlockedFile file;
  file.Add(2, 0);
  file.Add(2, 1);
  for (size_t bit = file.begins[1] * 8; bit < file.bytes.size() * 8; ++bit) {
    std::string bytes = file.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const Read read = ReadAll(bytes);
    // A line that has become another annotation leaves commands that are right.
    const bool annotation = bit / 8 < file.begins[1] + 3 && read.outcome == Outcome::kEnd;
    EXPECT_TRUE(annotation || read.outcome == Outcome::kDamage) << bit;
    EXPECT_FALSE(read.torn) << bit;
  }
}

TEST(CommandReader, AHoleIsATornTailUnlessALaterBlockCallsItSafe) {
  BlockedFile file;
  file.Add(2, 0);
  file.Add(60, 1);  // over 1700 bytes: block 1
  file.Add(3, 1);   // written before block 1 was safe
  const std::string tail = file.bytes;
  file.Add(3, 2);  // and after
  for (const size_t sector : {size_t{1}, size_t{2}, file.begins[1] / 512}) {
    auto with_hole = [&](std::string bytes) {
      const size_t begin = std::max(sector * 512, file.begins[1]);
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                bytes.begin() + static_cast<std::ptrdiff_t>((sector + 1) * 512), '\0');
      return ReadAll(bytes, 100);
    };
    Read read = with_hole(tail);
    EXPECT_EQ(read.commands.size(), 2u);
    EXPECT_EQ(read.outcome, Outcome::kDamage);
    EXPECT_TRUE(read.torn) << sector;
    EXPECT_EQ(read.begin, file.begins[1]);
    read = with_hole(file.bytes);
    EXPECT_EQ(read.outcome, Outcome::kDamage);
    EXPECT_FALSE(read.torn) << sector;
  }
}

// A command of so many bytes.
std::string EchoOf(size_t bytes) {
  const size_t word = bytes - std::string("*2\r\n$4\r\nECHO\r\n$100\r\n\r\n").size();
  return "*2\r\n$4\r\nECHO\r\n$" + std::to_string(word) + "\r\n" + std::string(word, 'v') + "\r\n";
}

TEST(CommandReader, AHoleMayEndInTheFirstBytesOfALineWhoseRestIsLostToo) {
  constexpr size_t kLost = 1100;  // in a sector of 1024 to 1536
  constexpr size_t kSectorEnd = 1536;
  for (const size_t left : {0, 1, 2, 3, 20}) {
    std::string bytes = Block(EchoOf(500), 0, 0);
    bytes += Block(EchoOf(kLost - bytes.size() - AofBlockLine::kBytes), bytes.size(), 0);
    bytes += Block(EchoOf(kSectorEnd - left - kLost - AofBlockLine::kBytes), kLost, kLost);
    bytes += Block(EchoOf(600), bytes.size(), kLost);
    const size_t whole = bytes.size();
    bytes += Block(std::string(kSet), whole, kLost);
    const auto at = [&](size_t offset) {
      return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    };
    std::fill(at(kLost), at(kSectorEnd - left), '\0');
    std::fill(at(kSectorEnd), at(whole), '\0');
    const Read read = ReadAll(bytes);
    EXPECT_EQ(read.outcome, Outcome::kDamage) << left;
    EXPECT_EQ(read.begin, kLost) << left << ": " << read.reason;
    EXPECT_TRUE(read.torn) << left;
  }
}

TEST(CommandReader, AClaimedLengthCostsNothing) {
  StringSource source("*2000000000\r\n$1000000000000\r\nabc");
  CommandReader reader(source, 0, UINT64_MAX / 4);
  EXPECT_EQ(reader.Next(), Outcome::kTorn);
}

TEST(CommandReader, BigCommandsAndManyOfThem) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += kSet;
  bytes += "*2\r\n$4\r\nECHO\r\n$300000\r\n" + std::string(300000, 'v') + "\r\n";
  for (int i = 0; i < 2000; ++i) bytes += kSet;
  const Read read = ReadAll(bytes, 1000);
  EXPECT_EQ(read.outcome, Outcome::kEnd) << read.reason;
  ASSERT_EQ(read.commands.size(), 4001u);
  EXPECT_EQ(read.commands[2000].size(), 300006u);
  EXPECT_EQ(read.begin, bytes.size());
}

}  // namespace
}  // namespace norn::persist
