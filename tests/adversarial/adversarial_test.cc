// Every attack of this folder against the engine, and against each translation of the guest with each means
// of stop. After each: the right ending in the right time, the memory of the instance equal to the image, and
// the next tenant's handler untouched.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sched.h>

#include <atomic>
#include <fstream>
#include <map>
#include <string>
#include <ctime>
#include <thread>

#include "attack.h"
#include "nexus/sandbox/entry.h"
#include "nexus/value/json.h"
#include "nexus/value/utf8.h"
#include "stage.h"
#include "tenant.h"

namespace nexus::adversarial {
namespace {

using sandbox::Translation;
using sandbox::Watchdog;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif
constexpr int kSlowdown = kSanitized ? 20 : 1;

#if defined(__SANITIZE_THREAD__)
constexpr bool kSignalsAreLate = true;
#elif defined(__has_feature)
constexpr bool kSignalsAreLate = __has_feature(thread_sanitizer);
#else
constexpr bool kSignalsAreLate = false;
#endif

// ThreadSanitizer holds a signal back until its thread next calls the C library, which generated code never does:
// there, only the flag stops a run, and what is not known to heed it would run on for minutes.
bool is_endless_here(const Attack& attack, const Watchdog::Means& stops) {
  if (!kSignalsAreLate || std::ranges::find(attack.expected, "TIMEOUT") == attack.expected.end()) return false;
  return !stops.flag || std::ranges::none_of(attack.stops, &Watchdog::Means::flag);
}

// Time bounds are on processor time of the thread that runs the attack: on a loaded machine the clock on the
// wall says nothing about it.
std::chrono::nanoseconds cpu_now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}
// What one run may make the host hold, the sandbox's own 32 MiB included. Sanitizers keep what was freed.
constexpr long kHostBytes = (kSanitized ? 2048l : 256l) << 20;

// Of handlers that do nothing wrong.
constexpr milliseconds kTenantTimeout{10'000};

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all = load_attacks(NEXUS_SOURCE_DIR "/tests/adversarial");
  return all;
}

const Attack& attack_called(std::string_view name) {
  return *std::ranges::find(attacks(), name, &Attack::name);
}

// The largest resident size of this process since it was constructed, beyond the size it had then.
class HostMemory {
 public:
  HostMemory() {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // forgets the peak (man 5 proc)
    before_ = peak();
  }
  long grown_bytes() const { return peak() - before_; }

 private:
  static long peak() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6)) * 1024;
    return 0;
  }

  long before_ = 0;
};

// What leaves the engine goes to clients as text frames: a byte that is not UTF-8 ends their connections.
void expect_clean(const engine::Outcome& outcome) {
  for (const auto& line : outcome.logs) EXPECT_TRUE(value::is_valid_utf8(line.message)) << "log line";
  for (const auto& event : outcome.events) EXPECT_TRUE(value::is_valid_utf8(event.name)) << "event name";
  for (const auto& command : outcome.view_commands) {
    EXPECT_TRUE(value::is_valid_utf8(command.type)) << "view command";
    EXPECT_TRUE(value::is_valid_utf8(command.component_id.value_or(""))) << "component id";
  }
  if (outcome.error) {
    EXPECT_TRUE(value::is_valid_utf8(outcome.error->message)) << "message";
    EXPECT_TRUE(value::is_valid_utf8(outcome.error->name)) << "name";
    EXPECT_TRUE(value::is_valid_utf8(outcome.error->stack)) << "stack";
  }
}

// ---- The folder -------------------------------------------------------------------------------------

TEST(Attacks, EachClassHasThreeOrMore) {
  std::map<std::string, int> classes;
  for (const Attack& attack : attacks()) ++classes[attack.name.substr(0, attack.name.find('-'))];
  for (const char* each :
       {"amplification", "bigint", "encoding", "error_object", "escape", "extension", "flood", "generator",
        "huge_array", "import", "memory", "microtasks", "native_loop", "never_settles", "pollution", "recursion",
        "regexp", "shared_memory", "sort", "state_proxy", "time", "typed_array", "weak_ref"}) {
    EXPECT_GE(classes[each], 3) << each;
    classes.erase(each);
  }
  EXPECT_TRUE(classes.empty()) << "unknown class " << classes.begin()->first;
  EXPECT_GE(attacks().size(), 60u);
}

