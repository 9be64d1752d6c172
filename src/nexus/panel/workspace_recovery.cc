// How stored panels come back at a start, and what becomes of those that cannot.
#include <spdlog/spdlog.h>

#include "nexus/panel/faults.h"
#include "nexus/panel/loop_workspace_internal.h"
#include "nexus/panel/stored.h"

namespace nexus::panel {
namespace {

// Gives `loaded` what of the stored state its declarations take, and computed values that go with
// it.
Result<void> fit_state(LoadedPanel& loaded, const storage::StoredPanel& stored,
                       engine::Engine& engine) {
  NX_TRY(auto values, unpack_state(stored.state));
  NX_TRY_VOID(loaded.store.take_over(std::move(values), stored.record.version));
  PanelState state(std::move(loaded.store), loaded.program->computed, stored.record.id);
  NX_TRY_VOID(state.seed(engine));
  loaded.store = std::move(state).take_store();
  return {};
}

// Of a panel that could not be read, too.
std::string owner_of(const storage::PanelRecord& record) {
  return record.workspace_id.empty() ? std::string(kDefaultOwner) : record.workspace_id;
}

}  // namespace

void LoopWorkspace::recover(std::function<void(Result<Recovered>)> done) {
  auto recovery = std::make_shared<Recovery>();
  recovery->done = std::move(done);
  if (host_.store == nullptr) return finish_recovery(*recovery);
  auto ids = host_.store->panels();
  if (!ids.ok()) return recovery->done(std::move(ids).take_error());
  recovery->ids = std::move(ids).take();
  recovery->left = recovery->ids.size();
  recovery->panels.resize(recovery->ids.size());
  recovery->stored.resize(recovery->ids.size());
  recovery->unloaded.resize(recovery->ids.size());
  if (recovery->ids.empty()) return finish_recovery(*recovery);
  for (std::size_t place = 0; place < recovery->ids.size(); ++place) load_stored(recovery, place);
}

std::variant<LoadedPanel, CreateError> LoopWorkspace::load_again(
    const storage::PanelRecord& record, const Settings& settings, engine::Engine& engine,
    const extension::Registry& extensions) {
  CreateRequest request{record.source, record.id, {}, record.workspace_id};
  auto given = unpack_settings(record.settings);
  if (!given.ok()) return CreateError{std::move(given).take_error(), {}};
  request.extensions = std::move(given->extensions);
  request.grants = std::move(given->grants);
  request.kept_extensions = true;
  return load_panel(request, settings, engine, extensions);
}

void LoopWorkspace::load_stored(const std::shared_ptr<Recovery>& recovery, std::size_t place) {
  const std::weak_ptr<LoopWorkspace*> self = self_;
  const bool accepted = host_.loads.submit([self, recovery, place, id = recovery->ids[place],
                                            &store = *host_.store, &host = host_.segments,
                                            &settings = host_.settings, &extensions = extensions_] {
    struct Found {
      Result<storage::StoredPanel> stored;
      std::optional<std::variant<LoadedPanel, CreateError>> loaded;
    };
    auto found = std::make_shared<Found>(Found{store.load(id), {}});
    if (found->stored.ok())
      found->loaded = load_again(found->stored->record, settings, host.engine, extensions);
    host.loop.post([self, recovery, place, found] {
      if (const auto workspace = self.lock())
        (*workspace)
            ->take_stored(recovery, place, std::move(found->stored), std::move(found->loaded));
    });
  });
  // Only the bound on what may wait refuses: the rest comes when there is room.
  if (!accepted)
    host_.segments.loop.post([self, recovery, place] {
      if (const auto workspace = self.lock()) (*workspace)->load_stored(recovery, place);
    });
}

void LoopWorkspace::take_stored(const std::shared_ptr<Recovery>& recovery, std::size_t place,
                                Result<storage::StoredPanel> stored,
                                std::optional<std::variant<LoadedPanel, CreateError>> loaded) {
  const std::string& id = recovery->ids[place];
  const auto fail = [&](const CreateError& error) {
    const storage::PanelRecord record = stored.ok() ? stored->record : storage::PanelRecord{};
    spdlog::error("panel={} is stored but cannot be loaded, and stays as it is: {}", id,
                  error.error.message);
    report_fault(id, record, error);
    recovery->unloaded[place] = {owner_of(record), error.error};
  };
  if (!stored.ok()) {
    fail({stored.error(), {}});
  } else if (auto* error = std::get_if<CreateError>(&*loaded)) {
    fail(*error);
  } else {
    auto& panel = std::get<LoadedPanel>(*loaded);
    auto values = unpack_state(stored->state);
    auto restored = values.ok()
                        ? panel.store.restore(std::move(values).take(), stored->record.version)
                        : Result<void>(values.error());
    if (restored.ok()) {
      recovery->panels[place] =
          std::make_shared<LivePanel>(stored->record, std::move(panel), host_);
      recovery->stored[place] = std::move(stored).take();
    } else {
      fail({restored.error(), {}});
    }
  }
  if (--recovery->left == 0) finish_recovery(*recovery);
}

// Of one that cannot be read not even the owner is known.
void LoopWorkspace::forget_fault(const std::string& id) {
  unloaded_.erase(id);
  if (host_.settings.faults != nullptr) host_.settings.faults->clear("store " + id);
}

void LoopWorkspace::report_fault(const std::string& id, const storage::PanelRecord& record,
                                 const CreateError& error) const {
  if (host_.settings.faults == nullptr) return;
  host_.settings.faults->set("store " + id,
                             {id, owner_of(record), {}, record.source, error.to_diagnostics()});
}

void LoopWorkspace::finish_recovery(Recovery& recovery) {
  Recovered recovered;
  for (std::size_t i = 0; i < recovery.ids.size(); ++i) {
    if (recovery.panels[i] == nullptr) {
      ++recovered.failed;
      unloaded_.emplace(recovery.ids[i], std::move(recovery.unloaded[i]));
      continue;
    }
    ++recovered.panels;
    recovered.runs += recovery.stored[i]->suspended.size();
    add(recovery.panels[i]);
    recovery.panels[i]->go_on(std::move(*recovery.stored[i]));
  }
  recovery.done(recovered);
}

void LoopWorkspace::lose(const std::string& panel_id, const Error& error) {
  if (const auto found = by_id_.find(panel_id); found != by_id_.end()) found->second->lose(error);
}

// --- Stored panels that could not be loaded

// What the store has of the panel is read where reading may block, and where computed values can be
// made.
void LoopWorkspace::take_over_unloaded(const std::string& id, const std::shared_ptr<Load>& load) {
  const std::weak_ptr<LoopWorkspace*> self = self_;
  const bool accepted =
      host_.loads.submit([self, id, load, &store = *host_.store, &host = host_.segments]() mutable {
        auto stored = std::make_shared<Result<storage::StoredPanel>>(store.load(id));
        auto& loaded = std::get<LoadedPanel>(*load->result);
        if (stored->ok())
          if (auto fitted = fit_state(loaded, stored->value(), host.engine); !fitted.ok())
            *stored = std::move(fitted).take_error();
        host.loop.post([self, id, load = std::move(load), stored] {
          if (const auto workspace = self.lock())
            (*workspace)->take_over_stored(id, load, std::move(*stored));
        });
      });
  if (!accepted)
    return load->done(refuse(ErrorCode::kResourceLimit, "the server is busy; try again later"));
  ++loading_;
}

void LoopWorkspace::take_over_stored(const std::string& id, const std::shared_ptr<Load>& load,
                                     Result<storage::StoredPanel> stored) {
  --loading_;
  if (shutting_down_) {
    load->done(refuse(ErrorCode::kUnavailable, "the server is shutting down"));
    return report_end();
  }
  if (!stored.ok()) return load->done(CreateError{std::move(stored).take_error(), {}});
  if (!unloaded_.contains(id)) return load->done(exists(id, load->request.owner));
  if (load_with_settings(stored->record.settings, load)) return;
  storage::PanelRecord record = stored->record;
  record.source = load->request.source;
  record.settings = settings_of(load->request);
  auto panel = std::make_shared<LivePanel>(std::move(record),
                                           std::move(std::get<LoadedPanel>(*load->result)), host_);
  forget_fault(id);
  add(panel);
  const std::weak_ptr<LoopWorkspace*> self = self_;
  panel->take_over(std::move(stored).take(), [self, id, owner = load->request.owner,
                                              weak = std::weak_ptr(panel),
                                              done = std::move(load->done)](Result<void> taken) {
    const auto workspace = self.lock();
    const auto live = weak.lock();
    if (!workspace || !live || (*workspace)->find(id) != live.get())
      return done(
          refuse(ErrorCode::kCancelled, "the panel was destroyed while it was being loaded"));
    if (taken.ok()) return done(live.get());
    (*workspace)
        ->end_panel(live, LivePanel::Farewell::kAtOnce, kNormalClosure, "panel not stored", [] {});
    (*workspace)->unloaded_.emplace(id, Unloaded{owner, taken.error()});
    done(CreateError{std::move(taken).take_error(), {}});
  });
}

void LoopWorkspace::forget_unloaded(const std::string& id, std::function<void(Result<void>)> done) {
  drop(id, [self = std::weak_ptr(self_), id, done = std::move(done)](Result<void> dropped) {
    if (const auto workspace = self.lock(); workspace && dropped.ok())
      (*workspace)->forget_fault(id);
    done(std::move(dropped));
  });
}

}  // namespace nexus::panel
