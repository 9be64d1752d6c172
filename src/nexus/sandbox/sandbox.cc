#include "nexus/sandbox/sandbox.h"

#include <sys/auxv.h>

#include <mutex>
#include <span>

#include "guest_module.h"
#include "nexus/sandbox/entry.h"
#include "nexus_abi.h"

namespace nexus::sandbox {
namespace {

#if defined(__x86_64__)
// Bit 1 of AT_HWCAP2: user space may write the segment base (Linux, arch/x86/include/uapi/asm/hwcap2.h).
bool segment_base_supported() { return (getauxval(AT_HWCAP2) & 2) != 0; }
#else
bool segment_base_supported() { return false; }
#endif

bool matches(const nx_guest_module& module, Translation translation) {
  switch (translation) {
    case Translation::kFastest:
      return true;
    case Translation::kSegmentBase:
      return module.uses_segment_base != 0;
    case Translation::kPlain:
      return module.uses_segment_base == 0 && module.checks_bounds == 0;
    case Translation::kChecked:
      return module.checks_bounds != 0;
  }
  return false;
}

const nx_guest_module* choose(Translation translation) {
  for (const nx_guest_module* const* at = nx_guest_modules; *at != nullptr; ++at)
    if (matches(**at, translation) && (!(*at)->uses_segment_base || segment_base_supported())) return *at;
  return nullptr;
}

// Time and chance are constants while the image is made, so that it is the same in every process.
class InitialisationHost : public HostCalls {
 public:
  HostReply call(HostFunction function, const std::uint32_t* arguments, GuestMemory& memory) override {
    if (function == HostFunction::kOutput) report_ = memory.read({arguments[1], arguments[2]}).value_or("");
    return {};
  }
  std::uint64_t wall_clock_ns() override { return 0; }

  // What the guest said of its failure, without the bytes of its encoding.
  std::string report() const {
    std::string text;
    for (const char c : report_) text += c >= ' ' && c <= '~' ? c : ' ';
    return text;
  }

 private:
  std::string report_;
};

// Serves the handler that CommonPages learns from: it reads its arguments, writes state and waits for a call.
class TypicalRunHost final : public InitialisationHost {
 public:
  HostReply call(HostFunction function, const std::uint32_t* arguments, GuestMemory& memory) override {
    if (function == HostFunction::kOutput && arguments[0] == NX_OUT_CODE)
      code_ = memory.read({arguments[1], arguments[2]}).value_or("");
    if (function == HostFunction::kExtExists || function == HostFunction::kStateDeclared) return {1};
    if (function != HostFunction::kInput) return InitialisationHost::call(function, arguments, memory);
    const std::string_view bytes = slot(arguments[0]);
    if (bytes.size() <= arguments[2]) memory.write(arguments[1], bytes);
    return {static_cast<std::int32_t>(bytes.size())};
  }

 private:
  static constexpr std::string_view kSource =
      "$state.count = Object.keys($args).length + 1; await $ext.time.sleep({ms: 1})";
  static constexpr std::string_view kEmptyObject = "\x80";

  std::string_view slot(std::uint32_t number) const {
    if (number == NX_SLOT_SOURCE) return kSource;
    return number == NX_SLOT_CODE ? std::string_view(code_) : kEmptyObject;
  }

  std::string code_;
};

Error cannot_initialise(const char* step, const Exit& exit, const std::string& report) {
  return Error{ErrorCode::kWasmError, std::string("the sandbox cannot be initialised: ") + step + " ended with " +
                                          std::to_string(exit.value) + ", " + std::string(to_string(exit.stop)) +
                                          " " + std::string(exit.trap_text) + report};
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::create(const Options& options) {
  const nx_guest_module* const module = choose(options.translation);
  if (module == nullptr)
    return Error{ErrorCode::kWasmError, "no translation of the guest in this build can run on this machine"};
  static std::mutex init_mutex;
  {
    const std::lock_guard lock(init_mutex);
    module->init_module();
  }
  std::unique_ptr<Sandbox> sandbox(new Sandbox(*module, options));
  NX_TRY(auto blank, Instance::create_blank(*module, sandbox->watchdog_));
  InitialisationHost host;
  const Budget budget{std::chrono::steady_clock::now() + std::chrono::seconds(60), std::size_t{64} << 20};
  for (const Export step : {Export::kInitialize, Export::kInit}) {
    const Exit exit = blank->call(step, {}, host, budget);
    if (exit.stop != StopReason::kNone || exit.value != 0)
      return cannot_initialise(step == Export::kInit ? "nx_init" : "_initialize", exit, host.report());
  }
  NX_TRY(auto image, BaseImage::create(std::span(blank->memory().data(), blank->memory().size())));
  sandbox->image_ = std::move(image);
  sandbox->common_pages_ = std::make_unique<CommonPages>(sandbox->image_->size() / LinearMemory::page_size());
  NX_TRY_VOID(sandbox->teach_common_pages());
  return sandbox;
}

// Lets a typical handler run once, so that already the first one that matters finds the common pages writable.
Result<void> Sandbox::teach_common_pages() {
  NX_TRY(auto instance, new_instance());
  if (!instance->memory().tracks_writes()) return {};
  TypicalRunHost host;
  const Budget budget{std::chrono::steady_clock::now() + std::chrono::seconds(60), std::size_t{64} << 20};
  for (const Export step : {Export::kCompile, Export::kRun}) {
    if (!instance->restore_whole()) return Error{ErrorCode::kWasmError, "the system has no memory for a sandbox"};
    const Exit exit = instance->call(step, {}, host, budget);
    if (exit.stop != StopReason::kNone || exit.value == NX_RUN_THREW)
      return cannot_initialise("a first handler", exit, host.report());
  }
  common_pages_->learn(differing_pages(instance->memory()));
  return {};
}

Result<std::unique_ptr<Instance>> Sandbox::new_instance() {
  return Instance::create(module_, watchdog_, *image_, common_pages_.get());
}

std::string_view Sandbox::translation_name() const { return module_.name; }

std::string_view Sandbox::build_hash() { return nx_guest_build_hash; }

}  // namespace nexus::sandbox
