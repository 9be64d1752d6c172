#include "nexus/panel/segment.h"

namespace nexus::panel {
namespace {

// What an executor thread sees of a panel: the turn, a state nobody changes meanwhile, and where to
// post.
struct Segment {
  SegmentHost host;
  std::shared_ptr<const PanelState> state;
  Turn turn;
  SegmentDone done;
};

engine::Outcome execute(Segment& segment) {
  if (auto* start = std::get_if<StartTurn>(&segment.turn))
    return segment.host.engine.execute(std::move(start->request), *segment.state);
  auto& resume = std::get<ResumeTurn>(segment.turn);
  return segment.host.engine.resume(resume.suspension_id, std::move(resume.answer), *segment.state);
}

}  // namespace

bool submit_segment(const SegmentHost& host, std::shared_ptr<const PanelState> state, Turn& turn,
                    SegmentDone done) {
  auto segment =
      std::make_shared<Segment>(Segment{host, std::move(state), std::move(turn), std::move(done)});
  const bool accepted = host.executor.submit([segment]() mutable {
    auto outcome = std::make_shared<engine::Outcome>(execute(*segment));
    // The turn and its callback belong to the loop: the last reference to them must end there.
    loop::Loop& loop = segment->host.loop;
    loop.post([segment = std::move(segment), outcome] { segment->done(std::move(*outcome)); });
  });
  if (!accepted) turn = std::move(segment->turn);
  return accepted;
}

}  // namespace nexus::panel
