#include "nexus/value/patch.h"

#include <algorithm>
#include <cmath>

#include "nexus/value/json.h"
#include "nexus/value/json_writer.h"
#include "nexus/value/msgpack.h"

namespace nexus::value {
namespace {

using Kind = PatchOperation::Kind;

constexpr std::size_t kMaxOperations = 100;
// What an operation costs on the wire besides its value.
constexpr std::size_t kOperationBytes = 24;

Error nowhere() { return {ErrorCode::kStateError, "the place no longer exists"}; }

// The list position a step names, or nullopt.
std::optional<std::size_t> index_of(const Value& step) {
  if (!step.is_number()) return std::nullopt;
  const double number = step.number();
  if (number < 0 || number != std::floor(number) || number > 4294967294.0) return std::nullopt;
  return static_cast<std::size_t>(number);
}

const Value* child(const Value& parent, const Value& step) {
  if (parent.is_object() && step.is_string()) return parent.object().find(step.string());
  const auto index = index_of(step);
  if (!parent.is_list() || !index || *index >= parent.list().size()) return nullptr;
  return &parent.list()[*index];
}

const Value* parent_of(const Value& root, const List& path) {
  const Value* at = &root;
  for (std::size_t i = 0; at != nullptr && i + 1 < path.size(); ++i) at = child(*at, path[i]);
  return at;
}

std::size_t depth_of(const Value& value) {
  std::size_t inner = 0;
  if (value.is_list())
    for (const Value& item : value.list()) inner = std::max(inner, depth_of(item));
  if (value.is_object())
    for (const auto& [key, member] : value.object()) inner = std::max(inner, depth_of(member));
  return value.is_list() || value.is_object() ? inner + 1 : 0;
}

std::ptrdiff_t signed_size(const Value& value) {
  return static_cast<std::ptrdiff_t>(msgpack_size(value));
}

// How the header of a container grows from one count of elements to another.
std::ptrdiff_t header_growth(std::size_t from, std::size_t to) {
  return static_cast<std::ptrdiff_t>(msgpack_header_size(to)) -
         static_cast<std::ptrdiff_t>(msgpack_header_size(from));
}

AppliedPatch replace(PatchOperation operation, Value& target) {
  const std::ptrdiff_t bytes = signed_size(operation.value) - signed_size(target);
  std::swap(target, operation.value);
  return {{Kind::kReplace, std::move(operation.path), std::move(operation.value)}, bytes};
}

AppliedPatch insert(PatchOperation operation, List& list, std::size_t index) {
  const std::ptrdiff_t bytes =
      signed_size(operation.value) + header_growth(list.size(), list.size() + 1);
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(index), std::move(operation.value));
  return {{Kind::kRemove, std::move(operation.path)}, bytes};
}

AppliedPatch append(PatchOperation operation, Object& object) {
  const std::string& key = operation.path.back().string();
  const std::ptrdiff_t bytes = signed_size(operation.value) +
                               static_cast<std::ptrdiff_t>(msgpack_text_size(key)) +
                               header_growth(object.size(), object.size() + 1);
  object.append(key, std::move(operation.value));
  return {{Kind::kRemove, std::move(operation.path)}, bytes};
}

AppliedPatch remove(PatchOperation operation, Value& parent) {
  Value& target = *const_cast<Value*>(child(parent, operation.path.back()));
  Value old = std::move(target);
  std::ptrdiff_t bytes = -signed_size(old);
  if (parent.is_list()) {
    List& list = parent.list();
    bytes += header_growth(list.size(), list.size() - 1);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*index_of(operation.path.back())));
  } else {
    Object& object = parent.object();
    const std::string& key = operation.path.back().string();
    bytes += header_growth(object.size(), object.size() - 1) -
             static_cast<std::ptrdiff_t>(msgpack_text_size(key));
    object.erase(key);
  }
  return {{Kind::kAdd, std::move(operation.path), std::move(old)}, bytes};
}

// Collects the operations between two values, as long as they cost less than the whole.
class Diff {
 public:
  explicit Diff(std::size_t budget) : budget_(budget) {}

  bool compare(const Value& from, const Value& to) {
    if (from == to) return true;
    if (from.is_list() && to.is_list()) return compare_lists(from.list(), to.list());
    if (from.is_object() && to.is_object()) return compare_objects(from.object(), to.object());
    return !path_.empty() && emit(Kind::kReplace, &to);
  }
  Patch take() { return std::move(patch_); }

 private:
  bool emit(Kind kind, const Value* value) {
    cost_ += kOperationBytes + (value == nullptr ? 0 : msgpack_size(*value));
    if (cost_ >= budget_ || patch_.size() >= kMaxOperations) return false;
    patch_.push_back({kind, path_, value == nullptr ? Value() : *value});
    return true;
  }

  template <typename Step>
  bool emit_at(Step step, Kind kind, const Value* value) {
    path_.emplace_back(step);
    const bool done = emit(kind, value);
    path_.pop_back();
    return done;
  }

