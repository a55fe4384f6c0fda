#pragma once
// Ranges and scores as clients write them, members as they are replied.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/commands/command.h"
#include "engine/types/zset_value.h"

namespace norn {

// A score: any number but NaN. nullopt: `error` is replied.
std::optional<double> ScoreAt(CommandContext& c, size_t at);

// "(1.5", "-inf". nullopt: not of that form; the caller words the error.
std::optional<ScoreRange> ParseScoreRange(std::string_view min, std::string_view max);
// "[a", "(b", "-", "+".
std::optional<LexRange> ParseLexRange(std::string_view min, std::string_view max);
inline constexpr std::string_view kBadScoreRange = "ERR min or max is not a float";
inline constexpr std::string_view kBadLexRange = "ERR min or max not valid string range item";

// Members copied out of a sorted set that is about to change, or that is none.
using ScoredName = std::pair<std::string, double>;

// How members with scores are replied: name after name, name and score in turn, or (RESP3) a pair each.
class MemberReply {
 public:
  MemberReply(CommandContext& c, bool with_scores)
      : c_(c), with_scores_(with_scores), pairs_(with_scores && c.reply.resp() == Resp::k3) {}

  void Begin(size_t members) { c_.reply.Array(with_scores_ && !pairs_ ? 2 * members : members); }
  void Add(std::string_view name, double score) {
    if (pairs_) c_.reply.Array(2);
    c_.reply.Bulk(name);
    if (with_scores_) c_.reply.Double(score);
  }
  void Add(const ZsetMember& member) {
    PackedScratch scratch;
    Add(member.name.View(scratch), member.score);
  }

 private:
  CommandContext& c_;
  bool with_scores_;
  bool pairs_;
};

}  // namespace norn
