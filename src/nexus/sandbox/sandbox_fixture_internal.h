#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus_abi.h"

// What the tests of this folder share.
namespace nexus::sandbox {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Serves the slots, keeps what the guest hands over, lets extension calls wait. State is empty.
class RecordingHost final : public HostCalls {
 public:
  std::map<std::uint32_t, std::string> slots{{NX_SLOT_ARGS, "\x80"}, {NX_SLOT_SCOPE, "\x80"}};
  std::map<std::uint32_t, std::string> outputs;
  std::string printed;
  int calls = 0;
  int bad_ranges = 0;

  HostReply call(HostFunction function, const std::uint32_t* a, GuestMemory& memory) override {
    switch (function) {
      case HostFunction::kInput: {
        const std::string& bytes = slots[a[0]];
        if (bytes.size() <= a[2] && !memory.write(a[1], bytes)) ++bad_ranges;
        return {static_cast<std::int32_t>(bytes.size())};
      }
      case HostFunction::kOutput:
        outputs[a[0]] = read(memory, {a[1], a[2]});
        return {};
      case HostFunction::kPrint:
        printed += read(memory, {a[0], a[1]});
        return {};
      case HostFunction::kExtExists:
        return {1};
      case HostFunction::kExtSuspend:
        return {calls++};
      default:
        return {};
    }
  }
  std::uint64_t wall_clock_ns() override { return 1'700'000'000'000'000'000; }

 private:
  std::string read(GuestMemory& memory, GuestRange range) {
    auto bytes = memory.read(range);
    if (!bytes) ++bad_ranges;
    return bytes.value_or("");
  }
};

inline Budget budget(milliseconds time = milliseconds(5000), std::size_t memory = 32 << 20) {
  return {Clock::now() + time, memory};
}

// Runs on every translation that this build and this machine have.
class SandboxTest : public testing::TestWithParam<Translation> {
 protected:
  static std::unique_ptr<Sandbox> make(Watchdog::Means stops = {}) {
    auto sandbox = Sandbox::create({.translation = GetParam(), .stops = stops});
    EXPECT_TRUE(sandbox.ok()) << sandbox.error().message;
    return std::move(sandbox).take();
  }

  static std::unique_ptr<Instance> instance_of(Sandbox& sandbox) {
    auto instance = sandbox.new_instance();
    EXPECT_TRUE(instance.ok());
    return std::move(instance).take();
  }

  // Compiles `source` and leaves the instance restored, the code in the host's slot.
  static void compile(Instance& instance, RecordingHost& host, std::string source) {
    host.slots[NX_SLOT_SOURCE] = std::move(source);
    const Exit exit = instance.call(Export::kCompile, {}, host, budget());
    ASSERT_EQ(exit.stop, StopReason::kNone);
    ASSERT_EQ(exit.value, unsigned{NX_RUN_DONE}) << host.outputs[NX_OUT_ERROR];
    host.slots[NX_SLOT_CODE] = host.outputs[NX_OUT_CODE];
    instance.restore();
  }

  static Exit run(Instance& instance, RecordingHost& host, const Budget& limits = budget()) {
    return instance.call(Export::kRun, {1, 2, 3, 4}, host, limits);
  }

  static void expect_pristine(Instance& instance) {
    EXPECT_TRUE(instance.restore());
    EXPECT_EQ(instance.difference_to_pristine(), "");
  }

  const ThreadScope thread_;
};

inline std::vector<Translation> built_translations() {
  std::vector<Translation> built;
  for (const Translation each : {Translation::kSegmentBase, Translation::kPlain, Translation::kChecked}) {
    const ThreadScope thread;
    if (Sandbox::create({.translation = each, .stops = {}}).ok()) built.push_back(each);
  }
  return built;
}

inline std::string name_of(const testing::TestParamInfo<Translation>& tested) {
  switch (tested.param) {
    case Translation::kSegmentBase:
      return "SegmentBase";
    case Translation::kPlain:
      return "Plain";
    case Translation::kChecked:
      return "Checked";
    default:
      return "Fastest";
  }
}

}  // namespace nexus::sandbox
