#include "nexus/panel/frame.h"

#include <limits>

#include "nexus/base/check.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {

const std::string& Message::msgpack() const {
  if (msgpack_.empty()) {
    // Our own text: it nests a little deeper than the state it carries, and has no size limit.
    const auto value =
        value::parse_json(json_, {value::kMaxDepth, std::numeric_limits<std::size_t>::max()});
    NX_CHECK(value.ok());
    value::encode_msgpack(*value, msgpack_);
  }
  return msgpack_;
}

std::shared_ptr<const std::string> Message::part_json(std::size_t index) const {
  part_json_.resize(parts_->parts.size());
  auto& text = part_json_[index];
  if (text == nullptr) {
    const PatchPart& part = parts_->parts[index];
    text = std::make_shared<const std::string>(json_, part.begin, part.end - part.begin);
  }
  return text;
}

}  // namespace nexus::panel
