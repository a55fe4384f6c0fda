#pragma once
// Text as a JSON string that may also stand inside a <script> of an HTML page: nothing in it can end the script or be taken
// for markup. Bytes that are no printable ASCII are shown as \xNN: what a key or a log line holds is shown as it is.

#include <string>
#include <string_view>

namespace norn::scenarios {

// With its quotes.
std::string JsonText(std::string_view text);

// Text inside HTML, outside of tags.
std::string HtmlText(std::string_view text);

}  // namespace norn::scenarios
