#include "nexus/panel/workspace.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "nexus/base/random.h"
#include "nexus/panel/check.h"
#include "nexus/panel/faults.h"
#include "nexus/panel/panel.h"
#include "nexus/panel/previews.h"
#include "nexus/panel/program.h"
#include "nexus/panel/run_log.h"
#include "nexus/panel/stored.h"

namespace nexus::panel {
namespace {

using Created = std::variant<Panel*, CreateError>;
using CreateDone = std::function<void(Created)>;

constexpr std::uint16_t kNormalClosure = 1000;  // RFC 6455 section 7.4.1
constexpr std::size_t kMaxIdBytes = 64;

// ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ (design.md section 4).
bool is_panel_id(std::string_view id) {
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return !id.empty() && id.size() <= kMaxIdBytes && alphanumeric(id.front()) &&
         std::all_of(id.begin(), id.end(),
                     [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

Error no_panel(std::string_view id) {
  return {ErrorCode::kPanelNotFound, fmt::format("there is no panel \"{}\"", id)};
}

CreateError refuse(ErrorCode code, std::string message) {
  return {Error{code, std::move(message)}, {}};
}

// Gives `loaded` what of the stored state its declarations take, and computed values that go with it.
Result<void> fit_state(LoadedPanel& loaded, const storage::StoredPanel& stored, engine::Engine& engine) {
  NX_TRY(auto values, unpack_state(stored.state));
  NX_TRY_VOID(loaded.store.take_over(std::move(values), stored.record.version));
  PanelState state(std::move(loaded.store), loaded.program->computed, stored.record.id);
  NX_TRY_VOID(state.seed(engine));
  loaded.store = std::move(state).take_store();
  return {};
}


class LoopWorkspace : public Workspace {
 public:
  LoopWorkspace(PanelHost host, const extension::Registry& extensions)
      : host_(std::move(host)),
        extensions_(extensions),
        previews_(host_.segments.loop, host_.settings.preview_grace,
                  [this](const std::string& id) { destroy(id, [](const Result<void>&) {}); }),
        tenants_(host_.segments.loop, host_.segments.executor, host_.settings) {
    host_.tenants = &tenants_;
  }

  void create(CreateRequest request, CreateDone done) override;
  void recover(std::function<void(Result<Recovered>)> done) override;
  void lose(const std::string& panel_id, const Error& error) override;
  void check(std::string source, std::function<void(Result<std::string>)> done) override;
  Panel* find(std::string_view id) override;
  void settle(std::string_view panel_id, std::function<void(Result<void>)> done) override;
  void keep_entry(std::string_view panel_id, storage::StateChange entry,
                  std::function<void(Result<void>)> done) override;
  std::vector<Panel*> list() override;
  const std::map<std::string, Unloaded, std::less<>>& unloaded() const override { return unloaded_; }
  Traffic traffic() const override;
  void destroy(std::string_view id, std::function<void(Result<void>)> done) override;
  void shutdown(std::uint16_t code, std::string_view reason, std::function<void()> done) override;

 private:
  using PanelPtr = std::shared_ptr<LivePanel>;
  // A document being read, checked and compiled.
  struct Load {
    CreateRequest request;
    CreateDone done;
    std::optional<std::variant<LoadedPanel, CreateError>> result;
  };

  // The stored panels on their way back.
  struct Recovery {
    std::function<void(Result<Recovered>)> done;
    std::vector<std::string> ids;  // in order of creation
    std::vector<PanelPtr> panels;  // at the places of their ids
    std::vector<std::optional<storage::StoredPanel>> stored;
    std::vector<Unloaded> unloaded;  // of those whose panels are missing
    std::size_t left = 0;
  };
  void load_stored(const std::shared_ptr<Recovery>& recovery, std::size_t place);
  // As load_panel(), of a panel that was stored. Any thread that may enter the sandbox.
  static std::variant<LoadedPanel, CreateError> load_again(const storage::PanelRecord& record,
                                                           const Settings& settings,
                                                           engine::Engine& engine,
                                                           const extension::Registry& extensions);
  void take_stored(const std::shared_ptr<Recovery>& recovery, std::size_t place,
                   Result<storage::StoredPanel> stored,
                   std::optional<std::variant<LoadedPanel, CreateError>> loaded);
  void finish_recovery(Recovery& recovery);
  void forget_fault(const std::string& id);
  void report_fault(const std::string& id, const storage::PanelRecord& record, const CreateError& error) const;
  storage::PanelRecord make_record(std::string id, const CreateRequest& request,
                                   const nxml::Document& document) const;
  void add(const PanelPtr& panel);
  bool repeats(const CreateRequest& request, CreateDone& done);
  std::optional<CreateError> check_request(const CreateRequest& request);
  std::optional<CreateError> check_room(const std::string& owner) const;
  bool submit_load(const std::shared_ptr<Load>& load);
  void finish_load(const std::shared_ptr<Load>& load);
  std::variant<std::string, CreateError> choose_id(const CreateRequest& request,
                                                   const nxml::Document& document) const;
  bool replaces(const CreateRequest& request, const std::string& id) const;
  bool replaces_preview(const CreateRequest& request) const;
  static std::string settings_of(const CreateRequest& request);
  bool load_with_settings(const std::string& settings, const std::shared_ptr<Load>& load);
  void reload(LivePanel& panel, const std::shared_ptr<Load>& load);
  void take_over_unloaded(const std::string& id, const std::shared_ptr<Load>& load);
  void take_over_stored(const std::string& id, const std::shared_ptr<Load>& load,
                        Result<storage::StoredPanel> stored);
  void forget_unloaded(const std::string& id, std::function<void(Result<void>)> done);
  void create_panel(const PanelPtr& panel, CreateDone done);
  bool taken(std::string_view id) const;
  CreateError exists(const std::string& id, const std::string& owner) const;
  void end_panel(const PanelPtr& panel, LivePanel::Farewell farewell, std::uint16_t code,
                 std::string_view reason, std::function<void()> done);
  void drop(std::string id, std::function<void(Result<void>)> done);
  void forget_later(const PanelPtr& panel);
  void report_end();

  PanelHost host_;
  const extension::Registry& extensions_;
  Previews previews_;
  Tenants tenants_;

  std::vector<PanelPtr> panels_;  // in order of creation
  std::map<std::string, LivePanel*, std::less<>> by_id_;
  std::vector<PanelPtr> ending_;  // destroyed, until their last run has ended
  std::map<std::string, Unloaded, std::less<>> unloaded_;
  std::size_t loading_ = 0;

  // Requests with a key: those under way, with who waits for them, and the panels that others made.
  using OwnedKey = std::pair<std::string, std::string>;  // the owner, and the key
  struct Keyed {
    std::string request_hash;
    std::vector<CreateDone> waiters;
  };
  std::map<OwnedKey, Keyed> creating_;
  std::map<OwnedKey, LivePanel*> created_;

  bool shutting_down_ = false;
  std::function<void()> on_shut_down_;

  // Lets what is posted find out that the workspace is gone.
  const std::shared_ptr<LoopWorkspace*> self_ = std::make_shared<LoopWorkspace*>(this);
};

// --- Creation

void LoopWorkspace::create(CreateRequest request, CreateDone done) {
  // A preview goes on with the next version of its document, and nothing of it is stored.
  if (request.preview) {
    request.may_replace = [this](const std::string& id) { return previews_.contains(id); };
    request.durability = storage::Durability::kNone;
  }
  if (request.key && repeats(request, done)) return;
  auto load = std::make_shared<Load>(Load{std::move(request), std::move(done), {}});
  const auto answer = [this, load](CreateError error) {
    host_.segments.loop.post([load, error = std::move(error)] { load->done(error); });
  };
  if (auto error = check_request(load->request)) return answer(std::move(*error));
  if (!submit_load(load))
    answer(refuse(ErrorCode::kResourceLimit, "the server is busy; try again later"));
}

// False when the executor has no room.
bool LoopWorkspace::submit_load(const std::shared_ptr<Load>& load) {
  const std::weak_ptr<LoopWorkspace*> self = self_;
  const bool accepted = host_.loads.submit([load, self, &host = host_.segments,
                                            &settings = host_.settings,
                                            &extensions = extensions_]() mutable {
    load->result = load_panel(load->request, settings, host.engine, extensions);
    // Handed back whole: what the load holds belongs to the loop and ends there.
    host.loop.post([load = std::move(load), self = std::move(self)] {
      if (const auto workspace = self.lock()) (*workspace)->finish_load(load);
    });
  });
  if (accepted) ++loading_;
  return accepted;
}

// Whether a request with this key came before: then it is answered as that one is. Else `done`
// becomes the answer to all who send it while it is under way.
bool LoopWorkspace::repeats(const CreateRequest& request, CreateDone& done) {
  const OwnedKey name{request.owner, request.key->key};
  const std::string& hash = request.key->request_hash;
  const auto under_way = creating_.find(name);
  if (under_way != creating_.end() && under_way->second.request_hash == hash) {
    under_way->second.waiters.push_back(std::move(done));
    return true;
  }
  const auto made = created_.find(name);
  if (made != created_.end() && made->second->creation_key()->request_hash == hash) {
    host_.segments.loop.post([self = std::weak_ptr(self_), done, id = made->second->id()] {
      const auto workspace = self.lock();
      Panel* const panel = workspace ? (*workspace)->find(id) : nullptr;
      if (panel != nullptr) return done(panel);
      done(refuse(ErrorCode::kCancelled, "the panel has been destroyed"));
    });
    return true;
  }
  if (under_way != creating_.end() || made != created_.end()) {
    host_.segments.loop.post(
        [done, error = other_request(name.second)] { done(CreateError{error, {}}); });
    return true;
  }
  creating_[name] = {hash, {std::move(done)}};
  done = [self = std::weak_ptr(self_), name](const Created& outcome) {
    const auto workspace = self.lock();
    if (!workspace) return;
    const auto ended = (*workspace)->creating_.extract(name);
    for (const CreateDone& waiter : ended.mapped().waiters) waiter(outcome);
  };
  return false;
}

std::optional<CreateError> LoopWorkspace::check_request(const CreateRequest& request) {
  if (shutting_down_) return refuse(ErrorCode::kUnavailable, "the server is shutting down");
  // What may be no new panel is looked at again when its id is known.
  if (!request.may_replace)
    if (auto error = check_room(request.owner)) return error;
  if (request.preview && !replaces_preview(request) && !previews_.make_room(request.owner))
    return refuse(ErrorCode::kResourceLimit, "too many previews are open; close a playground and try again");
  if (!request.panel_id) return std::nullopt;
  if (!is_panel_id(*request.panel_id))
    return refuse(
        ErrorCode::kInvalidArgument,
        "panelId must be 1 to 64 letters, digits, '.', '_' and '-', and start with a letter "
        "or a digit");
  if (!request.may_replace && taken(*request.panel_id))
    return exists(*request.panel_id, request.owner);
  return std::nullopt;
}

// In the server, and in the owner's part of it.
std::optional<CreateError> LoopWorkspace::check_room(const std::string& owner) const {
  const auto refuse_one_more = [this](std::string_view of, std::uint32_t limit) {
    ++host_.traffic->refused_panels;
    return refuse(ErrorCode::kResourceLimit, fmt::format("too many panels{}: limit {}", of, limit));
  };
  const Settings& settings = host_.settings;
  if (panels_.size() + ending_.size() + loading_ >= settings.max_panels)
    return refuse_one_more("", settings.max_panels);
  const auto owned = std::count_if(panels_.begin(), panels_.end(),
                                   [&](const PanelPtr& panel) { return panel->owner() == owner; });
  if (static_cast<std::size_t>(owned) >= settings.max_panels_per_owner)
    return refuse_one_more(" of this workspace", settings.max_panels_per_owner);
  return std::nullopt;
}

void LoopWorkspace::finish_load(const std::shared_ptr<Load>& load) {
  --loading_;
  const CreateRequest& request = load->request;
  if (shutting_down_) {
    load->done(refuse(ErrorCode::kUnavailable, "the server is shutting down"));
    return report_end();
  }
  if (auto* error = std::get_if<CreateError>(&*load->result)) {
    log_refused_load(request.panel_id.value_or("new"), error->diagnostics, *host_.refusals);
    return load->done(std::move(*error));
  }
  auto& loaded = std::get<LoadedPanel>(*load->result);
  auto id = choose_id(request, *loaded.program->document);
  if (auto* error = std::get_if<CreateError>(&id)) return load->done(std::move(*error));
  const auto& chosen = std::get<std::string>(id);
  if (replaces(request, chosen)) {
    if (const auto live = by_id_.find(chosen); live != by_id_.end())
      return reload(*live->second, load);
    return take_over_unloaded(chosen, load);
  }
  // Checked again, since other loads came between.
  if (taken(chosen)) return load->done(exists(chosen, request.owner));
  if (auto error = check_room(request.owner)) return load->done(std::move(*error));
  auto record = make_record(chosen, request, *loaded.program->document);
  auto panel = std::make_shared<LivePanel>(std::move(record), std::move(loaded), host_);
  add(panel);
  if (request.preview) previews_.add(panel);
  create_panel(panel, std::move(load->done));
}

storage::PanelRecord LoopWorkspace::make_record(std::string id, const CreateRequest& request,
                                                const nxml::Document& document) const {
  storage::PanelRecord record;
  record.id = std::move(id);
  record.workspace_id = request.owner;
  record.source = request.source;
  record.settings = settings_of(request);
  record.durability = request.durability.value_or(
      storage::parse_durability(document.meta.durability.value_or(""))
          .value_or(storage::Durability::kCommit));
  record.epoch = random_hex(16);
  record.created_ms = unix_ms(host_.clock.wall());
  record.updated_ms = record.created_ms;
  return record;
}

void LoopWorkspace::add(const PanelPtr& panel) {
  panels_.push_back(panel);
  by_id_.emplace(panel->id(), panel.get());
  if (const auto& key = panel->creation_key())
    created_.insert_or_assign({panel->owner(), key->key}, panel.get());
}

// The client's id, else the document's, else the default one, else a random one.
std::variant<std::string, CreateError> LoopWorkspace::choose_id(
    const CreateRequest& request, const nxml::Document& document) const {
  std::string id = request.panel_id.value_or(document.meta.id.value_or(request.default_id));
  if (id.empty()) {
    do id = "panel_" + random_hex(8);
    while (taken(id));
  }
  if (!is_panel_id(id))
    return refuse(
        ErrorCode::kInvalidArgument,
        "the id of the NexusPanel must be 1 to 64 letters, digits, '.', '_' and '-', and start "
        "with a letter or a digit");
  return id;
}

bool LoopWorkspace::replaces_preview(const CreateRequest& request) const {
  return request.panel_id && previews_.contains(*request.panel_id);
}

bool LoopWorkspace::replaces(const CreateRequest& request, const std::string& id) const {
  if (!request.may_replace) return false;
  const auto live = by_id_.find(id);
  const auto stored = unloaded_.find(id);
  const bool own = live != by_id_.end() ? live->second->owner() == request.owner
                                        : stored != unloaded_.end() && stored->second.owner == request.owner;
  return own && request.may_replace(id);
}

// Loads the document once more with what the panel was given besides its former one. Whether it does.
bool LoopWorkspace::load_with_settings(const std::string& settings, const std::shared_ptr<Load>& load) {
  CreateRequest& request = load->request;
  if (request.kept_extensions) return false;
  auto kept = unpack_settings(settings);
  if (!kept.ok()) return false;
  const bool more = (request.extensions.empty() && !kept->extensions.empty()) ||
                    (!request.grants && kept->grants) || (!request.key && kept->key);
  if (!more) return false;
  if (request.extensions.empty()) request.extensions = std::move(kept->extensions);
  if (!request.grants) request.grants = std::move(kept->grants);
  if (!request.key) request.key = std::move(kept->key);
  request.kept_extensions = true;
  if (!submit_load(load))
    load->done(refuse(ErrorCode::kResourceLimit, "the server is busy; try again later"));
  return true;
}

std::string LoopWorkspace::settings_of(const CreateRequest& request) {
  return pack_settings({request.extensions, request.grants, request.key});
}

void LoopWorkspace::reload(LivePanel& panel, const std::shared_ptr<Load>& load) {
  if (load_with_settings(panel.settings(), load)) return;
  const std::weak_ptr<LoopWorkspace*> self = self_;
  panel.reload(std::move(std::get<LoadedPanel>(*load->result)), settings_of(load->request),
               [self, id = panel.id(), done = std::move(load->done)](Result<void> reloaded) {
    if (!reloaded.ok()) return done(CreateError{std::move(reloaded).take_error(), {}});
    const auto workspace = self.lock();
    Panel* const live = workspace ? (*workspace)->find(id) : nullptr;
    if (live != nullptr) return done(live);
    done(refuse(ErrorCode::kCancelled, "the panel was destroyed while it was being reloaded"));
  });
}

void LoopWorkspace::create_panel(const PanelPtr& panel, CreateDone done) {
  const std::weak_ptr<LoopWorkspace*> self = self_;
  panel->create([self, weak = std::weak_ptr(panel), done = std::move(done)](Result<void> made) {
    const auto workspace = self.lock();
    const auto created = weak.lock();
    if (!workspace || !created || (*workspace)->find(created->id()) != created.get())
      return done(
          refuse(ErrorCode::kCancelled, "the panel was destroyed while it was being created"));
    if (made.ok()) return done(created.get());
    (*workspace)->end_panel(created, LivePanel::Farewell::kAtOnce, kNormalClosure,
                            "panel not stored", [] {});
    done(CreateError{std::move(made).take_error(), {}});
  });
}

// --- Recovery

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
  for (std::size_t place = 0; place < recovery->ids.size(); ++place)
    load_stored(recovery, place);
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
                                            &settings = host_.settings,
                                            &extensions = extensions_] {
    struct Found {
      Result<storage::StoredPanel> stored;
      std::optional<std::variant<LoadedPanel, CreateError>> loaded;
    };
    auto found = std::make_shared<Found>(Found{store.load(id), {}});
    if (found->stored.ok())
      found->loaded = load_again(found->stored->record, settings, host.engine, extensions);
    host.loop.post([self, recovery, place, found] {
      if (const auto workspace = self.lock())
        (*workspace)->take_stored(recovery, place, std::move(found->stored),
                                  std::move(found->loaded));
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
    recovery->unloaded[place] = {
        record.workspace_id.empty() ? std::string(kDefaultOwner) : record.workspace_id, error.error};
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

void LoopWorkspace::report_fault(const std::string& id, const storage::PanelRecord& record, const CreateError& error) const {
  if (host_.settings.faults == nullptr) return;
  std::string owner = record.workspace_id.empty() ? std::string(kDefaultOwner) : record.workspace_id;
  host_.settings.faults->set("store " + id, {id, std::move(owner), {}, record.source, error.to_diagnostics()});
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

// What the store has of the panel is read where reading may block, and where computed values can be made.
void LoopWorkspace::take_over_unloaded(const std::string& id, const std::shared_ptr<Load>& load) {
  const std::weak_ptr<LoopWorkspace*> self = self_;
  const bool accepted = host_.loads.submit([self, id, load, &store = *host_.store,
                                            &host = host_.segments]() mutable {
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
  auto panel = std::make_shared<LivePanel>(
      std::move(record), std::move(std::get<LoadedPanel>(*load->result)), host_);
  forget_fault(id);
  add(panel);
  const std::weak_ptr<LoopWorkspace*> self = self_;
  panel->take_over(std::move(stored).take(), [self, id, owner = load->request.owner, weak = std::weak_ptr(panel),
                                       done = std::move(load->done)](Result<void> taken) {
    const auto workspace = self.lock();
    const auto live = weak.lock();
    if (!workspace || !live || (*workspace)->find(id) != live.get())
      return done(refuse(ErrorCode::kCancelled, "the panel was destroyed while it was being loaded"));
    if (taken.ok()) return done(live.get());
    (*workspace)->end_panel(live, LivePanel::Farewell::kAtOnce, kNormalClosure, "panel not stored", [] {});
    (*workspace)->unloaded_.emplace(id, Unloaded{owner, taken.error()});
    done(CreateError{std::move(taken).take_error(), {}});
  });
}

void LoopWorkspace::forget_unloaded(const std::string& id, std::function<void(Result<void>)> done) {
  drop(id, [self = std::weak_ptr(self_), id, done = std::move(done)](Result<void> dropped) {
    if (const auto workspace = self.lock(); workspace && dropped.ok()) (*workspace)->forget_fault(id);
    done(std::move(dropped));
  });
}

// --- Checks

// On the threads of loads: a check takes as long as one, and waits its turn with them.
void LoopWorkspace::check(std::string source, std::function<void(Result<std::string>)> done) {
  struct Check {
    std::string source;
    std::function<void(Result<std::string>)> done;
    std::string report;
  };
  auto check = std::make_shared<Check>(Check{std::move(source), std::move(done), {}});
  const bool accepted = host_.loads.submit([check, &host = host_.segments,
                                            &settings = host_.settings,
                                            &extensions = extensions_]() mutable {
    check->report = check_document(check->source, settings, host.engine, extensions);
    host.loop.post([check = std::move(check)] { check->done(std::move(check->report)); });
  });
  if (accepted) return;
  host_.segments.loop.post([check] {
    check->done(Error{ErrorCode::kResourceLimit, "the server is busy; try again later"});
  });
}

// --- Look-up

void LoopWorkspace::settle(std::string_view panel_id, std::function<void(Result<void>)> done) {
  const auto found = by_id_.find(panel_id);
  if (found == by_id_.end()) return done(no_panel(panel_id));
  found->second->settle(std::move(done));
}

void LoopWorkspace::keep_entry(std::string_view panel_id, storage::StateChange entry,
                               std::function<void(Result<void>)> done) {
  const auto found = by_id_.find(panel_id);
  if (found == by_id_.end()) return done(no_panel(panel_id));
  found->second->keep_entry(std::move(entry), std::move(done));
}

Panel* LoopWorkspace::find(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<Panel*> LoopWorkspace::list() {
  std::vector<Panel*> all;
  for (const auto& panel : panels_)
    if (!previews_.contains(panel->id())) all.push_back(panel.get());
  return all;
}

Traffic LoopWorkspace::traffic() const {
  Traffic now = *host_.traffic;
  tenants_.count(now);
  return now;
}

// A panel that is ending keeps its id, so that a new one never meets its last words.
bool LoopWorkspace::taken(std::string_view id) const {
  return by_id_.contains(id) || unloaded_.contains(id) || std::any_of(ending_.begin(), ending_.end(),
                                            [&](const auto& panel) { return panel->id() == id; });
}

CreateError LoopWorkspace::exists(const std::string& id, const std::string& owner) const {
  const auto stored = unloaded_.find(id);
  if (stored == unloaded_.end() || stored->second.owner != owner)
    return refuse(ErrorCode::kPanelExists, fmt::format("a panel with the id \"{}\" exists", id));
  return refuse(ErrorCode::kPanelExists,
                fmt::format("a panel with the id \"{}\" is stored and could not be loaded ({}); destroy "
                            "it, or put its file right",
                            id, stored->second.error.message));
}

// --- The end

void LoopWorkspace::destroy(std::string_view id, std::function<void(Result<void>)> done) {
  const auto found = std::find_if(panels_.begin(), panels_.end(),
                                  [&](const auto& panel) { return panel->id() == id; });
  if (found == panels_.end() && unloaded_.contains(id)) return forget_unloaded(std::string(id), std::move(done));
  if (found == panels_.end()) {
    Error error = no_panel(id);
    host_.segments.loop.post(
        [done = std::move(done), error = std::move(error)] { done(Error(error)); });
    return;
  }
  const bool stored = (*found)->is_stored();
  end_panel(PanelPtr(*found), LivePanel::Farewell::kUnmount, kNormalClosure, "panel destroyed",
            [this, stored, id = std::string(id), done = std::move(done)]() mutable {
              extensions_.forget_panel(id);
              if (!stored) return done({});
              drop(std::move(id), std::move(done));
            });
}

void LoopWorkspace::drop(std::string id, std::function<void(Result<void>)> done) {
  host_.store->drop(std::move(id), [done = std::move(done),
                                    &loop = host_.segments.loop](Result<void> dropped) {
    // One that could not be stored in the first place is gone all the same.
    const bool gone = dropped.ok() || dropped.error().code == ErrorCode::kPanelNotFound;
    loop.post([done, error = gone ? std::nullopt : std::optional(dropped.error())] {
      done(error ? Result<void>(*error) : Result<void>());
    });
  });
}

void LoopWorkspace::shutdown(std::uint16_t code, std::string_view reason,
                             std::function<void()> done) {
  shutting_down_ = true;
  on_shut_down_ = std::move(done);
  const std::vector<PanelPtr> ending = ending_;
  for (const auto& panel : ending)
    panel->close(LivePanel::Farewell::kAtOnce, code, std::string(reason), [] {});
  const std::vector<PanelPtr> open = panels_;
  for (const auto& panel : open)
    end_panel(panel, LivePanel::Farewell::kAtOnce, code, reason, [] {});
  report_end();
}

void LoopWorkspace::end_panel(const PanelPtr& panel, LivePanel::Farewell farewell,
                              std::uint16_t code, std::string_view reason,
                              std::function<void()> done) {
  by_id_.erase(panel->id());
  std::erase_if(created_, [&](const auto& entry) { return entry.second == panel.get(); });
  std::erase(panels_, panel);
  ending_.push_back(panel);
  panel->close(farewell, code, std::string(reason),
               [this, weak = std::weak_ptr(panel), done = std::move(done)] {
                 if (const auto ended = weak.lock()) forget_later(ended);
                 done();
               });
}

// Not at once: this is called from inside the panel.
void LoopWorkspace::forget_later(const PanelPtr& panel) {
  host_.segments.loop.post([self = std::weak_ptr(self_), panel] {
    const auto workspace = self.lock();
    if (!workspace) return;
    std::erase((*workspace)->ending_, panel);
    (*workspace)->report_end();
  });
}

void LoopWorkspace::report_end() {
  if (!shutting_down_ || loading_ > 0 || !panels_.empty() || !ending_.empty()) return;
  if (const auto done = std::exchange(on_shut_down_, nullptr)) host_.segments.loop.post(done);
}

}  // namespace

std::unique_ptr<Workspace> create_workspace(loop::Loop& loop, const Executors& executors,
                                            engine::Engine& engine, extension::Registry& extensions,
                                            const Clock& clock, Settings settings,
                                            storage::Store* store) {
  return std::make_unique<LoopWorkspace>(
      PanelHost{{loop, executors.segments, engine, settings.recorder},
                executors.loads,
                clock,
                std::move(settings),
                store},
      extensions);
}

}  // namespace nexus::panel
