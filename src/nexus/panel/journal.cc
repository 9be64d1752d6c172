#include "nexus/panel/journal.h"

#include <utility>

namespace nexus::panel {

void Journal::write(const Write& start, Released released) {
  if (store_ == nullptr) return released({});
  const std::uint64_t number = first_ + entries_.size();
  entries_.push_back({std::move(released)});
  // Posted: the store answers on its own thread, or from inside the call.
  storage::Done done = [self = weak_from_this(), &loop = loop_, number](Result<void> result) {
    auto error = result.ok() ? std::nullopt : std::optional(std::move(result).take_error());
    loop.post([self, number, error = std::move(error)] {
      if (const auto journal = self.lock()) journal->settle(number, error);
    });
  };
  if (failure_) return done(*failure_);
  start(std::move(done));
}

void Journal::commit(storage::Transaction transaction, Released released) {
  write([this, &transaction](
            storage::Done done) { store_->commit(std::move(transaction), std::move(done)); },
        std::move(released));
}

void Journal::after(Released released) {
  if (entries_.empty() && !failure_) return released({});
  entries_.push_back({std::move(released), true});
  // A failure has emptied the queue: this is answered later all the same, since the caller is not
  // ready for it yet.
  if (entries_.size() == 1)
    loop_.post([self = weak_from_this()] {
      if (const auto journal = self.lock()) journal->release();
    });
}

void Journal::fail(Error error) {
  if (failure_) return;
  failure_ = std::move(error);
  on_settled_();
}

void Journal::abandon(Error error) {
  on_settled_ = nullptr;
  failure_ = std::move(error);
  for (Entry& entry : entries_) entry.over = true;
  release();
}

void Journal::settle(std::uint64_t number, std::optional<Error> error) {
  if (number < first_) return;  // abandoned
  Entry& entry = entries_[number - first_];
  entry.over = true;
  entry.error = std::move(error);
  release();
}

void Journal::release() {
  // Whoever is told may write again, which comes back here by post only.
  if (releasing_) return;
  releasing_ = true;
  while (!entries_.empty() && entries_.front().over) {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    ++first_;
    if (entry.error && !failure_) failure_ = std::move(entry.error);
    entry.released(failure_ ? Result<void>(*failure_) : Result<void>());
  }
  releasing_ = false;
  if (on_settled_) on_settled_();
}

}  // namespace nexus::panel
