#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nexus/panel/panel.h"
#include "nexus/panel/previews.h"
#include "nexus/panel/program.h"
#include "nexus/panel/tenants.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

using Created = std::variant<Panel*, CreateError>;
using CreateDone = std::function<void(Created)>;

constexpr std::uint16_t kNormalClosure = 1000;  // RFC 6455 section 7.4.1

// Why a panel is not created that has no mistake of its own.
CreateError refuse(ErrorCode code, std::string message);

// The workspace on a loop (create_workspace()).
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
  const std::map<std::string, Unloaded, std::less<>>& unloaded() const override {
    return unloaded_;
  }
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
  void report_fault(const std::string& id, const storage::PanelRecord& record,
                    const CreateError& error) const;
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

}  // namespace nexus::panel
