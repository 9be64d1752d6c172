#include "nexus/engine/sealed_code.h"

#include "nexus/base/sha256.h"
#include "nexus/sandbox/sandbox.h"

namespace nexus::engine {
namespace {

constexpr std::string_view kMagic = "nxsealed";
constexpr std::size_t kVersionBytes = 8;
constexpr std::size_t kBuildBytes = 64;
constexpr std::size_t kPurposeBytes = 8;
constexpr std::size_t kSubjectBytes = 64;
constexpr std::size_t kMacBytes = 32;
static_assert(Seal::kOverhead == kMagic.size() + kVersionBytes + kBuildBytes + kPurposeBytes + kSubjectBytes + kMacBytes);

std::string_view name_of(Seal::Purpose purpose) { return purpose == Seal::Purpose::kCacheFile ? "file" : "blob"; }

void append_padded(std::string_view text, std::size_t size, std::string& out) {
  NX_CHECK(text.size() <= size);
  out += text;
  out.append(size - text.size(), '\0');
}

// Takes a field off the front of `rest`, without its padding.
std::string_view take(std::string_view& rest, std::size_t size) {
  const std::string_view field = rest.substr(0, size);
  rest.remove_prefix(size);
  return field.substr(0, field.find('\0'));
}

Error refused(std::string why) { return {ErrorCode::kInvalidHandler, std::move(why)}; }

}  // namespace

std::string Seal::close(Purpose purpose, std::string_view subject, std::string_view code) const {
  std::string sealed;
  sealed.reserve(kOverhead + code.size());
  sealed += kMagic;
  append_padded(kCacheVersion, kVersionBytes, sealed);
  append_padded(sandbox::Sandbox::build_hash(), kBuildBytes, sealed);
  append_padded(name_of(purpose), kPurposeBytes, sealed);
  append_padded(subject, kSubjectBytes, sealed);
  sealed += code;
  sealed += hmac_sha256(key_, sealed);
  return sealed;
}

Result<Seal::Opened> Seal::open(Purpose purpose, std::string_view sealed) const {
  if (sealed.size() < kOverhead || !sealed.starts_with(kMagic)) return refused("it is not compiled code of Nexus");
  if (sealed.size() > kOverhead + kMaxCodeBytes) return refused("it is too large");
  std::string_view rest = sealed.substr(0, sealed.size() - kMacBytes);
  const bool genuine = same_secret(hmac_sha256(key_, rest), sealed.substr(rest.size()));
  rest.remove_prefix(kMagic.size());
  // Said first, because an update is the usual reason and damage the rare one.
  if (take(rest, kVersionBytes) != kCacheVersion || take(rest, kBuildBytes) != sandbox::Sandbox::build_hash())
    return refused("it was compiled by another build");
  if (!genuine) return refused("it is damaged or was not made with this key");
  if (take(rest, kPurposeBytes) != name_of(purpose)) return refused("it was made for another purpose");
  const std::string_view subject = take(rest, kSubjectBytes);
  return Opened{std::string(subject), std::string(rest)};
}

}  // namespace nexus::engine
