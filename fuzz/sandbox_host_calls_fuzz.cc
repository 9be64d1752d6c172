#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/check.h"
#include "nexus/base/clock.h"
#include "nexus/engine/handler_run.h"
#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/linear_memory.h"
#include "nexus/value/utf8.h"
#include "nexus_abi.h"

// A hostile guest: an input is a program of host calls with arguments of every kind, against the engine's
// host side of a run and a real linear memory. Oracles:
// - a call writes to the buffer it was given and nowhere else, and no more than it says;
// - what a call may not do it refuses, and without a capability nothing is read and nothing has an effect;
// - text that leaves as a value is UTF-8;
// - afterwards the memory goes back to the image, bit by bit.
// Memory outside the linear memory is fenced off: an access there is a crash.
//
// Input: a byte of capabilities (one bit for each kind; the highest: only the scopes of kNarrow), then
// instructions: POKE (0xfd: length byte, bytes; they land behind each other), ANSWER (0xfe: ends the segment and
// delivers an answer), or a host function with its arguments, each a byte of form and its bytes.

namespace {

using nexus::Result;
using nexus::capability::GrantSet;
using nexus::capability::Kind;
using nexus::capability::Token;
using nexus::engine::HandlerRun;
using nexus::engine::Mutation;
using nexus::sandbox::BaseImage;
using nexus::sandbox::Bounds;
using nexus::sandbox::GuestMemory;
using nexus::sandbox::HostFunction;
using nexus::sandbox::HostReply;
using nexus::sandbox::LinearMemory;
using nexus::sandbox::StopReason;
using nexus::value::List;
using nexus::value::Object;
using nexus::value::Value;

// Small, because each call compares all of it.
constexpr std::size_t kMemoryBytes = 16384;
constexpr std::uint8_t kPoke = 0xfd;
constexpr std::uint8_t kAnswer = 0xfe;
constexpr std::array kKinds{Kind::kStateRead, Kind::kStateWrite, Kind::kEventsEmit, Kind::kViewUpdate,
                            Kind::kExtension};
// The scope of each kind when it is granted narrowly.
constexpr std::array<std::string_view, 5> kNarrow{"count", "count", "a", "a", "api"};
constexpr std::uint8_t kNarrowBit = 0x80;

// Parameters of each host function, in the order of its enumeration.
constexpr std::size_t kParameters[] = {
#define NX_COUNT1(name, host) 1,
#define NX_COUNT2(name, host) 2,
#define NX_COUNT3(name, host) 3,
#define NX_COUNT4(name, host) 4,
#define NX_COUNT5(name, host) 5,
#define NX_COUNT6(name, host) 6,
    NX_IMPORTS(NX_COUNT1, NX_COUNT2, NX_COUNT3, NX_COUNT4, NX_COUNT5, NX_COUNT6)};

// Takes the input apart; zeros when it is used up.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() { return take(1).front(); }
  std::uint32_t number(std::size_t bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t each : take(bytes)) value = value << 8 | each;
    return value;
  }
  std::vector<std::uint8_t> take(std::size_t count) {
    const std::size_t there = std::min(count, bytes_.size());
    std::vector<std::uint8_t> taken(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(there));
    taken.resize(count);
    bytes_ = bytes_.subspan(there);
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// `count` is a number, `items` a list, `big` longer than most buffers; any other key is undeclared.
class FixedState final : public nexus::engine::StateView {
 public:
  const Value* get(std::string_view key) const override { return values_.find(key); }
  std::vector<std::string> keys() const override {
    std::vector<std::string> keys;
    for (const auto& [key, value] : values_) keys.push_back(key);
    return keys;
  }
  Result<void> check_write(std::string_view key, Value* value) const override {
    const Value* const now = values_.find(key);
    if (now == nullptr || (value != nullptr && value->type() != now->type()))
      return nexus::Error{nexus::ErrorCode::kStateError, "refused"};
    return {};
  }

 private:
  Object values_{{"count", 5},
                 {"items", List{Object{{"id", 1}, {"tags", List{"a"}}}, 2}},
                 {"big", std::string(1000, 'x')}};
};

GrantSet grants_of(std::uint8_t bits) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (bits & (1u << i)) tokens.push_back({kKinds[i], bits & kNarrowBit ? std::string(kNarrow[i]) : "*"});
  return GrantSet(std::move(tokens));
}

