#include "nexus/extension/kv_extension.h"

#include <gtest/gtest.h>

#include "nexus/extension/manual_loop_fixture_internal.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

using value::List;
using value::Object;
using value::Value;

// Holds what was stored apart from the extension, and fails or waits when the test says so.
class FakeBackend : public KvBackend {
 public:
  explicit FakeBackend(ManualLoop& loop) : loop_(loop) {}
  void load(const std::string& panel_id, std::function<void(Result<KvEntries>)> done) override {
    ++loads;
    loop_.post([this, panel_id, done = std::move(done)] {
      if (failure) return done(Error(*failure));
      done(KvEntries(stored[panel_id]));
    });
  }
  void store(const std::string& panel_id, const std::string& key,
             const std::optional<Value>& value, std::function<void(Result<void>)> done) override {
    loop_.post([this, panel_id, key, value, done = std::move(done)] {
      if (failure) return done(Error(*failure));
      if (value)
        stored[panel_id].insert_or_assign(key, *value);
      else
        stored[panel_id].erase(key);
      done({});
    });
  }

  std::map<std::string, KvEntries> stored;
  std::optional<Error> failure;
  int loads = 0;

 private:
  ManualLoop& loop_;
};

class KvExtensionTest : public testing::Test {
 protected:
  void open(const KvLimits& limits = {}) {
    auto backend = std::make_unique<FakeBackend>(loop_);
    backend_ = backend.get();
    kv_ = make_kv_extension(loop_, std::move(backend), limits);
  }
  // The answer as JSON, or "CODE: message".
  std::string ask(std::string_view method, List args, std::string panel = "p") {
    std::string text = "nothing";
    const auto call = kv_->call({std::move(panel), "r"}, method, std::move(args),
                                {.done = [&](Result<Value> answer) {
                                  text = answer.ok() ? value::to_json(*answer)
                                                     : std::string(to_string(answer.error().code)) +
                                                           ": " + answer.error().message;
                                }});
    EXPECT_EQ(text, "nothing") << "answers never come from inside call()";
    loop_.drain();
    return text;
  }

  ManualLoop loop_;
  FakeBackend* backend_ = nullptr;
  std::unique_ptr<Extension> kv_;
};

TEST_F(KvExtensionTest, KeepsValuesByKey) {
  open();
  EXPECT_EQ(ask("get", {"a"}), "null");
  EXPECT_EQ(ask("set", {"a", Object{{"n", 1}}}), "null");
  EXPECT_EQ(ask("get", {"a"}), R"({"n":1})");
  EXPECT_EQ(backend_->stored["p"].at("a"), Value(Object{{"n", 1}}));
  EXPECT_EQ(ask("delete", {"a"}), "true");
  EXPECT_EQ(ask("delete", {"a"}), "false");
  EXPECT_EQ(ask("get", {"a"}), "null");
  EXPECT_TRUE(backend_->stored["p"].empty());
}

TEST_F(KvExtensionTest, ListsKeysInByteOrder) {
  open();
  for (const char* key : {"user:2", "user:1", "other", "user:"}) ask("set", {key, 1});
  EXPECT_EQ(ask("list", {}), R"(["other","user:","user:1","user:2"])");
  EXPECT_EQ(ask("list", {"user:"}), R"(["user:","user:1","user:2"])");
  EXPECT_EQ(ask("list", {"none"}), "[]");
}

TEST_F(KvExtensionTest, APanelSeesItsOwnEntriesAndLosesThemWithItsLife) {
  open();
  ask("set", {"a", 1}, "p");
  EXPECT_EQ(ask("get", {"a"}, "q"), "null");
  backend_->stored.erase("p");
  kv_->forget_panel("p");
  EXPECT_EQ(ask("get", {"a"}, "p"), "null");
}

TEST_F(KvExtensionTest, WhatWasStoredBeforeIsThere) {
  open();
  backend_->stored["p"] = {{"a", Value(7)}};
  EXPECT_EQ(ask("get", {"a"}), "7");
  EXPECT_EQ(ask("list", {}), R"(["a"])");
  EXPECT_EQ(backend_->loads, 1) << "the entries are read once";
}

TEST_F(KvExtensionTest, EverySizeIsBounded) {
  open({.key_bytes = 4, .value_bytes = 20, .keys = 2, .total_bytes = 30});
  EXPECT_EQ(ask("set", {"12345", 1}), "INVALID_ARGUMENT: key too long: 5 bytes, limit 4");
  EXPECT_EQ(ask("set", {"a", std::string(20, 'x')}), "RESOURCE_LIMIT: value too large: 21 bytes, limit 20");
  EXPECT_EQ(ask("set", {"a", std::string(19, 'x')}), "null");
  EXPECT_EQ(ask("set", {"b", std::string(19, 'x')}),
            "RESOURCE_LIMIT: the panel's entries would have 42 bytes, limit 30");
  EXPECT_EQ(ask("set", {"a", 1}), "null") << "the room of what is replaced counts";
  EXPECT_EQ(ask("set", {"b", std::string(19, 'x')}), "null");
  EXPECT_EQ(ask("set", {"c", 1}), "RESOURCE_LIMIT: too many keys: limit 2");
  EXPECT_EQ(ask("delete", {"b"}), "true");
  EXPECT_EQ(ask("set", {"c", std::string(19, 'x')}), "null") << "and that of what is deleted";
}

TEST_F(KvExtensionTest, WrongArgumentsAreNamed) {
  open();
  EXPECT_EQ(ask("get", {}), "INVALID_ARGUMENT: get takes a key, a string that is not empty, found nothing");
  EXPECT_EQ(ask("set", {7, 1}), "INVALID_ARGUMENT: set takes a key, a string that is not empty, found 7");
  EXPECT_EQ(ask("delete", {""}), "INVALID_ARGUMENT: delete takes a key, a string that is not empty, found \"\"");
  EXPECT_EQ(ask("set", {"a"}), "INVALID_ARGUMENT: set takes a key and a value");
  EXPECT_EQ(ask("list", {7}), "INVALID_ARGUMENT: list takes a prefix, a string, found number");
}

TEST_F(KvExtensionTest, WhatCouldNotBeStoredDidNotHappen) {
  open();
  ask("set", {"a", 1});
  backend_->failure = Error{ErrorCode::kStorageError, "the disk is full"};
  EXPECT_EQ(ask("set", {"a", 2}), "STORAGE_ERROR: the disk is full");
  EXPECT_EQ(ask("get", {"a"}), "STORAGE_ERROR: the disk is full") << "not known before it is read again";
  backend_->failure.reset();
  EXPECT_EQ(ask("get", {"a"}), "1");
}

TEST_F(KvExtensionTest, ACancelledCallSaysNothingAndItsChangeStands) {
  open();
  auto call = kv_->call({"p", "r"}, "set", {"a", 1}, {.done = [](auto) { ADD_FAILURE() << "was cancelled"; }});
  call.reset();
  loop_.drain();
  EXPECT_EQ(ask("get", {"a"}), "1");
}

TEST_F(KvExtensionTest, TheVolatileBackendKeepsWhatTheProcessKnows) {
  kv_ = make_kv_extension(loop_, make_volatile_kv_backend(loop_));
  EXPECT_EQ(ask("set", {"a", 1}), "null");
  EXPECT_EQ(ask("get", {"a"}), "1");
  kv_->forget_panel("p");
  EXPECT_EQ(ask("get", {"a"}), "null");
}

}  // namespace
}  // namespace nexus::extension
