#pragma once
// An address as the bus carries it: text in a field of 46 bytes, closed by a zero. A value without memory of its own, because a
// message can bring thousands.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace norn::cluster {

// Whether `text` can stand in a word of nodes.conf and be read back: printable, no blank, no quote, none of the characters
// that separate. Names and addresses that other nodes announce must pass it before they are kept.
inline bool IsPlainText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    constexpr std::string_view kRefused = "!#$&()*+;<>?@[]^{|}~,=\"'\\";
    return c > ' ' && c < '\x7f' && kRefused.find(c) == std::string_view::npos;
  });
}

class IpText {
 public:
  static constexpr size_t kFieldBytes = 46;

  IpText() = default;

  // nullopt: too long, or not plain text. The empty text is an address too: unknown.
  static std::optional<IpText> Parse(std::string_view text) {
    if (text.size() >= kFieldBytes || !IsPlainText(text)) return std::nullopt;
    IpText ip;
    std::copy(text.begin(), text.end(), ip.chars_.begin());
    return ip;
  }

  bool empty() const { return chars_[0] == '\0'; }
  // The view lies in this object.
  std::string_view view() const { return {chars_.data()}; }
  std::string str() const { return std::string(view()); }
  // All 46 bytes, zeros behind the text.
  std::string_view field() const { return {chars_.data(), kFieldBytes}; }

  bool operator==(const IpText&) const = default;

 private:
  std::array<char, kFieldBytes> chars_{};
};

}  // namespace norn::cluster
