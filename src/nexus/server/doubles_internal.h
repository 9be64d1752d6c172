#pragma once

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nexus/panel/workspace.h"
#include "nexus/server/server.h"

// Test doubles of the server's tests: a workspace whose panels do what the test says, and a running
// server.
namespace nexus::server {

class FakePanel final : public panel::Panel {
 public:
  explicit FakePanel(std::string id, std::string owner = "default")
      : id_(std::move(id)), owner_(std::move(owner)) {}

  const std::string& id() const override { return id_; }
  const std::string& owner() const override { return owner_; }
  std::uint64_t version() const override { return version_value; }
  const std::string& epoch() const override { return epoch_; }
  const std::vector<nxml::Diagnostic>& warnings() const override { return warnings_; }
  std::string state_json() const override { return state; }
  void read_state(std::function<void(Result<panel::StateAnswer>)> done) override {
    done(panel::StateAnswer{epoch_, version_value, state});
  }
  std::string info_json() const override { return R"({"id":")" + id_ + R"(","status":"running"})"; }
  const nxml::Meta& meta() const override { return meta_; }
  const std::string& source() const override { return source_; }
  const std::string& ast_json() const override { return ast_; }

  void view(std::function<void(Result<std::string>)> done) override { done(std::string("{}")); }

  // Kept until the test answers it, but for the tools "echo" and "unknown".
  void trigger(panel::TriggerRequest request) override {
    if (request.tool == "unknown")
      return request.on_done(Error{ErrorCode::kToolNotFound, "no tool 'unknown'"});
    if (request.tool != "echo") return open.push_back(std::move(request));
    request.on_done(success(std::move(request.args)));
  }
  void set(panel::SetRequest request) override {
    if (request.path.front().key != "n")
      return request.on_done(Error{ErrorCode::kInvalidArgument, "no such state"});
    ++version_value;
    broadcast(R"({"type":"PATCH"})");
    request.on_done({});
  }
  void report_source(const std::string&, const std::vector<nxml::Diagnostic>&) override {}
  using panel::Panel::attach;
  void execution(const std::string& execution_id, JsonDone done) override {
    if (execution_id == "none") return done(Error{ErrorCode::kNotFound, "no such execution"});
    done(R"({"executionId":")" + execution_id + R"("})");
  }
  void history(std::uint64_t before, std::size_t limit, JsonDone done) override {
    done(R"({"before":)" + std::to_string(before) + R"(,"limit":)" + std::to_string(limit) + "}");
  }
  void state_at(std::uint64_t version, JsonDone done) override {
    done(R"({"at":)" + std::to_string(version) + "}");
  }
  void creation_answer(std::function<std::string(const panel::StateAnswer&)> make,
                       JsonDone done) override {
    if (first_answer.empty()) first_answer = make({epoch(), version(), state_json()});
    done(std::string(first_answer));
  }
  void attach(panel::Client* client, const std::optional<panel::SeenUpTo>& seen) override {
    last_seen = seen;
    clients.push_back(client);
    client->send(panel::make_frame(R"({"type":"CONNECTED","version":7})"));
  }
  void detach(panel::Client* client) override { std::erase(clients, client); }
  // Knows the key "n" only.
  Result<void> subscribe(panel::Client*, const panel::SubscriptionChange& change) override {
    last_change = change;
    for (const std::string& key : change.keys)
      if (key != "n") return Error{ErrorCode::kInvalidArgument, "no such key"};
    return {};
  }

  void broadcast(std::string json) { broadcast(panel::make_frame(std::move(json))); }
  void broadcast(const panel::Frame& frame) {
    for (panel::Client* client : clients) client->send(frame);
  }
  static panel::ExecutionResult success(value::Value returned) {
    panel::ExecutionResult result;
    result.execution_id = "run-1";
    result.outcome.status = engine::Status::kSuccess;
    result.outcome.return_value = std::move(returned);
    result.outcome.has_return_value = true;
    return result;
  }

  std::uint64_t version_value = 7;
  std::string state = R"({"n":1})";
  std::optional<panel::SeenUpTo> last_seen;
  std::vector<panel::Client*> clients;
  std::vector<panel::TriggerRequest> open;
  panel::SubscriptionChange last_change;
  std::string first_answer;

