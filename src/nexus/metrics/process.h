#pragma once

#include <string>

namespace nexus::metrics {

// Appends what the kernel says of this process in the Prometheus text format: processor time, memory, descriptors,
// threads, start. Names are those of the Prometheus client libraries. What cannot be read is left out. Any thread.
void write_process_metrics(std::string& out);

}  // namespace nexus::metrics