TEST(Attacks, AFileThatDoesNotSayWhatItExpectsIsRefused) {
  const std::string good = "// Attack: a\n// expect: TIMEOUT | ok 1\n// within: 9\n// Why it matters: w\nreturn 1\n";
  EXPECT_TRUE(parse_attack("x", good).ok());
  const auto without = [&good](std::string_view line) {
    std::string text = good;
    text.erase(text.find(line), text.find('\n', text.find(line)) - text.find(line) + 1);
    return text;
  };
  for (const std::string& bad : std::vector<std::string>
       {without("// Attack"), without("// expect"), without("// within"), without("// Why"), "// expected: x\n" + good,
        "// within: 1\n" + good, "// timeout: 1s\n" + good, "// timeout: 0\n" + good, "// stops: nothing\n" + good,
        "// Attack: a\n// expect: TIMEUOT\n// within: 9\n// Why it matters: w\n",
        "// Attack: a\n// expect: ok 1\n// stops: flag\n// within: 9\n// Why it matters: w\n"})
    EXPECT_FALSE(parse_attack("x", bad).ok()) << bad;
}

// ---- Against the engine -----------------------------------------------------------------------------

class OneEngine : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const sandbox::ThreadScope thread;
    // One instance, so that the next tenant gets the one that was attacked.
    engine::Options options;
    options.min_instances = options.max_instances = 1;
    options.limits = wide_time();
    auto made = engine::Engine::create(options);
    ASSERT_TRUE(made.ok()) << made.error().message;
    engine_ = std::move(made).take();
    TenantState state;
    untouched_ = inventory(state);
    ASSERT_TRUE(untouched_.starts_with("ok ")) << untouched_;
  }
  static void TearDownTestSuite() { engine_.reset(); }

  static engine::Limits wide_time() {
    engine::Limits limits;
    limits.timeout = milliseconds(20'000);
    return limits;
  }

  // Another panel's handler: what it can reach, and the state it leaves.
  static std::string inventory(TenantState& state) {
    std::vector<engine::Outcome> seen;
    const Ending ending = play(*engine_, std::string(inventory_source()), kTenantTimeout, state, seen);
    return ending.text + ending.message + state.to_json();
  }

  static void expect_neighbours_untouched() {
    TenantState neighbour;
    const std::string now = inventory(neighbour);
    const auto differ = std::ranges::mismatch(now, untouched_);
    EXPECT_EQ(now.size(), untouched_.size());
    EXPECT_TRUE(differ.in1 == now.end())
        << "the next tenant sees: " << std::string(differ.in1, now.end()).substr(0, 200);
    EXPECT_EQ(engine_->stats().instances_active, 0u);
    EXPECT_EQ(engine_->stats().runs_suspended, 0u);
  }

  const sandbox::ThreadScope thread_;
  static inline std::unique_ptr<engine::Engine> engine_;
  static inline std::string untouched_;
};

class AttackOnEngine : public OneEngine, public testing::WithParamInterface<std::string> {};
using HugeAttackOnEngine = OneEngine;

TEST_P(AttackOnEngine, EndsAsItMustAndTheNextTenantIsUntouched) {
  const Attack& attack = attack_called(GetParam());
  if (!attack.open.empty()) GTEST_SKIP() << "open: " << attack.open;
  if (is_endless_here(attack, {})) GTEST_SKIP() << "signals are late under ThreadSanitizer";
  TenantState state;
  std::vector<engine::Outcome> seen;
  const HostMemory memory;
  const auto start = cpu_now();
  const Ending ending = play(*engine_, attack.source, attack.timeout, state, seen);
  const auto took = cpu_now() - start;

  EXPECT_THAT(attack.expected, testing::Contains(ending.text)) << ending.message;
  EXPECT_LT(took, attack.within * kSlowdown);
  EXPECT_LT(memory.grown_bytes(), kHostBytes) << "bytes the host held";
  for (const engine::Outcome& outcome : seen) expect_clean(outcome);
  expect_neighbours_untouched();
}

