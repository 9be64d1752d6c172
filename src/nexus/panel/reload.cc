#include "nexus/panel/reload.h"

#include <algorithm>
#include <utility>

#include "nexus/base/random.h"
#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"
#include "nexus/panel/stored.h"

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

void LivePanel::reload(LoadedPanel loaded, std::string settings,
                       std::function<void(Result<void>)> done) {
  if (phase_ != Phase::kOpen)
    return host_.segments.loop.post([done = std::move(done)] { done(destroyed_before_reload()); });
  auto reload = std::make_shared<Reload>(Reload{std::move(loaded), std::move(settings), std::move(done)});
  queue_.reload({std::move(reload)});
  pump();
}

bool LivePanel::begin_reload(const ReloadTurn& turn) {
  return submit_reload(host_.segments, state_, turn.reload, record_.id,
                       [self = weak_from_this(), reload = turn.reload](auto next) {
                         if (const auto panel = self.lock())
                           return panel->finish_reload(reload, std::move(next));
                         reload->on_done(destroyed_before_reload());
                       });
}

void LivePanel::finish_reload(const std::shared_ptr<Reload>& reload,
                              Result<std::shared_ptr<PanelState>> next) {
  if (phase_ == Phase::kClosing) {
    reload->on_done(destroyed_before_reload());
  } else if (journal_->failure()) {
    reload->on_done(Error(*journal_->failure()));
  } else if (!next.ok()) {
    reload->on_done(std::move(next).take_error());
  } else if (reload->loaded.program->source == program_->source &&
             reload->settings == record_.settings) {
    reload->on_done({});
  } else {
    adopt(reload, std::move(next).take());
  }
  end_turn();
}

// Runs that have started, or wait for their turn, keep what they were started with: their handler,
// extensions and grants. What they write must fit the new state.
void LivePanel::adopt(const std::shared_ptr<Reload>& reload, std::shared_ptr<PanelState> next) {
  last_activity_ = host_.clock.wall();
  storage::Transaction transaction;
  if (journal_->stores()) {
    transaction = begin_transaction();
    for (const auto& [name, due_ms] : triggers_->positions())
      transaction.timers.push_back({name, std::nullopt, {}});
  }
  Life former = exchange_life({reload->loaded.program, std::move(next),
                               reload->loaded.program->source, reload->settings, random_hex(16)});
  if (journal_->stores()) {
    transaction.new_epoch = record_.epoch;
    transaction.source = storage::Source{record_.source, record_.settings};
    transaction.segment = begin_segment_record({});
    transaction.segment->actor = "system";
    transaction.segment->tool = "reload";
    transaction.segment->mutations = pack_state(*state_);
    for (const std::string& key : former.state->keys())
      if (state_->get(key) == nullptr)
        transaction.segment->mutations.push_back({key, std::nullopt});
    for (const auto& [name, due_ms] : triggers_->positions())
      transaction.timers.push_back({name, due_ms, {}});
  }
  journal_->commit(
      std::move(transaction),
      [self = weak_from_this(), reload, former = std::move(former), version = state_->version(),
       connected = connected_frame()](const Result<void>& stored) mutable {
        const auto panel = self.lock();
        if (!panel) return reload->on_done(destroyed_before_reload());
        if (!stored.ok()) {
          // The store still has the former document, and decides what its state is.
          panel->exchange_life(std::move(former));
          return reload->on_done(Error(stored.error()));
        }
        panel->published_ = version;
        panel->window_.clear();
        panel->audience_.send(connected);
        reload->on_done({});
      });
}

LivePanel::Life LivePanel::exchange_life(Life life) {
  Life former{std::exchange(program_, std::move(life.program)),
              std::exchange(state_, std::move(life.state)),
              std::exchange(record_.source, std::move(life.source)),
              std::exchange(record_.settings, std::move(life.settings)),
              std::exchange(record_.epoch, std::move(life.epoch))};
  view_ = nullptr;
  connected_ = nullptr;
  const auto old = std::exchange(triggers_, make_triggers());
  if (old->active()) triggers_->start();
  old->stop();
  return former;
}

void LivePanel::report_source(const std::string& file,
                              const std::vector<nxml::Diagnostic>& diagnostics) {
  auto event = source_event(file, diagnostics, unix_ms(host_.clock.wall()));
  audience_.send(Topic::kEvents, encode_event(version(), event));
  const bool broken = std::any_of(diagnostics.begin(), diagnostics.end(), nxml::is_error);
  source_errors_ = broken ? std::optional(std::move(event)) : std::nullopt;
}

}  // namespace nexus::panel
