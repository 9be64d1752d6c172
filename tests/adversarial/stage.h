#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/engine/handler_run.h"
#include "nexus/sandbox/sandbox.h"
#include "tenant.h"

namespace nexus::adversarial {

// How a run ended, in the words of Attack::expected, and why, for people.
struct Ending {
  std::string text;
  std::string message;
};

// Runs `source` through the engine as a panel would: commits each segment to `state`, and answers extension
// calls until the run ends or waits for `never` alone. Such a run is cancelled. Each outcome on the way goes
// to `seen`.
Ending play(engine::Engine& engine, std::string source, std::chrono::milliseconds timeout, TenantState& state,
            std::vector<engine::Outcome>& seen,
            const capability::GrantSet& grants = capability::GrantSet::everything());

// Where a run is while it waits: written down and loaded again, or left in its instance.
enum class Waiting { kSnapshot, kInPlace };

// The same, one floor below: the engine's host side of a run on one sandbox instance of a chosen translation
// with chosen means of stop. Not for several threads; its thread holds a ThreadScope.
class SandboxStage {
 public:
  static Result<std::unique_ptr<SandboxStage>> create(const sandbox::Sandbox::Options& options);

  // Calls `note` with each segment before its effects are applied.
  using Note = std::function<void(const engine::HandlerRun::Segment&)>;
  Ending play(std::string source, std::chrono::milliseconds timeout, TenantState& state,
              Waiting waiting = Waiting::kSnapshot, const Note& note = {});

  // Ends the run as the engine's pool does.
  void restore();
  // Empty when the instance is as new, else the first difference.
  std::string difference_to_image() const;

 private:
  SandboxStage(std::unique_ptr<sandbox::Sandbox> box, std::unique_ptr<sandbox::Instance> instance)
      : sandbox_(std::move(box)), instance_(std::move(instance)) {}

  // Empty when the source does not compile.
  std::string compile(const std::string& source);
  Ending segment(engine::HandlerRun& run, sandbox::Export entry, std::array<std::uint32_t, 4> arguments,
                 TenantState& state, const Note& note);

  const std::unique_ptr<sandbox::Sandbox> sandbox_;
  const std::unique_ptr<sandbox::Instance> instance_;
};

}  // namespace nexus::adversarial
