#pragma once
// Texts that main prints, made from the option table.

#include <string>

namespace norn::config {

// --help: usage, then every option with one line of doc, by group.
std::string HelpText();

// --print-config: a config file with every option at its default and its doc as a comment.
std::string DefaultFile();

}  // namespace norn::config
