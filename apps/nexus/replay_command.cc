#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "files.h"
#include "nexus/replay/player.h"
#include "nexus/sandbox/entry.h"

namespace nexus::cli {
namespace {

int refuse(const Error& error) {
  fmt::print(stderr, "nexus replay: {}\n", error.message);
  return 2;
}

}  // namespace

int replay(const std::string& file) {
  const auto bytes = read_file(file);
  if (!bytes.ok()) return refuse(bytes.error());
  const auto recording = replay::decode_recording(*bytes);
  if (!recording.ok()) return refuse(recording.error());
  const sandbox::ThreadScope may_enter_sandbox;
  engine::Options options;
  options.min_instances = 1;
  options.limits = replay::playing_limits(*recording);
  const auto engine = engine::Engine::create(options);
  if (!engine.ok()) return refuse(engine.error());
  const auto same = replay::play(**engine, *recording,
                                 [](const std::string& line) { fmt::print("{}\n", line); });
  if (!same.ok()) return refuse(same.error());
  return *same ? 0 : 1;
}

}  // namespace nexus::cli
