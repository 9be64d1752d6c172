#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/value/value.h"

// Changes inside values, as JSON Patch (RFC 6902) names them. Pure; any thread.
namespace nexus::value {

struct PatchOperation {
  // kAdd sets a member or inserts into a list, one past its end included; kReplace and kRemove need
  // what they name to be there.
  enum class Kind { kAdd, kReplace, kRemove };
  Kind kind = Kind::kReplace;
  List path;        // from the value's root, at least one step: member names and list positions
  Value value = {};  // not for kRemove
  bool operator==(const PatchOperation&) const = default;
};

using Patch = std::vector<PatchOperation>;

// The part of `root` at `path`; nullptr when there is none.
const Value* find_at(const Value& root, const List& path);

// Whether apply_patch would succeed. Error kStateError: the path leads nowhere, or the value would
// nest deeper than ValueLimits allows.
Result<void> check_patch(const PatchOperation& operation, const Value& root);

struct AppliedPatch {
  PatchOperation inverse;    // undoes it; a removed member comes back as the last one
  std::ptrdiff_t bytes = 0;  // by how much the MessagePack encoding of the root has grown
};
// Changes `root` in place, at the cost of the change and not of the root. After an error, as
// check_patch(), nothing has changed.
Result<AppliedPatch> apply_patch(PatchOperation operation, Value& root);

// Operations that turn `from` into `to`, members in the same order included; nullopt when they
// would not be shorter than `to` as a whole, or when there is no inside to change.
std::optional<Patch> diff(const Value& from, const Value& to);

// Appends {"op","path","value"} of RFC 6902; the path begins with the member `root_key`.
void write_operation(std::string_view root_key, const PatchOperation& operation, std::string& out);

// Appends a JSON Pointer (RFC 6901) to `path` inside the member `root_key`, as a JSON string.
void write_pointer(std::string_view root_key, const List& path, std::string& out);

}  // namespace nexus::value
