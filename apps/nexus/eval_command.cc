#include <fmt/format.h>

#include <cstdio>
#include <span>

#include "commands.h"
#include "files.h"
#include "nexus/sandbox/entry.h"
#include "nexus/sandbox/sandbox.h"
#include "nexus/value/msgpack.h"
#include "nexus_abi.h"

namespace nexus::cli {
namespace {

using sandbox::Exit;
using sandbox::Export;
using sandbox::GuestMemory;
using sandbox::HostFunction;
using sandbox::HostReply;
using sandbox::StopReason;

constexpr std::size_t kMemoryBytes = std::size_t{512} << 20;
// "No limit": longer than any machine stays up.
constexpr std::chrono::hours kNoTimeout{24 * 3650};

// Gives the guest the script, prints what it prints and keeps the error it reports. Everything else is
// refused: there are no capabilities here.
class EvalHost final : public sandbox::HostCalls {
 public:
  std::string source;
  std::string report;

  HostReply call(HostFunction function, const std::uint32_t* a, GuestMemory& memory) override {
    switch (function) {
      case HostFunction::kInput:
        if (a[0] != NX_SLOT_SOURCE) return {};
        if (source.size() <= a[2]) memory.write(a[1], source);
        return {static_cast<std::int32_t>(source.size())};
      case HostFunction::kOutput:
        report = memory.read({a[1], a[2]}).value_or("");
        return {};
      case HostFunction::kPrint: {
        const std::string text = memory.read({a[0], a[1]}).value_or("");
        std::fwrite(text.data(), 1, text.size(), stdout);
        return {};
      }
      default:
        return {NX_PERMISSION_DENIED};
    }
  }
  std::uint64_t wall_clock_ns() override {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
  }
};

// "Name: message" of the guest's report; what is no Error in its own words.
std::string describe(const std::string& report) {
  auto decoded = value::decode_msgpack(std::as_bytes(std::span(report.data(), report.size())));
  if (!decoded.ok()) return "InternalError: out of memory";
  const auto text = [&decoded](std::string_view member) {
    const value::Value* const found = decoded->find(member);
    return found != nullptr && found->is_string() ? found->string() : std::string();
  };
  const std::string name = text("name");
  const std::string message = text("message");
  if (name.empty()) return text("text");
  return message.empty() ? name : fmt::format("{}: {}", name, message);
}

// The reason a script failed, or nothing.
std::optional<std::string> failure(const Exit& exit, const EvalHost& host) {
  if (exit.stop == StopReason::kNone)
    return exit.value == NX_RUN_THREW ? std::optional(describe(host.report)) : std::nullopt;
  if (exit.stop == StopReason::kTimeout) return "InternalError: interrupted by --timeout-ms";
  return fmt::format("InternalError: {} {}", to_string(exit.stop), exit.trap_text);
}

int fail(const std::string& message) {
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", message);
  return 1;
}

}  // namespace

int eval(const EvalOptions& options) {
  const sandbox::ThreadScope thread;
  auto box = sandbox::Sandbox::create({});
  if (!box.ok()) return fail("nexus eval: " + box.error().message);
  auto instance = box.value()->new_instance();
  if (!instance.ok()) return fail("nexus eval: " + instance.error().message);

  EvalHost host;
  const sandbox::Budget budget{
      std::chrono::steady_clock::now() + (options.timeout ? *options.timeout : std::chrono::milliseconds(kNoTimeout)),
      kMemoryBytes, sandbox::Budget::OnMemoryLimit::kFail};
  const std::uint32_t flags = options.module ? NX_EVAL_MODULE : 0;
  for (const std::string& path : options.files) {
    auto source = read_file(path);
    if (!source.ok()) {
      fmt::print(stderr, "nexus eval: {}\n", source.error().message);
      return 2;
    }
    host.source = std::move(source).take();
    const Exit exit = instance.value()->call(Export::kEval, {flags}, host, budget);
    if (const auto why = failure(exit, host)) return fail("Uncaught " + *why);
  }
  const Exit exit = instance.value()->call(Export::kDrain, {}, host, budget);
  if (const auto why = failure(exit, host)) return fail("Uncaught " + *why);
  std::fflush(stdout);
  return 0;
}

}  // namespace nexus::cli
