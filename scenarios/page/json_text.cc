#include "scenarios/page/json_text.h"

#include <fmt/format.h>

#include <iterator>

namespace norn::scenarios {

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (c == '<' || c == '>' || c == '&') {
      fmt::format_to(std::back_inserter(json), "\\u{:04x}", byte);
    } else if (byte < 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(json), "\\\\x{:02x}", byte);
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string HtmlText(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '&':
        html += "&amp;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace norn::scenarios
