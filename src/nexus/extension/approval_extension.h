#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/extension/extension.h"
#include "nexus/loop/loop.h"

namespace nexus::extension {

inline constexpr std::chrono::milliseconds kDefaultApprovalTime = std::chrono::hours{24 * 7};
inline constexpr std::chrono::milliseconds kMaxApprovalTime = std::chrono::hours{24 * 30};

// A question that a run waits to have answered.
struct Approval {
  std::string id;  // of the call
  std::string run_id;
  std::string title;
  std::string description;  // empty: none
  value::Value data;        // null: none
  Clock::Wall asked_at{};
  Clock::Wall deadline{};
};

// {id,executionId,title,description?,data?,requestedAt,deadline}; times in milliseconds since the Unix
// epoch.
value::Object to_value(const Approval& approval);

struct Decision {
  bool approved = false;
  std::string by;       // who decides
  std::string comment;  // empty: none
};

// "nexus.approval": request({title, description?, data?, timeoutMs?}) waits until somebody decides and
// answers {approved, by, comment, decidedAt}, or fails with TIMEOUT at its own deadline. Every client
// of the panel hears of each question and what becomes of it in the EVENT "system:approval"
// (docs/PROTOCOL.md).
class Approvals : public Extension {
 public:
  // What waits in a panel, oldest first.
  virtual std::vector<Approval> open(std::string_view panel_id) const = 0;

  // Decides one and returns what the handler was answered. The same decision again, by the same
  // person, is the same answer. Errors: kNotFound when there is none of that id, or not any more;
  // kConflict when it was decided otherwise.
  virtual Result<value::Value> decide(std::string_view panel_id, std::string_view id,
                                      const Decision& decision) = 0;
};

// `loop` and `clock` outlive the extension.
std::unique_ptr<Approvals> make_approval_extension(loop::Loop& loop, const Clock& clock);

}  // namespace nexus::extension
