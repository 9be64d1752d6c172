#include "nexus/sandbox/sandbox_fixture_internal.h"

#include <cstdio>
#include <filesystem>
#include <thread>

namespace nexus::sandbox {
namespace {

TEST_P(SandboxTest, TwoInitialisationsGiveTheSameImage) {
  EXPECT_EQ(make()->image().hash(), make()->image().hash());
}

constexpr std::string_view kHashLabel = "image hash: ";

// What the test after this one runs in a process of its own.
TEST_P(SandboxTest, SaysTheHashOfItsImage) {
  const auto sandbox = make();
  EXPECT_EQ(sandbox->image().hash().size(), 64u);
  printf("%s%s\n", kHashLabel.data(), sandbox->image().hash().c_str());
}

TEST_P(SandboxTest, TwoProcessesMakeTheSameImage) {
  const std::string command = "'" + std::filesystem::read_symlink("/proc/self/exe").string() +
                              "' --gtest_filter=Translations/SandboxTest.SaysTheHashOfItsImage/" +
                              name_of({GetParam(), 0});
  FILE* const other = popen(command.c_str(), "r");
  ASSERT_NE(other, nullptr);
  std::string said;
  for (int c = fgetc(other); c != EOF; c = fgetc(other)) said += static_cast<char>(c);
  ASSERT_EQ(pclose(other), 0) << said;
  EXPECT_THAT(said, testing::HasSubstr(std::string(kHashLabel) + make()->image().hash() + "\n"));
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
  expect_pristine(*instance);
}

TEST_P(SandboxTest, NothingOfARunIsLeftForTheNext) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host,
          "Error.prototype.name = 'secret'; Object.prototype.valueOf = new Array(20000).fill('secret');"
          "Object.prototype.toString = 1; return 1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
    expect_pristine(*instance);
  }
  RecordingHost next;
  compile(*instance, next, "return [typeof Object.prototype.valueOf, Error.prototype.name]");
  EXPECT_EQ(run(*instance, next).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(next.outputs[NX_OUT_RESULT], "\x92\xa8""function\xa5""Error");
}

TEST_P(SandboxTest, GrownMemoryComesBackAsZeros) {
  const auto sandbox = make();
  const auto instance = instance_of(*sandbox);
  RecordingHost host;
  compile(*instance, host, "const b = new Uint8Array(8 << 20).fill(65); return b[b.length - 1]");
  EXPECT_EQ(run(*instance, host).value, unsigned{NX_RUN_DONE});
  EXPECT_GT(instance->memory().size(), sandbox->image().size());
  expect_pristine(*instance);
  RecordingHost next;
  compile(*instance, next, "return new Uint8Array(8 << 20).every(x => x === 0)");
  EXPECT_EQ(run(*instance, next).value, unsigned{NX_RUN_DONE});
  EXPECT_EQ(next.outputs[NX_OUT_RESULT], "\xc3");
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


INSTANTIATE_TEST_SUITE_P(Translations, SandboxTest, testing::ValuesIn(built_translations()), name_of);

TEST(Sandbox, SomeTranslationRunsHere) { EXPECT_FALSE(built_translations().empty()); }

}  // namespace
}  // namespace nexus::sandbox