nexus::engine::RunRequest request_with(std::uint8_t bits) {
  nexus::engine::RunRequest request;
  request.args = Object{{"n", 1}};
  request.capabilities = grants_of(bits);
  request.extensions = std::make_shared<nexus::engine::ExtensionMethods>(
      nexus::engine::ExtensionMethods{{"api", {"api", {"get", "post"}}}, {"other", {"hidden", {"get"}}}});
  request.limits.host_calls = 200;
  request.limits.log_lines = 20;
  request.limits.events = 20;
  request.limits.view_commands = 20;
  request.limits.suspensions_in_flight = 8;
  request.limits.payload = {.depth = 16, .bytes = 1u << 16};
  return request;
}

const BaseImage& image() {
  static const std::unique_ptr<BaseImage> made = [] {
    std::vector<std::uint8_t> bytes(kMemoryBytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
    auto result = BaseImage::create(bytes);
    NX_CHECK(result.ok());
    return std::move(result).take();
  }();
  return *made;
}

LinearMemory& memory() {
  static const std::unique_ptr<LinearMemory> made = [] {
    auto result = LinearMemory::create(Bounds::kGuardPages);
    NX_CHECK(result.ok() && (*result)->map(image()).ok());
    return std::move(result).take();
  }();
  return *made;
}

struct Range {
  std::uint64_t address = 0;
  std::uint64_t length = 0;
};

// Where `function` may write when it answers `code`.
Range writable(HostFunction function, const std::uint32_t* a, std::int32_t code) {
  const auto reply = [code](std::uint32_t buffer, std::uint32_t capacity) -> Range {
    if (code < 0 || static_cast<std::uint32_t>(code) > capacity) return {};
    return {buffer, static_cast<std::uint32_t>(code)};
  };
  switch (function) {
    case HostFunction::kInput:
      return reply(a[1], a[2]);
    case HostFunction::kStateGet:
    case HostFunction::kExtMethods:
      return reply(a[2], a[3]);
    case HostFunction::kStateKeys:
    case HostFunction::kExtList:
      return reply(a[0], a[1]);
    case HostFunction::kNow:
      return {a[0], sizeof(double)};
    default:
      return {};
  }
}

// One input: a run, its memory as the guest last saw it, and what was granted.
class HostileGuest {
 public:
  explicit HostileGuest(Input& input)
      : input_(input),
        grants_(input.byte()),
        run_(request_with(grants_), std::make_shared<const std::string>("code"), nexus::Clock::system()) {}

  void play() {
    run_.begin_segment(state_);
    bool going = true;
    while (going && !input_.empty()) going = step(input_.byte());
    end_segment();
  }

 private:
  bool granted(Kind kind) const {
    return (grants_ & (1u << (std::ranges::find(kKinds, kind) - kKinds.begin()))) != 0;
  }
  // Whether a use of `scope` is covered by the grant of `kind`.
  bool covered(Kind kind, std::string_view scope) const {
    const auto at = static_cast<std::size_t>(std::ranges::find(kKinds, kind) - kKinds.begin());
    return granted(kind) && (!(grants_ & kNarrowBit) || scope == kNarrow[at]);
  }

  // False when the host has ended the run.
  bool step(std::uint8_t instruction) {
    if (instruction == kPoke) poke();
    if (instruction == kAnswer) answer();
    if (instruction == kPoke || instruction == kAnswer) return true;
    return call(static_cast<HostFunction>(instruction % nexus::sandbox::kHostFunctionCount));
  }

  void poke() {
    const std::vector<std::uint8_t> bytes = input_.take(input_.byte());
    if (poked_.address + poked_.length + bytes.size() > kMemoryBytes) poked_ = {};
    poked_ = {poked_.address + poked_.length, bytes.size()};
    NX_CHECK(GuestMemory(memory()).write(static_cast<std::uint32_t>(poked_.address), std::as_bytes(std::span(bytes))));
  }

  void answer() {
    end_segment();
    run_.set_answer({.success = (input_.byte() & 1) != 0, .value = List{1, "x"}, .error = "no"});
    if (const auto open = run_.open_calls(); !open.empty()) run_.close(open.front().id);
    run_.begin_segment(state_);
  }

  std::uint32_t argument() {
    switch (const std::uint8_t form = input_.byte(); form % 6) {
      case 0:
        return static_cast<std::uint32_t>(poked_.address);
      case 1:
        return static_cast<std::uint32_t>(poked_.length);
      case 2:
        return input_.byte();
      case 3:
        return input_.number(3);
      case 4:
        return static_cast<std::uint32_t>(kMemoryBytes) - input_.byte();
      default:
        return input_.number(4);
    }
  }

  bool call(HostFunction function) {
    std::array<std::uint32_t, 6> a{};
    for (std::size_t i = 0; i < kParameters[static_cast<std::size_t>(function)]; ++i) a[i] = argument();
    const std::vector<std::uint8_t> before(memory().data(), memory().data() + kMemoryBytes);
    GuestMemory view(memory());
    const HostReply reply = run_.call(function, a.data(), view);
    check_reply(function, reply);
    check_writes(before, writable(function, a.data(), reply.code));
    return reply.stop == StopReason::kNone;
  }

  void check_reply(HostFunction function, const HostReply& reply) const {
    NX_CHECK(reply.code >= NX_INTERNAL_ERROR);
    NX_CHECK(reply.stop == StopReason::kNone || reply.stop == StopReason::kHost);
    const bool reads = function == HostFunction::kStateGet || function == HostFunction::kStateHas ||
                       function == HostFunction::kStateKeys;
    const bool writes = function == HostFunction::kStateSet || function == HostFunction::kStateDelete ||
                        function == HostFunction::kStatePatch;
    if (reads && !granted(Kind::kStateRead)) NX_CHECK(reply.code < 0);
    if (writes && !granted(Kind::kStateWrite)) NX_CHECK(reply.code < 0);
    if (function == HostFunction::kStateKeys && (grants_ & kNarrowBit)) NX_CHECK(reply.code < 0);
  }

  static void check_writes(const std::vector<std::uint8_t>& before, Range allowed) {
    NX_CHECK(memory().size() == kMemoryBytes);
    const std::uint8_t* const now = memory().data();
    const std::uint64_t start = std::min<std::uint64_t>(allowed.address, kMemoryBytes);
    const std::uint64_t end = std::min<std::uint64_t>(allowed.address + allowed.length, kMemoryBytes);
    NX_CHECK(std::memcmp(now, before.data(), start) == 0);
    NX_CHECK(std::memcmp(now + end, before.data() + end, kMemoryBytes - end) == 0);
  }

  void end_segment() {
    const HandlerRun::Segment segment = run_.end_segment();
    for (const auto& event : segment.events) {
      NX_CHECK(covered(Kind::kEventsEmit, event.name));
      check_value(event.payload);
    }
    for (const auto& command : segment.view_commands) {
      NX_CHECK(covered(Kind::kViewUpdate, command.component_id.value_or("*")));
      check_value(command.args);
    }
    for (const auto& call : segment.started) {
      NX_CHECK(covered(Kind::kExtension, call.extension == "other" ? "hidden" : "api"));
      check_value(Value(call.args));
    }
    if (segment.mutations.ok())
      for (const Mutation& mutation : *segment.mutations) {
        NX_CHECK(covered(Kind::kStateWrite, mutation.key));
        check_value(mutation.value);
        for (const auto& operation : mutation.patch) check_value(operation.value);
      }
    NX_CHECK(segment.logs.size() <= 21);
  }

  static void check_value(const Value& value) {
    if (value.is_string()) NX_CHECK(nexus::value::is_valid_utf8(value.string()));
    if (value.is_list()) std::ranges::for_each(value.list(), check_value);
    if (value.is_object())
      for (const auto& [key, member] : value.object()) {
        NX_CHECK(nexus::value::is_valid_utf8(key));
        check_value(member);
      }
  }

  Input& input_;
  const std::uint8_t grants_;
  const FixedState state_;
  HandlerRun run_;
  Range poked_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1u << 16) return 0;
  Input input(std::span(data, size));
  HostileGuest(input).play();
  memory().reset();
  NX_CHECK(std::memcmp(memory().data(), image().data(), kMemoryBytes) == 0);
  return 0;
}
