#include <gtest/gtest.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "nexus/capability/inference.h"

// Texts made to exhaust the reader: time, native stack and memory must stay bounded.
namespace nexus::capability {
namespace {

std::string needs(std::string_view source) {
  std::string all;
  for (const Need& need : analyze_handler(source).needs) {
    all += (all.empty() ? "" : " ") + to_string(need.token);
  }
  return all;
}

// Runs the analysis on a thread with a small stack and checks how much CPU time it takes. What the
// bound excludes is time that grows with the square of the text; sanitizers fit in.
HandlerAnalysis analyze_on_small_stack(const std::string& source) {
  struct Job {
    const std::string& source;
    HandlerAnalysis result;
    timespec cpu_time;
  } job{source, {}, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  const auto run = [](void* data) -> void* {
    auto* work = static_cast<Job*>(data);
    work->result = analyze_handler(work->source);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &work->cpu_time);
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_LT(job.cpu_time.tv_sec, 10) << source.substr(0, 40);
  return std::move(job.result);
}

std::string repeat(std::string_view piece, std::size_t bytes) {
  std::string all;
  while (all.size() + piece.size() <= bytes) all += piece;
  return all;
}

constexpr std::size_t kMost = 120 * 1024;

TEST(Hostile, NestingOfEveryKindIsBounded) {
  // One to a line they would fill a page.
  // clang-format off
  constexpr std::string_view kOpenings[] = {
      "(", "[", "{", "`${", "({a:", "a=>", "a?", "!", "-", "a+", "f(", "x[", "async(", "[a=(",
      "<a>", "function f(){", "class A{a(){", "if(a)", "for(;;)", "label:", "({a,b:[", "new ",
      "await ", "...", "$state.a(", "$state[", "((a,b)=>", "$state.a.map(x=>", "{let $state=",
      "const{a:{", "x{", "\"", "static{", "get a(){", "`", "'\\", "/"};
  // clang-format on
  for (const std::string_view open : kOpenings) {
    const HandlerAnalysis found = analyze_on_small_stack(repeat(open, 64 * 1024));
    const bool mentions = open.find("$state") != std::string_view::npos;
    EXPECT_EQ(!found.needs.empty(), mentions) << open;
  }
}

TEST(Hostile, BalancedNestingIsStillRead) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const std::size_t depth = 2000;  // what takes more than a second is not read
#else
  const std::size_t depth = 10000;
#endif
  EXPECT_EQ(needs(std::string(depth, '(') + "$state.a" + std::string(depth, ')') + ".b = 1"),
            "state:read:a state:write:a");
  EXPECT_EQ(needs(repeat("[", depth) + "$state.a" + repeat("]", depth)), "state:read:a");
  EXPECT_EQ(needs(repeat("{", depth) + "$state.a" + repeat("}", depth)), "state:read:a");
  EXPECT_EQ(needs("$state.a" + repeat(".b", depth) + " = 1"), "state:read:a state:write:a");
  EXPECT_EQ(
      needs("const " + repeat("[", depth) + "x" + repeat("]", depth) + " = $state.a; x.n = 1"),
      "state:read:a state:write:a");
  EXPECT_EQ(needs(repeat("(()=>", 5 * depth) + "$state.a" + repeat(")", depth)),
            "state:read:a state:write:a");
}

TEST(Hostile, ManyValuesInManyPlacesEndInWildcards) {
  std::string source = "let x;";
  for (int i = 0; i < 5000; ++i) source += "x=$state.k" + std::to_string(i) + ";";
  source += repeat("x.a;", 100 * 1024);
  const HandlerAnalysis found = analyze_on_small_stack(source);
  EXPECT_EQ(found.needs.front().token, (Token{Kind::kStateRead, "*"}));
}

TEST(Hostile, LongListsTakeTimeInProportion) {
  for (std::string_view piece : {"$state.a,", "...$state.a,", "x,"}) {
    analyze_on_small_stack("f(" + repeat(piece, kMost) + "1)");
    analyze_on_small_stack("function f(" + repeat("a,", kMost / 2) + "b){}f(" +
                           repeat(piece, kMost / 2) + "1)");
    analyze_on_small_stack("x=[" + repeat(piece, kMost) + "1]");
  }
  analyze_on_small_stack("const{" + repeat("a,", kMost) + "b}=$state");
  analyze_on_small_stack(repeat("{x", kMost));
  analyze_on_small_stack("$state." + std::string(kMost, 'k'));
  analyze_on_small_stack("$state['" + std::string(kMost, 'k') + "']");
  analyze_on_small_stack(repeat("const f=x=>f(x);f($state.a);", kMost));
}

TEST(Hostile, GarbageOfOneMebibyteIsRefusedOrRead) {
  std::mt19937 random(7);
  const std::string punctuation = "(){}[];,.=>+-*/<!?:`$\"'x \n";
  for (const std::size_t size : {std::size_t{256 * 1024}, std::size_t{1024 * 1024}}) {
    std::string bytes, symbols;
    for (std::size_t i = 0; i < size; ++i) {
      bytes += static_cast<char>(random());
      symbols += punctuation[random() % punctuation.size()];
    }
    analyze_on_small_stack(bytes);
    analyze_on_small_stack(symbols);
  }
  EXPECT_EQ(needs(repeat("$emit('a');", 1024 * 1024)), "events:emit:*");
}

TEST(Hostile, PiecesOfProgramsInAnyOrder) {
  const std::vector<std::string_view> pieces{
      "$state", ".",    "a",       "=",    "(",        ")",      "[",         "]",
      "{",      "}",    ",",       ";",    "=>",       "const ", "function ", "...",
      "await ", "`",    "${",      "'",    "/",        "*",      "\\u0024",   "return ",
      "for(",   " of ", " in ",    "$ext", "$emit",    "class ", "new ",      "?",
      ":",      "\n",   "async ",  "<",    "!--",      "0",      "map",       "\xc3\xa9",
      "\x80",   "var ", "delete ", "++",   "NexusAPI", "$view",  "/*",        "*/",
      "//",     "get ", "static "};
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string source;
    for (std::size_t i = 0, n = random() % 40; i < n; ++i)
      source += pieces[random() % pieces.size()];
    const HandlerAnalysis found = analyze_handler(source);
    EXPECT_TRUE(std::is_sorted(found.needs.begin(), found.needs.end(),
                               [](const Need& a, const Need& b) { return a.token < b.token; }))
        << source;
    for (const Need& need : found.needs) {
      EXPECT_GE(need.location.line, 1) << source;
      EXPECT_GE(need.location.column, 1) << source;
      EXPECT_TRUE(is_scope(need.token.scope)) << source;
    }
  }
}

}  // namespace
}  // namespace nexus::capability
