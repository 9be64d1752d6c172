#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace nexusd {

// Log lines as JSON objects {"time","level",...,"message"}, one a line, whatever a message contains. The name=value pairs
// that a message starts with, such as panel, handler, run and trace, become members of their own, as texts.
std::unique_ptr<spdlog::formatter> make_json_formatter();

}  // namespace nexusd
