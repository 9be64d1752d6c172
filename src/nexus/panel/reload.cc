#include "nexus/panel/reload.h"

#include <algorithm>
#include <utility>

#include "nexus/base/random.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"

namespace nexus::panel {
namespace {

Result<std::shared_ptr<PanelState>> next_state(const Reload& reload, const PanelState& old,
                                               const std::string& panel_id,
                                               engine::Engine& engine) {
  auto next = std::make_shared<PanelState>(reload.loaded.store, reload.loaded.program->computed,
                                           panel_id);
  NX_TRY_VOID(next->take_over(old));
  NX_TRY_VOID(next->seed(engine));
  return next;
}

Error destroyed_before_reload() {
  return {ErrorCode::kCancelled, "the panel was destroyed before it was reloaded"};
}

}  // namespace

bool submit_reload(const SegmentHost& host, std::shared_ptr<const PanelState> old,
                   std::shared_ptr<Reload> reload, std::string panel_id, ReloadDone done) {
  return host.executor.submit([host, old = std::move(old), reload = std::move(reload),
                               panel_id = std::move(panel_id), done = std::move(done)]() mutable {
    auto next = std::make_shared<Result<std::shared_ptr<PanelState>>>(
        next_state(*reload, *old, panel_id, host.engine));
    // What the task holds belongs to the loop: the last reference to it must end there.
    loop::Loop& loop = host.loop;
    loop.post([old = std::move(old), reload = std::move(reload), done = std::move(done), next] {
      done(std::move(*next));
    });
  });
}

void LivePanel::reload(LoadedPanel loaded, std::function<void(Result<void>)> done) {
  if (phase_ != Phase::kOpen)
    return host_.segments.loop.post([done = std::move(done)] { done(destroyed_before_reload()); });
  auto reload = std::make_shared<Reload>(Reload{std::move(loaded), std::move(done)});
  queue_.reload({std::move(reload)});
  pump();
}

bool LivePanel::begin_reload(const ReloadTurn& turn) {
  return submit_reload(host_.segments, state_, turn.reload, id_,
                       [self = weak_from_this(), reload = turn.reload](auto next) {
                         if (const auto panel = self.lock())
                           return panel->finish_reload(*reload, std::move(next));
                         reload->on_done(destroyed_before_reload());
                       });
}

void LivePanel::finish_reload(Reload& reload, Result<std::shared_ptr<PanelState>> next) {
  if (phase_ == Phase::kClosing) {
    reload.on_done(destroyed_before_reload());
  } else if (!next.ok()) {
    reload.on_done(std::move(next).take_error());
  } else {
    if (reload.loaded.program->source != program_->source)
      adopt(std::move(reload.loaded), std::move(next).take());
    reload.on_done({});
  }
  end_turn();
}

// Runs that have started, or wait for their turn, keep what they were started with: their handler,
// extensions and grants. What they write must fit the new state.
void LivePanel::adopt(LoadedPanel loaded, std::shared_ptr<PanelState> next) {
  program_ = std::move(loaded.program);
  state_ = std::move(next);
  epoch_ = random_hex(16);
  last_activity_ = host_.clock.wall();
  const auto old = std::exchange(triggers_, make_triggers());
  if (old->active()) triggers_->start();
  old->stop();
  audience_.send(encode_connected(id_, version(), epoch_, state_json()));
}

void LivePanel::report_source(const std::string& file,
                              const std::vector<nxml::Diagnostic>& diagnostics) {
  auto event = source_event(file, diagnostics, unix_ms(host_.clock.wall()));
  audience_.send(encode_event(version(), event));
  const bool broken = std::any_of(diagnostics.begin(), diagnostics.end(), nxml::is_error);
  source_errors_ = broken ? std::optional(std::move(event)) : std::nullopt;
}

}  // namespace nexus::panel
