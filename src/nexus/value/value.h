#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nexus::value {

class Value;

using List = std::vector<Value>;

// String keys in insertion order, as JavaScript shows them. Lookup is linear below a handful of
// keys and stays linear above: objects of this size travel, they are not databases.
class Object {
 public:
  using Member = std::pair<std::string, Value>;
  using Members = std::vector<Member>;

  Object();
  Object(std::initializer_list<Member> members);
  ~Object();
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;

  // The value under `key`, or nullptr. The pointer lives until the next change of the object.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);

  // Sets `key`, keeping its place when it exists and appending it when it does not.
  void set(std::string_view key, Value value);

  // Appends without looking for an equal key; the caller knows there is none, or calls
  // merge_duplicates() when it is done.
  void append(std::string key, Value value);

  // Of members with equal keys keeps the last value at the place of the first, as JSON.parse does.
  // For codecs: sorts instead of searching, so that hostile input with many keys costs n log n.
  void merge_duplicates();

  void reserve(std::size_t members);

  // True when `key` was there.
  bool erase(std::string_view key);

  std::size_t size() const;
  bool empty() const;
  Members::const_iterator begin() const;
  Members::const_iterator end() const;
  Members::iterator begin();
  Members::iterator end();

  // Equal members in any order.
  bool operator==(const Object& other) const;

 private:
  Members members_;
};

// What crosses the sandbox boundary and what panel state is made of: JSON's data model. Numbers are
// IEEE doubles, as in JavaScript, and finite. Copying is deep.
class Value {
 public:
  enum class Type { kNull, kBoolean, kNumber, kString, kList, kObject };

  Value();
  // Out of line: inlined into callers, g++ 12 takes these for uses of uninitialised memory.
  ~Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;

  Value(std::nullptr_t) {}
  Value(bool value) : held_(value) {}
  Value(double value) : held_(value) {}
  Value(int value) : held_(static_cast<double>(value)) {}
  Value(std::int64_t value) : held_(static_cast<double>(value)) {}
  Value(std::uint64_t value) : held_(static_cast<double>(value)) {}
  Value(std::uint32_t value) : held_(static_cast<double>(value)) {}
  Value(std::string value) : held_(std::move(value)) {}
  Value(std::string_view value) : held_(std::string(value)) {}
  Value(const char* value) : held_(std::string(value)) {}
  Value(List value) : held_(std::move(value)) {}
  Value(Object value) : held_(std::move(value)) {}

  Type type() const { return static_cast<Type>(held_.index()); }
  bool is_null() const { return type() == Type::kNull; }
  bool is_boolean() const { return type() == Type::kBoolean; }
  bool is_number() const { return type() == Type::kNumber; }
  bool is_string() const { return type() == Type::kString; }
  bool is_list() const { return type() == Type::kList; }
  bool is_object() const { return type() == Type::kObject; }

  // Each is legal only for a value of that type.
  bool boolean() const { return *std::get_if<bool>(&held_); }
  double number() const { return *std::get_if<double>(&held_); }
  const std::string& string() const { return *std::get_if<std::string>(&held_); }
  std::string& string() { return *std::get_if<std::string>(&held_); }
  const List& list() const { return *std::get_if<List>(&held_); }
  List& list() { return *std::get_if<List>(&held_); }
  const Object& object() const { return *std::get_if<Object>(&held_); }
  Object& object() { return *std::get_if<Object>(&held_); }

  // The member `key` of an object; nullptr when absent or when this is no object.
  const Value* find(std::string_view key) const;

  bool operator==(const Value& other) const = default;

 private:
  std::variant<std::monostate, bool, double, std::string, List, Object> held_;
};

// Here, where Member is a complete type.
inline std::size_t Object::size() const { return members_.size(); }
inline bool Object::empty() const { return members_.empty(); }
inline Object::Members::const_iterator Object::begin() const { return members_.begin(); }
inline Object::Members::const_iterator Object::end() const { return members_.end(); }
inline Object::Members::iterator Object::begin() { return members_.begin(); }
inline Object::Members::iterator Object::end() { return members_.end(); }

// "null", "boolean", "number", "string", "list" or "object": the words of NXML and of error
// messages.
std::string_view to_string(Value::Type type);

// Values nest at most this deep, whatever limit is asked for: codecs, copies and destructors
// recurse.
inline constexpr std::size_t kMaxDepth = 128;

// Bounds on values that come from outside; each codec refuses what exceeds them.
struct ValueLimits {
  std::size_t depth = 64;  // nested lists and objects: 0 for a scalar, 1 for []; at most kMaxDepth
  std::size_t bytes = 8 * 1024 * 1024;  // encoded size
};

}  // namespace nexus::value
