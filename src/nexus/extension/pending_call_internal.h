#pragma once

#include <memory>
#include <utility>

#include "nexus/extension/extension.h"

namespace nexus::extension {

// A call whose answer comes from a callback that may outlive it. Loop thread only, but for the last
// reference to the answer, which any thread may drop.
class PendingCall : public Call {
 public:
  struct Answer {
    Reports reports;
    bool over = false;  // answered or cancelled
  };
  using AnswerPtr = std::shared_ptr<Answer>;

  explicit PendingCall(AnswerPtr answer) : answer_(std::move(answer)) {}
  ~PendingCall() override { answer_->over = true; }

  static AnswerPtr open(Reports reports) {
    return std::make_shared<Answer>(Answer{std::move(reports)});
  }
  // Reports the answer, unless the call is over.
  static void deliver(Answer& answer, Result<value::Value> result) {
    if (std::exchange(answer.over, true)) return;
    answer.reports.done(std::move(result));
  }

 private:
  const AnswerPtr answer_;
};

}  // namespace nexus::extension
