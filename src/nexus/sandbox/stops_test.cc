#include "nexus/sandbox/sandbox_fixture_internal.h"

namespace nexus::sandbox {
namespace {

class StopsTest : public SandboxTest {};

// Loops that the interpreter polls in, and natives that it does not: each must end by either means that
// can see it, and the instance must be as new afterwards.
TEST_P(StopsTest, TheFlagAloneEndsLoops) {
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
    expect_pristine(*instance);
  }
}

TEST_P(StopsTest, TheSignalAloneEndsLoopsAndNatives) {
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
    expect_pristine(*instance);
  }
  RecordingHost host;
  compile(*instance, host, "return 1");
  EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
}

TEST_P(StopsTest, TheMemoryLimitEndsTheRunAndCannotBeCaught) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "const a = []; for (;;) try { a.push(new Array(10000).fill(1)) } catch { }");
  EXPECT_EQ(run(*instance, host, budget(milliseconds(5000), 8 << 20)).stop, StopReason::kMemoryLimit);
  expect_pristine(*instance);
}

TEST_P(StopsTest, EndlessRecursionIsTheHandlersErrorNotTheHosts) {
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
    expect_pristine(*instance);
  }
}


INSTANTIATE_TEST_SUITE_P(Translations, StopsTest, testing::ValuesIn(built_translations()), name_of);

}  // namespace
}  // namespace nexus::sandbox
