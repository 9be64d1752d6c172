#pragma once

#include <chrono>
#include <memory>

#include "nexus/base/clock.h"
#include "nexus/extension/extension.h"
#include "nexus/loop/loop.h"

namespace nexus::extension {

// The longest sleep a handler may ask for.
inline constexpr std::chrono::milliseconds kMaxSleep = std::chrono::hours{24};

// "nexus.time": sleep(ms) waits and answers null; now() answers milliseconds since the Unix epoch.
// `loop` and `clock` outlive the extension.
std::unique_ptr<Extension> make_time_extension(loop::Loop& loop, const Clock& clock);

}  // namespace nexus::extension
