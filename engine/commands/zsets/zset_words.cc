#include "engine/commands/zsets/zset_words.h"

#include <cmath>

#include "engine/base/number.h"
#include "engine/commands/errors.h"

namespace norn {
namespace {

struct ScoreBound {
  double score = 0;
  bool excluded = false;
};

std::optional<ScoreBound> ParseScoreBound(std::string_view text) {
  ScoreBound bound;
  if (!text.empty() && text[0] == '(') {
    bound.excluded = true;
    text.remove_prefix(1);
  }
  // Valkey: no number at all is 0, here as behind a parenthesis.
  const std::optional<double> score = text.empty() ? 0.0 : ParseDouble(text);
  if (!score) return std::nullopt;
  bound.score = *score;
  return bound;
}

std::optional<LexBound> ParseLexBound(std::string_view text) {
  using Kind = LexBound::Kind;
  if (text == "-") return LexBound{Kind::kBelowAll, {}};
  if (text == "+") return LexBound{Kind::kAboveAll, {}};
  if (text.empty() || (text[0] != '[' && text[0] != '(')) return std::nullopt;
  return LexBound{text[0] == '[' ? Kind::kIncluded : Kind::kExcluded, text.substr(1)};
}

}  // namespace

std::optional<double> ScoreAt(CommandContext& c, size_t at) {
  const std::optional<double> score = ParseDouble(c.word(at));
  if (!score) c.reply.Error(kNotFloat);
  return score;
}

std::optional<ScoreRange> ParseScoreRange(std::string_view min, std::string_view max) {
  const std::optional<ScoreBound> low = ParseScoreBound(min);
  const std::optional<ScoreBound> high = ParseScoreBound(max);
  if (!low || !high) return std::nullopt;
  return ScoreRange{low->score, high->score, low->excluded, high->excluded};
}

std::optional<LexRange> ParseLexRange(std::string_view min, std::string_view max) {
  const std::optional<LexBound> low = ParseLexBound(min);
  const std::optional<LexBound> high = ParseLexBound(max);
  if (!low || !high) return std::nullopt;
  return LexRange{*low, *high};
}

}  // namespace norn
