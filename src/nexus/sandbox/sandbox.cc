#include "nexus/sandbox/sandbox.h"

#include <sys/auxv.h>

#include <mutex>
#include <span>

#include "guest_module.h"
#include "nexus/sandbox/entry.h"

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
class InitialisationHost final : public HostCalls {
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

Error cannot_initialise(const char* step, const Exit& exit, const InitialisationHost& host) {
  return Error{ErrorCode::kWasmError, std::string("the sandbox cannot be initialised: ") + step + " ended with " +
                                          std::to_string(exit.value) + ", " + std::string(to_string(exit.stop)) +
                                          " " + std::string(exit.trap_text) + host.report()};
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
      return cannot_initialise(step == Export::kInit ? "nx_init" : "_initialize", exit, host);
  }
  NX_TRY(auto image, BaseImage::create(std::span(blank->memory().data(), blank->memory().size())));
  sandbox->image_ = std::move(image);
  return sandbox;
}

Result<std::unique_ptr<Instance>> Sandbox::new_instance() {
  return Instance::create(module_, watchdog_, *image_);
}

std::string_view Sandbox::translation_name() const { return module_.name; }

std::string_view Sandbox::build_hash() { return nx_guest_build_hash; }

}  // namespace nexus::sandbox
