#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/value/data_type.h"
#include "nexus/value/patch.h"
#include "nexus/value/value.h"

// The typed state of one panel: what is declared, what it holds, how often it changed.
namespace nexus::state {

// One key a panel's author declared.
struct Declaration {
  std::string name;
  // Not looked at for computed keys: an expression may yield anything.
  value::DataType type = value::DataType::kString;
  value::Value initial = {};
  // Written by the server only, from an expression over the other keys.
  bool computed = false;
};

// One change of a top-level key; the same shape as engine::Mutation. For kSet the new value is
// `value`, or, when `patch` is not empty, what these operations make of the one the key has.
struct Mutation {
  enum class Operation { kSet, kDelete };
  Operation operation = Operation::kSet;
  std::string key;
  value::Value value = {};
  value::Patch patch = {};
  bool operator==(const Mutation&) const = default;
};

// Total size of a panel's state: key bytes plus the MessagePack encoding of each value.
inline constexpr std::size_t kDefaultMaxBytes = 4u << 20;

// Values of the declared keys in declaration order. A value type: a copy is a snapshot.
// Deterministic, no I/O. Const methods on any thread while nobody writes; the rest belongs to the
// owner.
class Store {
 public:
  // Starts at version 0 with each declaration's `initial`, brought to its type. `overrides`
  // replaces initial values: an object of declared, not computed keys, or null for none. Errors,
  // all kStateError and naming the key: a name declared twice, what check_write() refuses,
  // `max_bytes` exceeded.
  static Result<Store> create(std::vector<Declaration> declarations,
                              const value::Value& overrides = {},
                              std::size_t max_bytes = kDefaultMaxBytes);

  // Batches applied so far that changed something.
  std::uint64_t version() const { return version_; }

  // The value under `key`; nullptr when it is not declared or was deleted. Lives until the next
  // apply().
  const value::Value* get(std::string_view key) const;

  // The keys that have a value, computed ones included, in declaration order.
  std::vector<std::string> keys() const;

  // Whether a handler may set `key` to `*value`, or delete it when `value` is nullptr; brings
  // `*value` to the declared type. Error kStateError: the key is not declared (with the declared
  // name that was probably meant), is computed, has another type (names expected and found), or the
  // state would pass its size limit with this value in place of the current one. After an error
  // `*value` is unspecified.
  Result<void> check_write(std::string_view key, value::Value* value) const;

  // Applies one segment: what handlers wrote, and the new values of computed keys. All or nothing:
  // any mutation that check_write() would refuse, a `computed` one for a key that is not computed,
  // a patch that does not fit, or a result over the size limit is kStateError and leaves the store
  // as it was. A key with a patch is mutated once. Returns the changes that took place: at most one
  // per key, in order of first touch, unchanged keys left out, each as a patch when that is
  // shorter, else with the value as stored. The version rises by one when that list is not empty.
  // A patch costs what it changes, not what the key holds.
  Result<std::vector<Mutation>> apply(std::vector<Mutation> written,
                                      std::vector<Mutation> computed = {});

  // First values of computed keys: the version stays as it is. Errors as apply().
  Result<void> seed(std::vector<Mutation> computed);

  // Goes on from `old`, whose declarations this store replaces, with the next version: a key that is
  // not computed and has the same type in both keeps its value, or its absence; every other key has
  // its declared value. seed() follows. Error kStateError, with this store half changed: the size
  // limit.
  Result<void> take_over(const Store& old);

  // The same for `values`, an object, of a store whose declarations are unknown, at `version`: a key that
  // is not computed keeps the value that fits its type.
  Result<void> take_over(value::Object values, std::uint64_t version);

  // Makes the state what it was at `version`: `values` is an object with all keys it had. Those that
  // are declared no longer are left out, and a declared key that it lacks is deleted, unless it is
  // computed. Error kStateError, and the store unspecified: a value does not have its declared type.
  Result<void> restore(value::Object values, std::uint64_t version);

  // The state as a compact JSON object in declaration order, deleted keys left out.
  std::string to_json() const;

  // The bytes that count toward the size limit.
  std::size_t bytes() const { return bytes_; }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  struct Entry {
    Declaration declaration;  // `initial` is moved out
    value::Value value = {};
    bool present = true;
    std::size_t bytes = 0;  // of this key and value; 0 when not present
  };
  enum class Writer { kHandler, kServer };

  // An effective mutation of the key at `place` of entries_, and the bytes it will count. A patch
  // has taken place already; `undo` takes it back.
  struct Change {
    std::size_t place;
    std::size_t bytes;
    Mutation mutation;
    value::Patch undo = {};
  };

  explicit Store(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  Result<void> declare(Declaration declaration);
  Result<void> unversioned(Result<std::vector<Mutation>> applied);
  Result<void> override_initial(const value::Value& overrides);

  Result<void> plan(std::vector<Mutation> mutations, Writer writer,
                    std::vector<Change>& changes);
  void plan_value(Mutation mutation, std::vector<Change>& changes) const;
  Result<void> plan_patch(Mutation mutation, std::vector<Change>& changes);
  Result<std::size_t> plan_all(std::vector<Mutation> written, std::vector<Mutation> computed,
                               std::vector<Change>& changes);
  void undo(std::vector<Change>& changes);
  Mutation commit(Change change);
  Result<std::size_t> total_after(const std::vector<Change>& changes) const;
  Result<std::size_t> writable(std::string_view key, Writer writer) const;
  Result<void> coerce(const Entry& entry, value::Value& value) const;
  Result<void> check_total(std::string_view key, std::size_t total) const;
  Error unknown_key(std::string_view key) const;

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;  // name -> position in entries_
  std::uint64_t version_ = 0;
  std::size_t bytes_ = 0;
  std::size_t max_bytes_;
};

}  // namespace nexus::state
