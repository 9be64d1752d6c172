#include "recovery.h"

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>

namespace nexusd {

using Recovered = nexus::panel::Workspace::Recovered;

nexus::Result<void> recover_panels(nexus::loop::Loop& loop, nexus::panel::Workspace& workspace) {
  const auto began = std::chrono::steady_clock::now();
  std::optional<nexus::Result<Recovered>> recovered;
  workspace.recover([&](nexus::Result<Recovered> result) { recovered.emplace(std::move(result)); });
  while (!recovered) loop.context().run_one();
  if (!recovered->ok()) return std::move(*recovered).take_error();
  const Recovered& counts = **recovered;
  if (counts.panels + counts.failed == 0) return {};
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  spdlog::info("{} panels and {} waiting runs came back from the store in {} ms", counts.panels,
               counts.runs, took.count());
  if (counts.failed > 0)
    spdlog::error("{} stored panels could not be loaded; they stay stored", counts.failed);
  return {};
}

}  // namespace nexusd
