#include "nexus/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <thread>

#include "nexus/sandbox/entry.h"
#include "nexus_abi.h"

namespace nexus::sandbox {
namespace {

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

Budget budget(milliseconds time = milliseconds(5000), std::size_t memory = 32 << 20) {
  return {Clock::now() + time, memory};
}

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

  static void expect_pristine(const Sandbox& sandbox, Instance& instance) {
    instance.restore();
    ASSERT_EQ(instance.memory().size(), sandbox.image().size());
    EXPECT_EQ(std::memcmp(instance.memory().data(), sandbox.image().data(), sandbox.image().size()), 0);
  }

  const ThreadScope thread_;
};

TEST_P(SandboxTest, TwoInitialisationsGiveTheSameImage) {
  EXPECT_EQ(make()->image().hash(), make()->image().hash());
}

TEST_P(SandboxTest, RunsACompiledHandlerAndHandsOutItsResult) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "return 6 * 7");
  const Exit exit = run(*instance, host);
  EXPECT_EQ(exit.stop, StopReason::kNone);
  EXPECT_EQ(exit.value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(host.outputs[NX_OUT_RESULT], std::string("\x2a"));
  expect_pristine(*sandbox, *instance);
}

TEST_P(SandboxTest, NothingOfARunIsLeftForTheNext) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host,
          "Array.prototype.leak = 'secret'; Math.leak = new Array(20000).fill('secret');"
          "Object.prototype.toString = 1; return typeof Array.prototype.leak");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
    expect_pristine(*sandbox, *instance);
  }
  RecordingHost next;
  compile(*instance, next, "return [typeof [].leak, typeof Math.leak]");
  EXPECT_EQ(run(*instance, next).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(next.outputs[NX_OUT_RESULT], "\x92\xa9undefined\xa9undefined");
}

TEST_P(SandboxTest, GrownMemoryComesBackAsZeros) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "const b = new Uint8Array(8 << 20).fill(65); return b[b.length - 1]");
  EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
  EXPECT_GT(instance->memory().size(), sandbox->image().size());
  expect_pristine(*sandbox, *instance);
  RecordingHost next;
  compile(*instance, next, "return new Uint8Array(8 << 20).every(x => x === 0)");
  EXPECT_EQ(run(*instance, next).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(next.outputs[NX_OUT_RESULT], "\xc3");
}


// Loops that the interpreter polls in, and natives that it does not: each must end by either means that
// can see it, and the instance must be as new afterwards.
TEST_P(SandboxTest, TheFlagAloneEndsLoops) {
  const auto sandbox = make({.flag = true, .signal = false});
  const auto instance = instance_of(*sandbox);
  for (const char* source : {"while (true) {}", "for (;;) try { throw 1 } catch { }",
                             "(async () => { while (true); })().catch(() => { while (true); })"}) {
    RecordingHost host;
    compile(*instance, host, source);
    const auto start = Clock::now();
    const Exit exit = run(*instance, host, budget(milliseconds(30)));
    EXPECT_EQ(exit.stop, StopReason::kTimeout) << source;
    EXPECT_LT(Clock::now() - start, milliseconds(2000)) << source;
    expect_pristine(*sandbox, *instance);
  }
}

TEST_P(SandboxTest, TheSignalAloneEndsLoopsAndNatives) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer delivers signals at system calls only; the guest makes none";
#endif
  const auto sandbox = make({.flag = false, .signal = true});
  const auto instance = instance_of(*sandbox);
  for (const char* source : {"while (true) {}", "new Array(4294967295).join('x')", "new Array(2 ** 30).indexOf(1)",
                             "/^(a+)+$/.test('a'.repeat(40) + 'b')", "3n ** 100000000n"}) {
    RecordingHost host;
    compile(*instance, host, source);
    const auto start = Clock::now();
    const Exit exit = run(*instance, host, budget(milliseconds(30), 256 << 20));
    EXPECT_EQ(exit.stop, StopReason::kTimeout) << source;
    EXPECT_LT(Clock::now() - start, milliseconds(2000)) << source;
    expect_pristine(*sandbox, *instance);
  }
  RecordingHost host;
  compile(*instance, host, "return 1");
  EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
}

TEST_P(SandboxTest, TheMemoryLimitEndsTheRunAndCannotBeCaught) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "const a = []; for (;;) try { a.push(new Array(10000).fill(1)) } catch { }");
  EXPECT_EQ(run(*instance, host, budget(milliseconds(5000), 8 << 20)).stop, StopReason::kMemoryLimit);
  expect_pristine(*sandbox, *instance);
}