INSTANTIATE_TEST_SUITE_P(All, AttackOnEngine, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const Attack& attack : attacks()) names.push_back(attack.name);
                           return names;
                         }()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// ---- Against each translation, with each means of stop ------------------------------------------------

struct Setting {
  std::string attack;
  Translation translation;
  Watchdog::Means stops;
};

std::string_view name_of(Translation translation) {
  switch (translation) {
    case Translation::kSegmentBase:
      return "segment_base";
    case Translation::kPlain:
      return "plain";
    case Translation::kChecked:
      return "checked";
    case Translation::kFastest:
      return "fastest";
  }
  return "";
}

std::string_view name_of(const Watchdog::Means& stops) {
  if (stops.flag && stops.signal) return "both";
  return stops.flag ? "flag" : "signal";
}

// For GoogleTest's messages.
void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.attack << " on " << name_of(setting.translation) << " with " << name_of(setting.stops);
}

std::vector<Translation> built_translations() {
  const sandbox::ThreadScope thread;
  std::vector<Translation> built;
  for (const Translation each : {Translation::kSegmentBase, Translation::kPlain, Translation::kChecked})
    if (sandbox::Sandbox::create({.translation = each, .stops = {}}).ok()) built.push_back(each);
  return built;
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const Translation translation : built_translations())
    for (const Attack& attack : attacks()) {
      all.push_back({attack.name, translation, {}});
      for (const Watchdog::Means& alone : attack.stops) all.push_back({attack.name, translation, alone});
    }
  return all;
}

class AttackOnSandbox : public testing::TestWithParam<Setting> {
 protected:
  // A stage that has played before: what one attack leaves behind must not reach the next.
  struct Used {
    std::unique_ptr<SandboxStage> stage;
    std::string untouched;
  };

  Used& used() {
    const auto key = std::pair(GetParam().translation, std::string(name_of(GetParam().stops)));
    Used& found = used_[key];
    if (found.stage != nullptr) return found;
    auto made = SandboxStage::create({.translation = GetParam().translation, .stops = GetParam().stops});
    NX_CHECK(made.ok());
    found.stage = std::move(made).take();
    found.untouched = inventory(*found.stage);
    return found;
  }

  static std::string inventory(SandboxStage& stage) {
    TenantState state;
    const Ending ending = stage.play(std::string(inventory_source()), kTenantTimeout, state);
    stage.restore();
    return ending.text + ending.message + state.to_json();
  }

  static void TearDownTestSuite() {
    const sandbox::ThreadScope thread;
    used_.clear();
  }

  const sandbox::ThreadScope thread_;
  static inline std::map<std::pair<Translation, std::string>, Used> used_;
};

TEST_P(AttackOnSandbox, EndsAsItMustAndLeavesTheImage) {
  const Attack& attack = attack_called(GetParam().attack);
  if (!attack.open.empty()) GTEST_SKIP() << "open: " << attack.open;
  if (is_endless_here(attack, GetParam().stops)) GTEST_SKIP() << "signals are late under ThreadSanitizer";
  Used& on = used();
  TenantState state;
  const auto start = cpu_now();
  const Ending ending = on.stage->play(attack.source, attack.timeout, state);
  const auto took = cpu_now() - start;

  EXPECT_THAT(attack.expected, testing::Contains(ending.text)) << ending.message;
  EXPECT_LT(took, attack.within * kSlowdown);
  on.stage->restore();
  EXPECT_EQ(on.stage->difference_to_image(), "");
  EXPECT_TRUE(on.untouched.starts_with("ok "));
  EXPECT_TRUE(inventory(*on.stage) == on.untouched) << "the next tenant sees something else";
  EXPECT_EQ(on.stage->difference_to_image(), "");
}

