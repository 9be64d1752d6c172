#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace nexusd {

// Log lines as JSON objects {"time","level","message"}, one a line, whatever a message contains.
std::unique_ptr<spdlog::formatter> make_json_formatter();

}  // namespace nexusd
