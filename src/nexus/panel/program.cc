#include "nexus/panel/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "nexus/panel/cron_time.h"
#include "nexus/panel/grants.h"
#include "nexus/panel/panel_state.h"

namespace nexus::panel {
namespace {

using nxml::Diagnostic;
using nxml::is_error;
using nxml::Severity;

constexpr std::size_t kBytesPerMegabyte = std::size_t{1} << 20;

// What stops the author first, then what might be improved; each in order of position.
CreateError refuse(std::vector<Diagnostic> diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return std::tuple(!is_error(a), a.span.start.line, a.span.start.column) <
                            std::tuple(!is_error(b), b.span.start.line, b.span.start.column);
                   });
  const auto errors = std::count_if(diagnostics.begin(), diagnostics.end(), is_error);
  NX_CHECK(errors > 0);
  const Diagnostic& first = diagnostics.front();
  std::string message = fmt::format("the document has {} error{}; the first, at {}:{}: {}", errors,
                                    errors == 1 ? "" : "s", first.span.start.line,
                                    first.span.start.column, first.message);
  Error error{ErrorCode::kInvalidNxml, std::move(message), {}, first.span.start};
  return {std::move(error), std::move(diagnostics)};
}

// A tool may ask for less than the operator allows, never for more (design.md section 4).
engine::Limits lower_limits(engine::Limits limits, const nxml::Tool& tool) {
  if (tool.timeout_ms)
    limits.timeout = std::min(limits.timeout, std::chrono::milliseconds{*tool.timeout_ms});
  if (tool.memory_limit_mb)
    limits.memory_bytes = std::min(limits.memory_bytes, *tool.memory_limit_mb * kBytesPerMegabyte);
  if (tool.max_host_calls) limits.host_calls = std::min(limits.host_calls, *tool.max_host_calls);
  return limits;
}

class Loader {
 public:
  Loader(const Settings& settings, engine::Engine& engine, const extension::Registry& extensions)
      : settings_(settings), engine_(engine), extensions_(extensions) {}

  std::variant<LoadedPanel, CreateError> load(const CreateRequest& request);

 private:
  void declare_names();
  std::optional<CreateError> check_overrides(const value::Object& overrides) const;
  void resolve_extensions(const value::Object& overrides);
  std::shared_ptr<const value::Object> settings_of(const nxml::Extension& declared,
                                                   const extension::Extension& extension,
                                                   const value::Object& overrides);
  void prepare_tools();
  void prepare_lifecycles();
  void prepare_computed();
  void check_time_zones();
  PreparedHandler prepare(std::string name, const nxml::Handler& handler,
                          const std::vector<nxml::CapabilityDecl>* declared, engine::Limits limits);
  Result<state::Store> make_store(const CreateRequest& request) const;

  const Settings& settings_;
  engine::Engine& engine_;
  const extension::Registry& extensions_;

  Program program_;
  DeclaredNames names_;
  Bounds bounds_;
  std::vector<Diagnostic> diagnostics_;
};

std::variant<LoadedPanel, CreateError> Loader::load(const CreateRequest& request) {
  nxml::ParseResult parsed = nxml::parse(request.source);
  diagnostics_ = std::move(parsed.diagnostics);
  // A document with mistakes is read on: those of its handlers belong to the same report.
  program_.document =
      parsed.document != nullptr ? std::move(parsed.document) : std::move(parsed.draft);
  if (program_.document == nullptr) return refuse(std::move(diagnostics_));
  declare_names();
  bounds_ = {request.grants, settings_.capability_policy};
  if (!request.kept_extensions)
    if (auto error = check_overrides(request.extensions)) return *std::move(error);
  resolve_extensions(request.extensions);
  prepare_tools();
  prepare_lifecycles();
  prepare_computed();
  check_time_zones();
  if (std::any_of(diagnostics_.begin(), diagnostics_.end(), is_error))
    return refuse(std::move(diagnostics_));
  auto store = make_store(request);
  if (!store.ok()) {
    Error error = std::move(store).take_error();
    if (request.initial_state) error.message = "initialState: " + error.message;
    return CreateError{std::move(error), {}};
  }
  program_.source = request.source;
  program_.warnings = std::move(diagnostics_);
  program_.ast_json = nxml::to_json(*program_.document);
  program_.view = std::make_shared<const ResolvedView>(*program_.document, settings_.limits);
  return LoadedPanel{std::make_shared<const Program>(std::move(program_)), std::move(store).take()};
}

void Loader::declare_names() {
  for (const auto& state : program_.document->states) names_.state_keys.insert(state.name);
  for (const auto& computed : program_.document->computed) names_.state_keys.insert(computed.name);
}

// A setting for an alias that nothing declares would be dropped in silence.
std::optional<CreateError> Loader::check_overrides(const value::Object& overrides) const {
  for (const auto& [alias, settings] : overrides) {
    const auto& declared = program_.document->extensions;
    if (std::ranges::find(declared, alias, &nxml::Extension::alias) == declared.end())
      return CreateError{{ErrorCode::kInvalidArgument,
                          fmt::format("extensions: the document declares no extension with the "
                                      "alias \"{}\"",
                                      alias.substr(0, 64))},
                         {}};
    if (!settings.is_object())
      return CreateError{{ErrorCode::kInvalidArgument,
                          fmt::format("extensions.{}: settings are an object", alias)},
                         {}};
  }
  return std::nullopt;
}

