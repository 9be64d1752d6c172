#include "nexus/value/value.h"

#include <algorithm>
#include <numeric>

namespace nexus::value {
namespace {

// Up to here comparing each key with each other beats sorting.
constexpr std::size_t kFewMembers = 8;

bool has_duplicates(const Object::Members& members) {
  for (std::size_t i = 0; i < members.size(); ++i)
    for (std::size_t j = i + 1; j < members.size(); ++j)
      if (members[i].first == members[j].first) return true;
  return false;
}

// Positions of `members` by key, equal keys in order of position.
std::vector<std::size_t> positions_by_key(const Object::Members& members) {
  std::vector<std::size_t> positions(members.size());
  std::iota(positions.begin(), positions.end(), 0);
  std::sort(positions.begin(), positions.end(), [&](std::size_t a, std::size_t b) {
    const int order = members[a].first.compare(members[b].first);
    return order != 0 ? order < 0 : a < b;
  });
  return positions;
}

}  // namespace

Object::Object() = default;
Object::Object(std::initializer_list<Member> members) {
  for (const Member& member : members) set(member.first, member.second);
}
Object::~Object() = default;
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;

const Value* Object::find(std::string_view key) const {
  for (const Member& member : members_)
    if (member.first == key) return &member.second;
  return nullptr;
}

Value* Object::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Object*>(this)->find(key));
}

void Object::set(std::string_view key, Value value) {
  if (Value* held = find(key)) {
    *held = std::move(value);
  } else {
    members_.emplace_back(std::string(key), std::move(value));
  }
}

void Object::append(std::string key, Value value) {
  members_.emplace_back(std::move(key), std::move(value));
}

void Object::merge_duplicates() {
  if (members_.size() <= kFewMembers && !has_duplicates(members_)) return;
  const std::vector<std::size_t> order = positions_by_key(members_);
  std::vector<bool> superseded(members_.size(), false);
  for (std::size_t i = 0; i < order.size();) {
    const std::size_t first = order[i];
    std::size_t last = first;
    while (++i < order.size() && members_[order[i]].first == members_[first].first) {
      last = order[i];
      superseded[last] = true;
    }
    if (last != first) members_[first].second = std::move(members_[last].second);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (superseded[i]) continue;
    if (kept != i) members_[kept] = std::move(members_[i]);
    ++kept;
  }
  members_.resize(kept);
}

void Object::reserve(std::size_t members) { members_.reserve(members); }

bool Object::erase(std::string_view key) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.first == key; });
  if (found == members_.end()) return false;
  members_.erase(found);
  return true;
}

bool Object::operator==(const Object& other) const {
  if (size() != other.size()) return false;
  const auto same_key = [](const Member& a, const Member& b) { return a.first == b.first; };
  if (std::equal(begin(), end(), other.begin(), same_key))
    return std::equal(begin(), end(), other.begin());
  // In another order. Handlers choose the keys, so no search of each key in all others.
  const std::vector<std::size_t> ours = positions_by_key(members_);
  const std::vector<std::size_t> theirs = positions_by_key(other.members_);
  return std::equal(ours.begin(), ours.end(), theirs.begin(),
                    [&](std::size_t a, std::size_t b) { return members_[a] == other.members_[b]; });
}

Value::Value() = default;
Value::~Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;

const Value* Value::find(std::string_view key) const {
  return is_object() ? object().find(key) : nullptr;
}

std::string_view to_string(Value::Type type) {
  switch (type) {
    case Value::Type::kNull:
      return "null";
    case Value::Type::kBoolean:
      return "boolean";
    case Value::Type::kNumber:
      return "number";
    case Value::Type::kString:
      return "string";
    case Value::Type::kList:
      return "list";
    case Value::Type::kObject:
      return "object";
  }
  return "";
}

}  // namespace nexus::value