INSTANTIATE_TEST_SUITE_P(All, AttackOnSandbox, testing::ValuesIn(settings()), [](const auto& tested) {
  std::string name = tested.param.attack + '_' + std::string(name_of(tested.param.translation)) + '_' +
                     std::string(name_of(tested.param.stops));
  std::ranges::replace(name, '-', '_');
  return name;
});

// ---- Attacks too large for a file ----------------------------------------------------------------------

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST_F(HugeAttackOnEngine, SourcesThatNestWithoutEndAreRefusedInTime) {
  for (const std::string_view unit :
       {"(", "[", "{", "!", "a?", "`${", "a=>", "async()=>", "x=", "{a:", "new ", "...", "class A extends (", "/(", "if(1)"}) {
    TenantState state;
    std::vector<engine::Outcome> seen;
    const auto start = cpu_now();
    const Ending ending = play(*engine_, "return " + repeated(unit, 500'000 / unit.size()), kTenantTimeout, state, seen);
    EXPECT_EQ(ending.text, "COMPILATION_ERROR") << unit;
    EXPECT_LT(cpu_now() - start, milliseconds(6000) * kSlowdown) << unit;
    expect_neighbours_untouched();
  }
}

TEST_F(HugeAttackOnEngine, ASourceThatTakesTooLongToCompileIsGivenUp) {
  std::string source = "let a";
  for (int i = 0; i < 130'000; ++i) source += ",a" + std::to_string(i);
  TenantState state;
  std::vector<engine::Outcome> seen;
  const auto start = cpu_now();
  EXPECT_EQ(play(*engine_, source, milliseconds(2000), state, seen).text, "TIMEOUT");
  EXPECT_LT(cpu_now() - start, milliseconds(4000) * kSlowdown);
  expect_neighbours_untouched();
}

TEST_F(HugeAttackOnEngine, ManyPositionsInAHugeSourceDoNotMakeAnErrorSlow) {
  const std::string source = "throw {stack: 'handler:9:9 '.repeat(700)}" + repeated("\n", 900'000);
  TenantState state;
  std::vector<engine::Outcome> seen;
  play(*engine_, source, kTenantTimeout, state, seen);
  const auto start = cpu_now();
  EXPECT_EQ(play(*engine_, source, kTenantTimeout, state, seen).text, "EXECUTION_ERROR");
  EXPECT_LT(cpu_now() - start, milliseconds(1000) * kSlowdown);
}

// ---- Attacks helped by a busy machine ------------------------------------------------------------------

void stay_on_first_processor() {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  sched_setaffinity(0, sizeof first, &first);
}

// A thread without a processor cannot take the signals that are meant to stop it; they must not pile up until
// it has one. (They did: the kernel stacked all of them at once and ended the process.)
TEST(StarvedAttackOnSandbox, StopsThatWaitForAProcessorDoNoHarm) {
  std::atomic<bool> attacking = false;
  std::thread other([&attacking] {
    stay_on_first_processor();
    attacking.wait(false);
    for (const auto end = steady_clock::now() + milliseconds(400); steady_clock::now() < end;) continue;
  });
  std::thread attacked([&attacking] {
    const sandbox::ThreadScope thread;
    auto made = SandboxStage::create({});
    ASSERT_TRUE(made.ok());
    const auto stage = std::move(made).take();
    stay_on_first_processor();
    const sched_param none = {};
    sched_setscheduler(0, SCHED_IDLE, &none);
    attacking = true;
    attacking.notify_one();
    TenantState state;
    EXPECT_EQ(stage->play("while (true) {}", milliseconds(50), state).text, "TIMEOUT");
    stage->restore();
    EXPECT_EQ(stage->difference_to_image(), "");
  });
  attacked.join();
  other.join();
}

}  // namespace
}  // namespace nexus::adversarial