 private:
  const std::string id_;
  const std::string owner_;
  const std::string epoch_ = "e1";
  const nxml::Meta meta_{};
  const std::string source_ = "<NexusPanel title='Tides'/>";
  const std::string ast_ = R"({"kind":"NexusPanel"})";
  const std::vector<nxml::Diagnostic> warnings_;
};

class FakeWorkspace final : public panel::Workspace {
 public:
  // A source "bad" gives a diagnostic; a taken id kPanelExists.
  void create(panel::CreateRequest request,
              std::function<void(std::variant<panel::Panel*, panel::CreateError>)> done) override {
    last_created = request;
    if (request.source == "bad") {
      nxml::Diagnostic diagnostic;
      diagnostic.message = "no NexusPanel";
      return done(
          panel::CreateError{{ErrorCode::kInvalidNxml, "the document has an error"}, {diagnostic}});
    }
    const std::string id = request.panel_id.value_or("made");
    if (find(id)) return done(panel::CreateError{{ErrorCode::kPanelExists, "taken"}, {}});
    done(add(id, request.owner));
  }
  void recover(std::function<void(Result<Recovered>)> done) override { done(Recovered{}); }
  void lose(const std::string&, const Error&) override {}
  void check(std::string source, std::function<void(Result<std::string>)> done) override {
    done(R"({"valid":)" + std::string(source == "bad" ? "false" : "true") + "}");
  }
  void settle(std::string_view, std::function<void(Result<void>)> done) override { done({}); }
  void keep_entry(std::string_view, storage::StateChange, std::function<void(Result<void>)> done) override {
    done({});
  }
  panel::Panel* find(std::string_view id) override {
    const auto found =
        std::find_if(panels.begin(), panels.end(), [&](const auto& p) { return p->id() == id; });
    return found == panels.end() ? nullptr : found->get();
  }
  std::vector<panel::Panel*> list() override {
    std::vector<panel::Panel*> all;
    for (const auto& panel : panels) all.push_back(panel.get());
    return all;
  }
  const std::map<std::string, Unloaded, std::less<>>& unloaded() const override { return broken; }
  void destroy(std::string_view id, std::function<void(Result<void>)> done) override {
    if (const auto fault = broken.find(id); fault != broken.end()) {
      broken.erase(fault);
      return done({});
    }
    auto* const panel = static_cast<FakePanel*>(find(id));
    if (!panel) return done(Error{ErrorCode::kPanelNotFound, "no such panel"});
    for (panel::Client* client : std::exchange(panel->clients, {}))
      client->close(1000, "panel destroyed");
    std::erase_if(panels, [&](const auto& p) { return p.get() == panel; });
    done({});
  }
  void shutdown(std::uint16_t, std::string_view, std::function<void()> done) override { done(); }

  FakePanel* add(const std::string& id, const std::string& owner = "default") {
    panels.push_back(std::make_unique<FakePanel>(id, owner));
    return panels.back().get();
  }

  std::vector<std::unique_ptr<FakePanel>> panels;
  std::map<std::string, Unloaded, std::less<>> broken;
  panel::CreateRequest last_created;
};

// A server on free loopback ports, with one panel "tides", driven by a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(Options options = {}) {
    options.http_port = 0;
    options.ws_port = 0;
    workspace.add("tides");
    Result<std::unique_ptr<Server>> started = Server::start(*loop, workspace, metrics, options);
    server = std::move(started).take();
    http_port = server->http_port();
    ws_port = server->ws_port();
    driver_ = std::thread([this] { loop->run(); });
  }
  ~RunningServer() {
    loop->stop();
    driver_.join();
    server.reset();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  // Runs `task` on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& task) {
    std::promise<void> done;
    loop->post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  // Waits until `condition`, asked on the loop's thread, holds.
  void wait_until(const std::function<bool()>& condition) {
    bool holds = false;
    while (!holds) on_loop([&] { holds = condition(); });
  }
  FakePanel& tides() { return *workspace.panels.front(); }
  std::string metrics_text() {
    std::string text;
    on_loop([&] { text = metrics.text(); });
    return text;
  }

  const std::unique_ptr<loop::Loop> loop = loop::Loop::create();
  metrics::Metrics metrics;
  FakeWorkspace workspace;
  std::unique_ptr<Server> server;
  std::uint16_t http_port = 0;
  std::uint16_t ws_port = 0;

 private:
  std::thread driver_;
};

}  // namespace nexus::server