TEST_P(SandboxTest, EndlessRecursionIsTheHandlersErrorNotTheHosts) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  for (const char* source : {"function f() { f() } f()", "const o = {}; o.toString = () => '' + o; return '' + o",
                             "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x",
                             "let s = '['.repeat(1e5); return JSON.parse(s)"}) {
    RecordingHost host;
    compile(*instance, host, source);
    const Exit exit = run(*instance, host);
    EXPECT_TRUE(exit.stop == StopReason::kStackOverflow ||
                (exit.stop == StopReason::kNone && exit.value == NX_RUN_THREW))
        << source << ": " << to_string(exit.stop);
    expect_pristine(*sandbox, *instance);
  }
}

TEST_P(SandboxTest, ASuspendedRunGoesOnFromItsSnapshotInAnotherInstance) {
  const auto sandbox = make();
  const auto first = instance_of(*sandbox);
  const auto second = instance_of(*sandbox);
  RecordingHost host;
  compile(*first, host, "const text = 'kept'; const answer = await $ext.a.b(); return [text, answer]");
  ASSERT_EQ(run(*first, host).value, unsigned{NX_RUN_PENDING});
  const Snapshot snapshot = first->snapshot();
  EXPECT_LT(snapshot.bytes(), 16u * 1024);
  expect_pristine(*sandbox, *first);

  ASSERT_TRUE(second->load(snapshot).ok());
  host.slots[NX_SLOT_ANSWER] = "\x07";
  EXPECT_EQ(second->call(Export::kResume, {0, 1}, host, budget()).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(host.outputs[NX_OUT_RESULT], "\x92\xa4kept\x07");
  expect_pristine(*sandbox, *second);
}

TEST_P(SandboxTest, ADamagedOrForeignSnapshotIsRefused) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "await $ext.a.b()");
  ASSERT_EQ(run(*instance, host).value, unsigned{NX_RUN_PENDING});
  const Snapshot good = instance->snapshot();

  Snapshot foreign = good;
  foreign.image_hash[0] ^= 1;
  Snapshot short_one = good;
  short_one.packed.resize(short_one.packed.size() / 2);
  Snapshot many_pages = good;
  many_pages.pages += 1;
  Snapshot huge = good;
  huge.memory_bytes = std::uint64_t{1} << 40;
  for (const Snapshot& bad : {foreign, short_one, many_pages, huge}) {
    const auto loaded = instance->load(bad);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidSuspension);
    expect_pristine(*sandbox, *instance);
  }
  EXPECT_TRUE(instance->load(good).ok());
}

TEST_P(SandboxTest, RangesOutsideTheMemoryAreRefused) {
  const auto sandbox = make();
  const auto memory = LinearMemory::create(Bounds::kGuardPages);
  ASSERT_TRUE(memory.ok());
  ASSERT_TRUE(memory.value()->map(sandbox->image()).ok());
  GuestMemory view(*memory.value());
  const auto size = static_cast<std::uint32_t>(memory.value()->size());
  EXPECT_TRUE(view.read({size - 4, 4}).has_value());
  EXPECT_FALSE(view.read({size - 4, 5}).has_value());
  EXPECT_FALSE(view.read({0xffffffff, 0xffffffff}).has_value());
  EXPECT_TRUE(view.write(size - 4, std::string_view("abcd")));
  EXPECT_FALSE(view.write(size - 3, std::string_view("abcd")));
  EXPECT_FALSE(view.write(0xfffffffe, std::string_view("abcd")));
}

TEST_P(SandboxTest, TwoThreadsRunTheirOwnInstancesAtOnce) {
  const auto sandbox = make();
  auto work = [&sandbox](int n) {
    const ThreadScope thread;
    const auto instance = instance_of(*sandbox);
    RecordingHost host;
    compile(*instance, host, "let s = 0; for (let i = 0; i < 1000; i++) s += i; return s + " + std::to_string(n));
    for (int i = 0; i < 200; ++i) {
      instance->restore();
      ASSERT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
}

std::vector<Translation> built_translations() {
  std::vector<Translation> built;
  for (const Translation each : {Translation::kSegmentBase, Translation::kPlain, Translation::kChecked}) {
    const ThreadScope thread;
    if (Sandbox::create({.translation = each, .stops = {}}).ok()) built.push_back(each);
  }
  return built;
}

INSTANTIATE_TEST_SUITE_P(Translations, SandboxTest, testing::ValuesIn(built_translations()),
                         [](const auto& tested) -> std::string {
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
                         });

TEST(Sandbox, SomeTranslationRunsHere) { EXPECT_FALSE(built_translations().empty()); }

}  // namespace
}  // namespace nexus::sandbox
