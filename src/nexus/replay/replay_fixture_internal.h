#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "nexus/engine/engine.h"
#include "nexus/replay/recorder.h"
#include "nexus/replay/recording.h"
#include "nexus/sandbox/entry.h"

// A real engine and a directory for recordings, for the tests of this folder.
namespace nexus::replay {

// State of a few keys; "whole" takes numbers, which it rounds down.
class MapState : public engine::StateView {
 public:
  const value::Value* get(std::string_view key) const override {
    const auto found = values.find(key);
    return found == values.end() ? nullptr : &found->second;
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> all;
    for (const auto& [key, value] : values) all.push_back(key);
    return all;
  }
  Result<void> check_write(std::string_view key, value::Value* value) const override {
    if (!values.contains(key)) return Error{ErrorCode::kStateError, "there is no " + std::string(key)};
    if (key == "whole" && value != nullptr && value->is_number())
      *value = static_cast<double>(static_cast<std::int64_t>(value->number()));
    return {};
  }

  std::map<std::string, value::Value, std::less<>> values;
};

class ReplayTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scope_ = new sandbox::ThreadScope;
    engine_ = engine::Engine::create({}).take().release();
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete scope_;
  }
  ReplayTest() {
    std::filesystem::remove_all(directory_);
    state_.values = {{"count", value::Value(3)}, {"whole", value::Value(1)}, {"items", value::List{1, 2}}};
  }
  ~ReplayTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Recorder> open_recorder(RecorderOptions options = {}) {
    options.directory = directory_;
    return Recorder::create(std::move(options)).take();
  }
  static engine::RunRequest request(std::string text) {
    engine::RunRequest request;
    request.panel_id = "p";
    request.handler_name = "tool";
    request.source = {std::move(text), {12, 5}};
    request.args = value::Object{{"n", 7}};
    request.scope = value::Object{};
    request.capabilities = capability::GrantSet::everything();
    request.extensions = std::make_shared<const engine::ExtensionMethods>(
        engine::ExtensionMethods{{"api", {"http", {"get"}}}});
    request.limits.timeout = std::chrono::milliseconds{500};
    return request;
  }
  // Records a run whose calls are answered in turn, to its end.
  engine::Outcome record(engine::RunRequest request, const std::vector<engine::AsyncResult>& answers = {},
                         RecorderOptions options = {}) {
    const auto recorder = open_recorder(std::move(options));
    engine::Outcome outcome = execute(*engine_, std::move(request), state_, recorder.get());
    for (const auto& answer : answers) {
      if (outcome.status != engine::Status::kSuspended) break;
      outcome = resume(*engine_, outcome.suspensions.front().id, answer, state_, recorder.get());
    }
    return outcome;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) paths.push_back(entry.path().string());
    std::ranges::sort(paths);
    return paths;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Recording only_recording() const {
    const auto paths = files();
    EXPECT_EQ(paths.size(), 1u);
    return decode_recording(read(paths.at(0))).take();
  }

  static inline sandbox::ThreadScope* scope_ = nullptr;
  static inline engine::Engine* engine_ = nullptr;
  const std::string directory_ = std::filesystem::temp_directory_path() / ("nexus-replay-" + std::to_string(getpid()));
  MapState state_;
};

}  // namespace nexus::replay
