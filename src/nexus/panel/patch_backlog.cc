#include "nexus/panel/patch_backlog.h"

#include <string_view>
#include <utility>

#include "nexus/base/check.h"
#include "nexus/panel/messages.h"

namespace nexus::panel {
namespace {

// How many operations back a replaced one is looked for: many fields that change in turn are found,
// and a long backlog costs no more than that.
constexpr std::size_t kLookBack = 64;

// Whether the operation `json` writes to where `target` leads, or below: both without the quote.
bool writes_below(std::string_view json, std::size_t path_end, std::string_view target) {
  const std::string_view path = json.substr(0, path_end);
  return path.starts_with(target) && (path.size() == target.size() || path[target.size()] == '/');
}

}  // namespace

void PatchBacklog::add(const Frame& patch) {
  const PatchParts* const parts = patch->parts();
  NX_CHECK(parts != nullptr);
  if (!from_) from_ = parts->version == 0 ? 0 : parts->version - 1;
  version_ = parts->version;
  timestamp_ms_ = parts->timestamp_ms;
  json_patch_ = parts->json_patch;
  for (std::size_t i = 0; i < parts->parts.size(); ++i) {
    const PatchPart& part = parts->parts[i];
    const std::size_t path_end = part.path_end == 0 ? 0 : part.path_end - part.begin;
    add_part(part, {patch->part_json(i), path_end});
  }
}

void PatchBacklog::add_part(const PatchPart& part, Change change) {
  std::vector<Change>& changes = changes_[part.key];
  bytes_ += change.json->size();
  if (part.whole) {
    for (const Change& old : changes) bytes_ -= old.json->size();
    changes.clear();
  }
  // Among replacements nothing moves, so the last one at a place undoes those at or below it. What
  // adds or removes shifts the positions of lists: there the search ends.
  if (change.path_end != 0) {
    const auto target = std::string_view(*change.json).substr(0, change.path_end);
    std::size_t at = changes.size();
    for (std::size_t looked = 0; at > 0 && looked < kLookBack; ++looked) {
      const Change& old = changes[--at];
      if (old.path_end == 0) break;
      if (!writes_below(*old.json, old.path_end, target)) continue;
      bytes_ -= old.json->size();
      changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  changes.push_back(std::move(change));
}

Frame PatchBacklog::merge() const {
  std::vector<std::shared_ptr<const std::string>> parts;
  for (const auto& [key, changes] : changes_)
    for (const Change& change : changes) parts.push_back(change.json);
  return encode_merged_patch(*from_, version_, parts, json_patch_, timestamp_ms_);
}

}  // namespace nexus::panel