std::shared_ptr<const value::Object> Loader::settings_of(const nxml::Extension& declared,
                                                         const extension::Extension& extension,
                                                         const value::Object& overrides) {
  auto settings = std::make_shared<value::Object>();
  if (declared.base_url) settings->set("baseURL", *declared.base_url);
  if (const value::Value* given = overrides.find(declared.alias))
    for (const auto& [key, value] : given->object()) settings->set(key, value);
  if (const auto checked = extension.check_settings(*settings); !checked.ok())
    diagnostics_.push_back({Severity::kError, std::string(to_string(checked.error().code)),
                            checked.error().message, declared.span});
  return settings;
}

void Loader::resolve_extensions(const value::Object& overrides) {
  auto methods = std::make_shared<engine::ExtensionMethods>();
  for (const auto& declared : program_.document->extensions) {
    auto found = extensions_.resolve(declared.name);
    if (!found.ok()) {
      // The alias counts as declared all the same, so that one mistake is one diagnostic.
      names_.extensions.emplace(declared.alias, extension::last_segment(declared.name));
      diagnostics_.push_back({Severity::kError, std::string(to_string(found.error().code)),
                              found.error().message, declared.span});
      continue;
    }
    names_.extensions.emplace(declared.alias, extension::last_segment((*found)->name()));
    program_.extensions.emplace(
        declared.alias,
        DeclaredExtension{*found, settings_of(declared, **found, overrides)});
    methods->emplace(declared.alias, engine::ExtensionEntry{names_.extensions.at(declared.alias),
                                                            (*found)->methods()});
  }
  program_.methods = std::move(methods);
}

void Loader::prepare_tools() {
  for (const auto& tool : program_.document->tools) {
    PreparedHandler handler =
        prepare(tool.name, tool.handler, tool.capabilities ? &*tool.capabilities : nullptr,
                lower_limits(settings_.limits, tool));
    program_.tools.emplace(tool.name, PreparedTool{&tool, std::move(handler)});
  }
}

void Loader::prepare_lifecycles() {
  for (const auto& lifecycle : program_.document->lifecycles) {
    const bool mount = lifecycle.on == nxml::Lifecycle::On::kMount;
    (mount ? program_.mount : program_.unmount) =
        prepare(mount ? "mount" : "unmount", lifecycle.handler, nullptr, settings_.limits);
  }
}

PreparedHandler Loader::prepare(std::string name, const nxml::Handler& handler,
                                const std::vector<nxml::CapabilityDecl>* declared,
                                engine::Limits limits) {
  PreparedHandler prepared{std::move(name), {handler.code, handler.start}, {}, limits};
  const std::size_t before = diagnostics_.size();
  prepared.capabilities = grant_handler(handler, declared, names_, bounds_, diagnostics_);
  auto compiled = engine_.precompile(prepared.source);
  if (compiled.ok()) return prepared;
  // What does not compile is read as needing everything, so what it lacks would be noise.
  const auto first = diagnostics_.begin() + static_cast<std::ptrdiff_t>(before);
  diagnostics_.erase(
      std::remove_if(first, diagnostics_.end(),
                     [](const Diagnostic& item) { return item.code == "PERMISSION_DENIED"; }),
      diagnostics_.end());
  const Location at = compiled.error().location.value_or(handler.start);
  diagnostics_.push_back({Severity::kError,
                          std::string(to_string(compiled.error().code)),
                          compiled.error().message,
                          {at, {at.line, at.column + 1}}});
  return prepared;
}

// What the parser accepts always compiles; should the sandbox see it otherwise, it is said here.
void Loader::prepare_computed() {
  program_.computed = std::make_shared<const ComputedValues>(*program_.document, settings_.limits);
  if (program_.computed->empty()) return;
  const auto compiled = engine_.precompile(program_.computed->source());
  if (compiled.ok()) return;
  diagnostics_.push_back({Severity::kError, std::string(to_string(compiled.error().code)),
                          compiled.error().message, program_.document->computed.front().span});
}

void Loader::check_time_zones() {
  for (const auto& tool : program_.document->tools)
    for (const auto& trigger : tool.triggers) {
      if (trigger.type != nxml::Trigger::Type::kCron || is_time_zone(trigger.timezone)) continue;
      diagnostics_.push_back(
          {Severity::kError, "INVALID_TRIGGER",
           fmt::format("there is no time zone '{}'; write one as 'Europe/Berlin', or leave it out for UTC",
                       trigger.timezone.substr(0, 64)),
           trigger.span});
    }
}

Result<state::Store> Loader::make_store(const CreateRequest& request) const {
  std::vector<state::Declaration> declarations;
  for (const auto& state : program_.document->states)
    declarations.push_back({state.name, state.type, state.initial, false});
  for (const auto& computed : program_.document->computed)
    declarations.push_back({.name = computed.name, .computed = true});
  NX_TRY(auto store, state::Store::create(std::move(declarations),
                                          request.initial_state.value_or(value::Value()),
                                          settings_.max_state_bytes));
  if (program_.computed->empty()) return store;
  PanelState first(std::move(store), program_.computed,
                   request.panel_id.value_or(program_.document->meta.id.value_or("")));
  NX_TRY_VOID(first.seed(engine_));
  return std::move(first).take_store();
}

}  // namespace

std::variant<LoadedPanel, CreateError> load_panel(const CreateRequest& request,
                                                  const Settings& settings,
                                                  engine::Engine& engine,
                                                  const extension::Registry& extensions) {
  return Loader(settings, engine, extensions).load(request);
}

std::vector<Diagnostic> CreateError::to_diagnostics() const {
  if (!diagnostics.empty()) return diagnostics;
  return {{Severity::kError, std::string(to_string(error.code)), error.message, {{1, 1}, {1, 1}}}};
}

}  // namespace nexus::panel
