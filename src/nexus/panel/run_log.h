#pragma once

#include <string_view>
#include <vector>

#include "nexus/base/rate_limit.h"
#include "nexus/engine/engine.h"
#include "nexus/nxml/nxml.h"
#include "nexus/panel/workspace.h"

namespace nexus::panel {

// Writes what one segment logged to the server's log, each line with panel, handler and run.
// Handlers' text is quoted as JSON, so that it cannot pass for a line of the server.
void log_lines(std::string_view panel_id, std::string_view handler, const engine::Outcome& outcome);

// Writes what a segment was not allowed to do, as warnings: the audit log. The engine picks few enough.
void log_denials(std::string_view panel_id, std::string_view handler,
                 const engine::Outcome& outcome);

// Writes which uses the capabilities did not cover when a panel was refused: the audit log, as far as `limit`
// lets it through.
void log_refused_load(std::string_view panel_id, const std::vector<nxml::Diagnostic>& diagnostics,
                      RateLimit& limit);

// Writes that an extension refused a call for want of permission: the audit log, as far as `limit` lets
// it through.
void log_refused_call(std::string_view panel_id, std::string_view handler, std::string_view run_id,
                      const WaitingCall& call, const Error& error, RateLimit& limit);

// Writes how a run failed, with everything that its author needs and clients do not get.
void log_failure(std::string_view panel_id, std::string_view handler, std::string_view run_id,
                 const engine::RunError& error);

// Writes why a trigger started no run of `tool`, or how the run it started ended.
void log_trigger_failure(std::string_view panel_id, std::string_view tool, const Error& error);

// Writes that a Computed, whose element starts `at`, has no value, and why.
void log_computed_failure(std::string_view panel_id, std::string_view name, Location at,
                          std::string_view reason);

}  // namespace nexus::panel
