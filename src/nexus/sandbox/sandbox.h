#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/sandbox/base_image.h"
#include "nexus/sandbox/common_pages.h"
#include "nexus/sandbox/instance.h"
#include "nexus/sandbox/watchdog.h"

namespace nexus::sandbox {

// Which translation of the guest to run; the fastest one that works here unless a test says otherwise.
enum class Translation {
  kFastest,
  kSegmentBase,  // memory base in GS, guard pages
  kPlain,        // guard pages
  kChecked,      // bounds checked by the generated code; for sanitizers
};

// The guest, initialised once: its base image, and the instances made of it.
// Guarded: any thread, except that the methods which make or run instances need a ThreadScope.
class Sandbox {
 public:
  struct Options {
    Translation translation = Translation::kFastest;
    Watchdog::Means stops;
  };

  // Initialises the guest and takes its memory as the base image. Error kWasmError with the cause when
  // this machine cannot run it, or when `translation` was not built or is not supported here.
  static Result<std::unique_ptr<Sandbox>> create(const Options& options);

  Result<std::unique_ptr<Instance>> new_instance();

  // Ends the calls under way in all instances, and each later one as soon as it begins: they exit with
  // StopReason::kCancelled. For good; returns at once.
  void stop_runs() { watchdog_.stop_all(); }

  const BaseImage& image() const { return *image_; }
  std::string_view translation_name() const;
  const CommonPages& common_pages() const { return *common_pages_; }

  // SHA-256 of the guest build; see nx_guest_build_hash.
  static std::string_view build_hash();

 private:
  Result<void> teach_common_pages();
  Sandbox(const nx_guest_module& module, const Options& options) : module_(module), watchdog_(options.stops) {}

  const nx_guest_module& module_;
  Watchdog watchdog_;
  std::unique_ptr<BaseImage> image_;
  std::unique_ptr<CommonPages> common_pages_;
};

}  // namespace nexus::sandbox