  template <typename Step>
  bool compare_at(Step step, const Value& from, const Value& to) {
    path_.emplace_back(step);
    const bool done = compare(from, to);
    path_.pop_back();
    return done;
  }

  // What is equal at both ends stays; what lies between is compared in pairs, then cut or filled.
  bool compare_lists(const List& from, const List& to) {
    const std::size_t shorter = std::min(from.size(), to.size());
    std::size_t head = 0;
    while (head < shorter && from[head] == to[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && from[from.size() - 1 - tail] == to[to.size() - 1 - tail])
      ++tail;
    const std::size_t old_end = from.size() - tail;
    const std::size_t new_end = to.size() - tail;
    std::size_t at = head;
    for (; at < std::min(old_end, new_end); ++at)
      if (!compare_at(std::uint64_t{at}, from[at], to[at])) return false;
    for (std::size_t i = old_end; i > at; --i)
      if (!emit_at(std::uint64_t{i - 1}, Kind::kRemove, nullptr)) return false;
    for (; at < new_end; ++at)
      if (!emit_at(std::uint64_t{at}, Kind::kAdd, &to[at])) return false;
    return true;
  }

  // Members that stay must stand in the same order, those added at the end.
  bool compare_objects(const Object& from, const Object& to) {
    auto old = from.begin();
    auto next = to.begin();
    for (; next != to.end(); ++next) {
      auto same = std::find_if(old, from.end(),
                               [&](const auto& member) { return member.first == next->first; });
      if (same == from.end()) break;
      for (; old != same; ++old)
        if (!emit_at(old->first, Kind::kRemove, nullptr)) return false;
      if (!compare_at(old->first, old->second, next->second)) return false;
      ++old;
    }
    for (; old != from.end(); ++old)
      if (!emit_at(old->first, Kind::kRemove, nullptr)) return false;
    for (; next != to.end(); ++next)
      if (!emit_at(next->first, Kind::kAdd, &next->second)) return false;
    return true;
  }

  const std::size_t budget_;
  std::size_t cost_ = 0;
  List path_;
  Patch patch_;
};

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kAdd:
      return "add";
    case Kind::kReplace:
      return "replace";
    case Kind::kRemove:
      break;
  }
  return "remove";
}

void append_step(std::string_view step, std::string& out) {
  out += '/';
  for (const char c : step) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
}

}  // namespace

const Value* find_at(const Value& root, const List& path) {
  const Value* at = &root;
  for (std::size_t i = 0; at != nullptr && i < path.size(); ++i) at = child(*at, path[i]);
  return at;
}

Result<void> check_patch(const PatchOperation& operation, const Value& root) {
  if (operation.path.empty()) return nowhere();
  if (operation.path.size() + depth_of(operation.value) > ValueLimits{}.depth)
    return Error{ErrorCode::kStateError, "the value would nest too deeply"};
  const Value* const parent = parent_of(root, operation.path);
  if (parent == nullptr) return nowhere();
  const Value& step = operation.path.back();
  if (operation.kind != Kind::kAdd)
    return child(*parent, step) == nullptr ? Result<void>(nowhere()) : Result<void>();
  const auto index = index_of(step);
  const bool fits = parent->is_list() ? index && *index <= parent->list().size()
                                      : parent->is_object() && step.is_string();
  return fits ? Result<void>() : Result<void>(nowhere());
}

Result<AppliedPatch> apply_patch(PatchOperation operation, Value& root) {
  NX_TRY_VOID(check_patch(operation, root));
  Value& parent = *const_cast<Value*>(parent_of(root, operation.path));
  if (operation.kind == Kind::kRemove) return remove(std::move(operation), parent);
  Value* const target = const_cast<Value*>(child(parent, operation.path.back()));
  if (parent.is_list() && operation.kind == Kind::kAdd) {
    const std::size_t index = *index_of(operation.path.back());
    return insert(std::move(operation), parent.list(), index);
  }
  if (target == nullptr) return append(std::move(operation), parent.object());
  return replace(std::move(operation), *target);
}

std::optional<Patch> diff(const Value& from, const Value& to) {
  Diff differences(msgpack_size(to));
  if (!differences.compare(from, to)) return std::nullopt;
  return differences.take();
}

void write_pointer(std::string_view root_key, const List& path, std::string& out) {
  std::string pointer;
  append_step(root_key, pointer);
  for (const Value& step : path)
    append_step(step.is_string() ? step.string() : to_json(step), pointer);
  write_json_string(pointer, out);
}

void write_operation(std::string_view root_key, const PatchOperation& operation,
                     std::string& out) {
  ObjectWriter object(out);
  object.text("op", to_string(operation.kind));
  write_pointer(root_key, operation.path, object.key("path"));
  if (operation.kind != Kind::kRemove) object.value("value", operation.value);
  object.close();
}

}  // namespace nexus::value
