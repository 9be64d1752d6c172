#include "nexus/panel/segment.h"

namespace nexus::panel {
namespace {

// All that the thread of a segment sees of a panel: the turn, a state nobody changes meanwhile, and
// where to post. That thread may own the loop or not, and may lose it halfway.
struct Segment {
  SegmentHost host;
  std::shared_ptr<const PanelState> state;
  Turn turn;
  SegmentDone done;
  Clock::Wall start = {}, end = {};
};

engine::Outcome execute(Segment& segment) {
  if (auto* start = std::get_if<StartTurn>(&segment.turn))
    return replay::execute(segment.host.engine, std::move(start->request), *segment.state,
                           segment.host.recorder);
  auto& resume = std::get<ResumeTurn>(segment.turn);
  return replay::resume(segment.host.engine, resume.suspension_id, std::move(resume.answer),
                        *segment.state, segment.host.recorder);
}

// Computed values follow at once, on the same thread: one commit, one patch.
void derive(const Segment& segment, engine::Outcome& outcome) {
  if (outcome.status == engine::Status::kError || outcome.mutations.empty()) return;
  segment.state->derive(segment.host.engine, outcome.mutations);
}

struct Write {
  SegmentHost host;
  std::shared_ptr<const PanelState> state;
  std::vector<engine::PathStep> path;
  value::Value value;
  WriteDone done;
};

Result<std::vector<engine::Mutation>> resolve(Write& write) {
  NX_TRY(auto mutation, write.state->resolve_write(write.path, std::move(write.value)));
  std::vector<engine::Mutation> mutations = {std::move(mutation)};
  write.state->derive(write.host.engine, mutations);
  return mutations;
}

const Run& run_of(const Turn& turn) {
  const auto* start = std::get_if<StartTurn>(&turn);
  return start != nullptr ? *start->run : *std::get<ResumeTurn>(turn).run;
}

void report(const Segment& segment, const engine::Outcome& outcome) {
  const SegmentHost& host = segment.host;
  if (!host.on_segment) return;
  const Run& run = run_of(segment.turn);
  host.on_segment({host.panel, host.owner, run.handler(), outcome, run.trace(), segment.start, segment.end});
}

// Segments of one handler of one panel tend to last equally long.
std::uint64_t kind_of(const PanelState* state, const Turn& turn) {
  return std::hash<const void*>()(state) ^ std::hash<std::string>()(run_of(turn).handler());
}

}  // namespace

bool submit_segment(const SegmentHost& host, std::shared_ptr<const PanelState> state, Turn& turn,
                    SegmentDone done) {
  const std::uint64_t kind = kind_of(state.get(), turn);
  auto segment =
      std::make_shared<Segment>(Segment{host, std::move(state), std::move(turn), std::move(done)});
  auto task = [segment]() mutable {
    segment->start = Clock::system().wall();
    auto outcome = std::make_shared<engine::Outcome>(execute(*segment));
    derive(*segment, *outcome);
    segment->end = Clock::system().wall();
    // The turn and its callback belong to the loop: the last reference to them must end there.
    loop::Loop& loop = segment->host.loop;
    loop.post([segment = std::move(segment), outcome] {
      report(*segment, *outcome);
      segment->done(std::move(*outcome));
    });
  };
  const bool accepted = host.executor.submit(std::move(task), kind);
  if (!accepted) turn = std::move(segment->turn);
  return accepted;
}

bool submit_write(const SegmentHost& host, std::shared_ptr<const PanelState> state,
                  const SetRequest& request, WriteDone done) {
  auto write = std::make_shared<Write>(
      Write{host, std::move(state), request.path, request.value, std::move(done)});
  return host.executor.submit([write]() mutable {
    auto changes = std::make_shared<Result<std::vector<engine::Mutation>>>(resolve(*write));
    loop::Loop& loop = write->host.loop;
    loop.post([write = std::move(write), changes] { write->done(std::move(*changes)); });
  });
}

}  // namespace nexus::panel
