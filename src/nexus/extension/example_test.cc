// The example of docs/EXTENSIONS.md, compiled and run.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "nexus/extension/extension.h"
#include "nexus/extension/manual_loop_fixture_internal.h"

namespace nexus::extension {
namespace {

// [example]
// "acme.countdown": from(n) counts down to zero, a step a second, and answers "liftoff".
class Countdown : public Extension {
 public:
  explicit Countdown(loop::Loop& loop) : loop_(loop) {}

  std::string_view name() const override { return "acme.countdown"; }
  const std::vector<std::string>& methods() const override { return methods_; }

  // Before the call: it takes n seconds of its own, and counting again after a restart does no harm.
  CallPlan plan(std::string_view, const value::List& args) const override {
    const auto n = read(args);
    return {.repeatable = true, .allowance = std::chrono::seconds{n.ok() ? *n : 0}};
  }

  std::unique_ptr<Call> call(const CallContext&, std::string_view, value::List args,
                             Reports reports) override {
    return std::make_unique<Counting>(loop_, read(args), std::move(reports));
  }

 private:
  // The arguments are what a handler wrote: anything. Say what was expected and what was found.
  static Result<int> read(const value::List& args) {
    const value::Value* n = args.empty() ? nullptr : &args.front();
    if (n != nullptr && n->is_number() && n->number() >= 0 && n->number() <= 60)
      return static_cast<int>(n->number());
    return Error{ErrorCode::kInvalidArgument, "from takes a number from 0 to 60"};
  }

  // One call. Its timer goes with it, so a cancelled call never answers.
  class Counting : public Call {
   public:
    Counting(loop::Loop& loop, Result<int> from, Reports reports)
        : loop_(loop), left_(std::move(from)), reports_(std::move(reports)) {
      wait(std::chrono::milliseconds{0});  // never answer from inside call()
    }

   private:
    void wait(std::chrono::milliseconds time) {
      timer_ = loop_.after(time, [this] { step(); });
    }
    void step() {
      if (!left_.ok()) return reports_.done(Error(left_.error()));
      if (*left_ == 0) return reports_.done(value::Value("liftoff"));
      reports_.progress(value::Object{{"left", *left_}});
      --*left_;
      wait(std::chrono::seconds{1});
    }

    loop::Loop& loop_;
    Result<int> left_;
    Reports reports_;
    std::unique_ptr<loop::Timer> timer_;
  };

  loop::Loop& loop_;
  const std::vector<std::string> methods_ = {"from"};
};
// [/example]

std::string read(const std::string& path) {
  std::ifstream file(std::string(NEXUS_SOURCE_DIR) + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ExtensionExample, IsTheOneOfTheDocument) {
  const std::string source = read("/src/nexus/extension/example_test.cc");
  const auto start = source.find("// [example]\n") + 13;
  const std::string example = source.substr(start, source.find("// [/example]") - start);
  ASSERT_GT(example.size(), 1000u);
  EXPECT_NE(read("/docs/EXTENSIONS.md").find("```cpp\n" + example + "```"), std::string::npos)
      << "docs/EXTENSIONS.md shows another text than this file compiles";
}

TEST(ExtensionExample, CountsReportsAndAnswers) {
  ManualLoop loop;
  Countdown countdown(loop);
  std::vector<value::Value> progress;
  std::optional<value::Value> answer;
  const auto call = countdown.call({"p", "r"}, "from", {2},
                                   {.done = [&](Result<value::Value> result) { answer = *result; },
                                    .progress = [&](value::Value report) { progress.push_back(report); }});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(answer.has_value());
    loop.fire_all();
  }
  EXPECT_EQ(answer, value::Value("liftoff"));
  EXPECT_EQ(progress, (std::vector<value::Value>{value::Object{{"left", 2}}, value::Object{{"left", 1}}}));
  EXPECT_EQ(countdown.plan("from", {2}).allowance, std::chrono::seconds{2});
}

TEST(ExtensionExample, ACancelledCountNeverAnswers) {
  ManualLoop loop;
  Countdown countdown(loop);
  auto call = countdown.call({"p", "r"}, "from", {2}, {.done = [](auto) { ADD_FAILURE() << "was cancelled"; }});
  call.reset();
  loop.fire_all();
  EXPECT_EQ(loop.armed(), 0u);
}

}  // namespace
}  // namespace nexus::extension
