#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "nexus/base/check.h"
#include "nexus/engine/disk_cache.h"
#include "nexus/engine/sealed_code.h"

// A cache directory, or whoever keeps precompiled handlers, may hand back anything. Oracles, for the same bytes
// as a blob and as a file of the cache:
// - what was not sealed under this key, for this purpose and this handler, is never opened;
// - what was is opened, and gives the code that went in;
// - a file that was refused is gone, and a good one takes its place.
//
// Input: a byte that says what to do with the rest, then the rest. kRaw: it is the sealed text. kSealed: it is
// code, sealed here. kDamaged: it is a position and a byte, and code; the sealed code gets the byte there.
// kForeign: code sealed under another key. kMixed: code sealed for the other purpose or another handler.

namespace {

namespace fs = std::filesystem;
using nexus::engine::Directory;
using nexus::engine::DiskCache;
using nexus::engine::Seal;
using Purpose = Seal::Purpose;

enum Action : std::uint8_t { kRaw, kSealed, kDamaged, kForeign, kMixed, kActions };

const std::string kOurKey(32, 'k');
const std::string kCacheKey(64, 'a');

struct Case {
  std::string sealed;
  bool genuine = false;
  std::string code = {};
};

Case make_case(std::uint8_t action, std::string rest, Purpose purpose) {
  static const Seal ours(kOurKey);
  static const Seal theirs(std::string(32, 'o'));
  switch (action % kActions) {
    case kRaw:
      return {rest};
    case kSealed:
      return {ours.close(purpose, kCacheKey, rest), true, rest};
    case kForeign:
      return {theirs.close(purpose, kCacheKey, rest)};
    case kMixed:
      return {ours.close(purpose == Purpose::kBlob ? Purpose::kCacheFile : Purpose::kBlob, kCacheKey, rest)};
    default:
      break;
  }
  if (rest.size() < 3) return {rest};
  const std::size_t at = static_cast<std::uint8_t>(rest[0]) * 256u + static_cast<std::uint8_t>(rest[1]);
  const char damage = rest[2];
  const std::string code = rest.substr(3);
  std::string sealed = ours.close(purpose, kCacheKey, code);
  char& place = sealed[at % sealed.size()];
  const bool harmless = place == damage;
  place = damage;
  return {std::move(sealed), harmless, code};
}

void check_blob(const Case& input) {
  static const Seal seal(kOurKey);
  const auto opened = seal.open(Purpose::kBlob, input.sealed);
  NX_CHECK(opened.ok() == input.genuine);
  if (opened.ok()) NX_CHECK(opened->code == input.code && opened->subject == kCacheKey);
}

// In memory, where the machine has it.
const fs::path& folder() {
  static const fs::path path = [] {
    std::string name = (fs::is_directory("/dev/shm") ? "/dev/shm" : fs::temp_directory_path().string()) + std::string("/nexus-fuzz-XXXXXX");
    NX_CHECK(::mkdtemp(name.data()) != nullptr);
    std::atexit([] {
      std::error_code ignored;
      fs::remove_all(folder(), ignored);
    });
    return fs::path(name);
  }();
  return path;
}

void check_file(const Case& input) {
  static const std::unique_ptr<DiskCache> cache = [] {
    auto directory = Directory::open(folder().string());
    NX_CHECK(directory.ok());
    return std::make_unique<DiskCache>(std::move(directory).take(), std::make_shared<const Seal>(kOurKey), 1u << 20);
  }();
  const fs::path file = folder() / (kCacheKey + ".qjsc");
  std::ofstream(file, std::ios::binary | std::ios::trunc) << input.sealed;
  const auto found = cache->find(kCacheKey);
  NX_CHECK(found.ok() == input.genuine);
  if (found.ok()) {
    NX_CHECK(found.value() == input.code);
    return;
  }
  NX_CHECK(!fs::exists(file));
  NX_CHECK(cache->insert(kCacheKey, "good").ok());
  NX_CHECK(cache->find(kCacheKey).value() == "good");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 1u << 16) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_blob(make_case(data[0], rest, Purpose::kBlob));
  check_file(make_case(data[0], rest, Purpose::kCacheFile));
  return 0;
}
