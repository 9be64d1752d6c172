#include "nexus/panel/run_queue.h"

#include <algorithm>
#include <iterator>

namespace nexus::panel {
namespace {

bool is_reload(const Turn& turn) { return std::holds_alternative<ReloadTurn>(turn); }

bool is_newcomer(const Turn& turn) {
  return !std::holds_alternative<ResumeTurn>(turn) && !is_reload(turn);
}

}  // namespace

bool RunQueue::admit(Turn& turn) {
  if (full() || shared_->waiting >= shared_->max) return false;
  admit_anyway(std::move(turn));
  return true;
}

void RunQueue::admit_anyway(Turn turn) {
  count_newcomer();
  turns_.push_back(std::move(turn));
}

void RunQueue::resume(ResumeTurn turn) { turns_.push_back(std::move(turn)); }

void RunQueue::reload(ReloadTurn turn) {
  turns_.insert(std::find_if_not(turns_.begin(), turns_.end(), is_reload), std::move(turn));
}

std::optional<Turn> RunQueue::next() {
  if (busy_ || turns_.empty()) return std::nullopt;
  Turn turn = std::move(turns_.front());
  turns_.pop_front();
  if (is_newcomer(turn)) forget_newcomers(1);
  busy_ = true;
  return turn;
}

void RunQueue::finish() {
  NX_CHECK(busy_);
  busy_ = false;
}

void RunQueue::put_back(Turn turn) {
  finish();
  if (is_newcomer(turn)) count_newcomer();
  turns_.push_front(std::move(turn));
}

std::vector<Turn> RunQueue::drain() {
  std::vector<Turn> all(std::make_move_iterator(turns_.begin()),
                        std::make_move_iterator(turns_.end()));
  turns_.clear();
  forget_newcomers(newcomers_);
  return all;
}

void RunQueue::count_newcomer() {
  ++newcomers_;
  ++shared_->waiting;
}

void RunQueue::forget_newcomers(std::size_t count) {
  newcomers_ -= count;
  shared_->waiting -= count;
}

}  // namespace nexus::panel
