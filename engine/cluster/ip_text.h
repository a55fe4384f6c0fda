#pragma once
// An address as the bus carries it: text in a field of 46 bytes, closed by a zero. A value without memory of its own, because a
// message can bring thousands.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace norn::cluster {

// By character: what IsPlainText lets pass.
inline constexpr std::array<bool, 256> kPlainChars = [] {
  constexpr std::string_view kRefused = "!#$&()*+;<>?@[]^{|}~,=\"'\\";
  std::array<bool, 256> plain{};
  for (size_t c = ' ' + 1; c < 0x7f; ++c) {
    plain[c] = kRefused.find(static_cast<char>(c)) == std::string_view::npos;
  }
  return plain;
}();

// Whether `text` can stand in a word of nodes.conf and be read back: printable, no blank, no quote, none of the characters
// that separate. Names and addresses that other nodes announce must pass it before they are kept.
inline bool IsPlainText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kPlainChars[static_cast<uint8_t>(c)]; });
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

  // The text of a field of a message. What is behind its zero is not looked at: whatever the sender's memory held.
  static std::optional<IpText> FromField(std::string_view field) {
    size_t end = 0;
    while (end < field.size() && kPlainChars[static_cast<uint8_t>(field[end])]) ++end;
    if (end >= field.size() || end >= kFieldBytes || field[end] != '\0') return std::nullopt;
    IpText ip;
    std::copy_n(field.begin(), end, ip.chars_.begin());
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
