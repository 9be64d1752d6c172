#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "nexus/base/result.h"
#include "nexus/engine/engine.h"

namespace nexus::replay {

struct RecorderOptions {
  std::string directory;
  std::uint64_t total_bytes = std::uint64_t{256} << 20;  // of all files; the oldest go first
  std::uint64_t file_bytes = std::uint64_t{16} << 20;    // of one; what comes after is left out
  std::size_t queue_bytes = std::size_t{32} << 20;       // waiting to be written; more is left out
  // Told what an operator should know, on any thread. Seldom.
  std::function<void(std::string_view)> on_warning = [](std::string_view) {};
};

// Writes runs down, a file for each, in a directory of bounded size. Files are readable by this user only:
// they hold arguments and state. A disk that fails or is slow costs recordings, never runs.
class Recorder {
 public:
  // Makes the directory. A run that waits since before a restart goes on in its file. Error
  // kInvalidArgument: the directory cannot be used.
  static Result<std::unique_ptr<Recorder>> create(RecorderOptions options);
  // Writes what waits.
  virtual ~Recorder() = default;

  // Any thread; never blocks for the disk.
  virtual void begin(const std::string& run_id, std::string_view panel_id, std::string_view handler,
                     std::string bytes) = 0;
  virtual void append(const std::string& run_id, std::string bytes) = 0;
};

// Engine::execute() and resume(), written down when there is a recorder.
engine::Outcome execute(engine::Engine& engine, engine::RunRequest request,
                        const engine::StateView& state, Recorder* recorder);
engine::Outcome resume(engine::Engine& engine, const std::string& suspension_id,
                       engine::AsyncResult answer, const engine::StateView& state,
                       Recorder* recorder);

}  // namespace nexus::replay
