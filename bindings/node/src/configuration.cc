#include "configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace nexus::node {
namespace {

constexpr std::uint64_t kMaxUint32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMaxWasmMemory = std::uint64_t{4} << 30;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;

std::string shown(const Napi::Value& value) {
  if (value.IsSymbol()) return "a symbol";
  return value.ToString().Utf8Value();
}

double read_number(const char* name, const Napi::Value& value, std::uint64_t least,
                   std::uint64_t most) {
  if (!value.IsNumber())
    throw Napi::TypeError::New(value.Env(),
                               fmt::format("{}: \"{}\" is not a number", name, shown(value)));
  const double number = value.As<Napi::Number>().DoubleValue();
  if (number >= static_cast<double>(least) && number <= static_cast<double>(most) &&
      number == std::floor(number))
    return number;
  throw Napi::RangeError::New(value.Env(), fmt::format("{}: {} is not a whole number from {} to {}",
                                                       name, shown(value), least, most));
}

std::string read_text(const char* name, const Napi::Value& value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  throw Napi::TypeError::New(value.Env(),
                             fmt::format("{}: \"{}\" is not a string", name, shown(value)));
}

bool read_flag(const char* name, const Napi::Value& value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  throw Napi::TypeError::New(value.Env(),
                             fmt::format("{}: \"{}\" is not true or false", name, shown(value)));
}

// One field of the configuration: its name, and what a value does.
struct Field {
  std::string_view name;
  void (*set)(Configuration&, const char* name, const Napi::Value&);
};

template <std::uint64_t Least, std::uint64_t Most, auto Set>
void set_number(Configuration& configuration, const char* name, const Napi::Value& value) {
  Set(configuration, read_number(name, value, Least, Most));
}

std::uint32_t whole(double number) { return static_cast<std::uint32_t>(number); }

constexpr std::array<Field, 16> kFields{{
    {"maxInstances",
     set_number<1, 1024, [](Configuration& c, double n) { c.engine.max_instances = whole(n); }>},
    {"minInstances",
     set_number<0, 1024, [](Configuration& c, double n) { c.engine.min_instances = whole(n); }>},
    {"maxSuspended",
     set_number<0, kMaxUint32,
                [](Configuration& c, double n) { c.engine.max_suspended = whole(n); }>},
    {"memoryLimitBytes", set_number<1048576, kMaxWasmMemory,
                                    [](Configuration& c, double n) {
                                      c.engine.limits.memory_bytes = static_cast<std::size_t>(n);
                                    }>},
    {"timeoutMs", set_number<1, kMaxUint32,
                             [](Configuration& c, double n) {
                               c.engine.limits.timeout =
                                   std::chrono::milliseconds(static_cast<std::int64_t>(n));
                             }>},
    {"maxHostCalls",
     set_number<0, kMaxUint32,
                [](Configuration& c, double n) { c.engine.limits.host_calls = whole(n); }>},
    {"maxStateMutations",
     set_number<0, kMaxUint32,
                [](Configuration& c, double n) { c.engine.limits.state_mutations = whole(n); }>},
    {"maxEvents",
     set_number<0, kMaxUint32,
                [](Configuration& c, double n) { c.engine.limits.events = whole(n); }>},
    {"maxCacheSizeBytes", set_number<0, kMaxBytes,
                                     [](Configuration& c, double n) {
                                       c.engine.cache_memory_bytes = static_cast<std::size_t>(n);
                                       c.engine.cache_disk_bytes = static_cast<std::uint64_t>(n);
                                     }>},
    {"cacheDir", [](Configuration& c, const char* name,
                    const Napi::Value& v) { c.engine.cache_dir = read_text(name, v); }},
    {"cacheKey", [](Configuration& c, const char* name,
                    const Napi::Value& v) { c.engine.cache_key = read_text(name, v); }},
    {"debug", [](Configuration& c, const char* name,
                 const Napi::Value& v) { c.debug = read_flag(name, v); }},
    {"enableAot", [](Configuration& c, const char* name,
                     const Napi::Value& v) { c.engine.enable_aot = read_flag(name, v); }},
    // Of the engine this one replaces: they chose features of its WebAssembly, and what is fixed
    // here.
    {"enableSimd",
     [](Configuration&, const char* name, const Napi::Value& v) { read_flag(name, v); }},
    {"enableBulkMemory",
     [](Configuration&, const char* name, const Napi::Value& v) { read_flag(name, v); }},
    {"stackSizeBytes", [](Configuration&, const char* name,
                          const Napi::Value& v) { read_number(name, v, 65536, kMaxUint32); }},
}};

}  // namespace

Configuration read_configuration(const Napi::Value& fields) {
  Configuration configuration;
  if (fields.IsUndefined()) return configuration;
  if (!fields.IsObject())
    throw Napi::TypeError::New(fields.Env(), "the configuration of a NexusRuntime is an object");
  const auto object = fields.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  bool min_given = false;
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    const Napi::Value value = object.Get(name);
    if (value.IsUndefined()) continue;
    const auto* const field = std::find_if(kFields.begin(), kFields.end(),
                                           [&](const Field& f) { return f.name == name; });
    if (field == kFields.end())
      throw Napi::TypeError::New(fields.Env(),
                                 fmt::format("{}: a NexusRuntime has no such setting", name));
    field->set(configuration, name.c_str(), value);
    min_given = min_given || name == "minInstances";
  }
  engine::Options& options = configuration.engine;
  if (!min_given) options.min_instances = std::min(options.min_instances, options.max_instances);
  return configuration;
}

std::uint32_t read_timeout_ms(const Napi::Value& value, std::uint32_t otherwise) {
  return value.IsUndefined() ? otherwise : whole(read_number("timeoutMs", value, 1, kMaxUint32));
}

}  // namespace nexus::node
