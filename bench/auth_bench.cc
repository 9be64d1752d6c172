// What a bearer token costs a request: seen before, and for the first time.
#include <benchmark/benchmark.h>

#include "nexus/auth/authenticator.h"
#include "nexus/auth/rate_limiter.h"
#include "nexus/auth/token.h"
#include "nexus/base/check.h"
#include "nexus/value/json.h"

namespace {

namespace auth = nexus::auth;
using nexus::Clock;

auth::Key secret() {
  return std::move(auth::make_secret_key("0123456789abcdef-a-long-bench-secret")).take();
}

// A token of its own for each `number`.
std::string mint(std::int64_t number) {
  return auth::mint_token(secret(),
                          nexus::value::Object{{"sub", std::to_string(number)},
                                               {"workspace_id", "w"},
                                               {"permissions", nexus::value::List{"panel:read"}},
                                               {"exp", 4102444800.0}});
}

std::unique_ptr<auth::Authenticator> make_authenticator() {
  auth::AuthenticatorOptions options;
  options.secret = secret();
  return std::make_unique<auth::Authenticator>(std::move(options), Clock::system());
}

void expect_good(auth::Authenticator& authenticator, const std::string& token) {
  authenticator.authenticate(
      token, [](const nexus::Result<auth::Identity>& identity) { NX_CHECK(identity.ok()); });
}

void BM_KnownToken(benchmark::State& state) {
  const auto authenticator = make_authenticator();
  const std::string token = mint(0);
  for (auto _ : state) expect_good(*authenticator, token);
}
BENCHMARK(BM_KnownToken);

void BM_NewTokenHs256(benchmark::State& state) {
  const auto authenticator = make_authenticator();
  // More than the cache holds, so that none is known when its turn comes again.
  std::vector<std::string> tokens;
  for (std::int64_t i = 0; i < 20'000; ++i) tokens.push_back(mint(i));
  std::size_t next = 0;
  for (auto _ : state) expect_good(*authenticator, tokens[next++ % tokens.size()]);
}
BENCHMARK(BM_NewTokenHs256);

void BM_RateLimiter(benchmark::State& state) {
  auth::RateLimiter limiter(1'000'000'000);
  const std::string caller = "203.0.113.7";
  for (auto _ : state) benchmark::DoNotOptimize(limiter.admit(caller, Clock::system().now()));
}
BENCHMARK(BM_RateLimiter);

}  // namespace

BENCHMARK_MAIN();
