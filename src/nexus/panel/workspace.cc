#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "nexus/base/random.h"
#include "nexus/panel/check.h"
#include "nexus/panel/loop_workspace_internal.h"
#include "nexus/panel/run_log.h"
#include "nexus/panel/stored.h"

namespace nexus::panel {
namespace {

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

}  // namespace

CreateError refuse(ErrorCode code, std::string message) {
  return {Error{code, std::move(message)}, {}};
}

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

std::unique_ptr<Workspace> create_workspace(loop::Loop& loop, const Executors& executors,
                                            engine::Engine& engine, extension::Registry& extensions,
                                            const Clock& clock, Settings settings,
                                            storage::Store* store) {
  return std::make_unique<LoopWorkspace>(
      PanelHost{{loop, executors.segments, engine, settings.recorder, settings.on_segment},
                executors.loads,
                clock,
                std::move(settings),
                store},
      extensions);
}

}  // namespace nexus::panel
