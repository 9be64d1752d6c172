#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nexus::panel {

// One change within the text of a PATCH: a mutation of a whole key, or one operation of JSON Patch.
struct PatchPart {
  std::string key;
  std::size_t begin = 0, end = 0;  // where its JSON stands in the message
  // Whether it makes every earlier change of the key meaningless.
  bool whole = true;
  // Of an operation that replaces something inside the key: where its path ends, before the quote. 0
  // for all else.
  std::size_t path_end = 0;
};

// What a PATCH changes, for merging it with others (patch_backlog.h).
struct PatchParts {
  std::uint64_t version = 0;
  std::int64_t timestamp_ms = 0;
  bool json_patch = false;  // the parts are operations, else mutations
  std::vector<PatchPart> parts = {};
};

// One message to WebSocket clients, encoded at most once for each subprotocol and shared by all who
// get it. Frozen, but that other forms are made when first asked for; loop thread only.
class Message {
 public:
  explicit Message(std::string json) : json_(std::move(json)) {}
  // A PATCH.
  Message(std::string json, PatchParts parts)
      : json_(std::move(json)), parts_(std::make_unique<const PatchParts>(std::move(parts))) {}

  const std::string& json() const { return json_; }
  // The same message as MessagePack.
  const std::string& msgpack() const;

  // nullptr for everything but a PATCH.
  const PatchParts* parts() const { return parts_.get(); }
  // The JSON of one part, which may outlive the message.
  std::shared_ptr<const std::string> part_json(std::size_t index) const;

 private:
  const std::string json_;
  const std::unique_ptr<const PatchParts> parts_;
  mutable std::string msgpack_;  // empty until asked for, as is what follows
  mutable std::vector<std::shared_ptr<const std::string>> part_json_;
};

using Frame = std::shared_ptr<const Message>;

inline Frame make_frame(std::string json) {
  return std::make_shared<const Message>(std::move(json));
}

}  // namespace nexus::panel
