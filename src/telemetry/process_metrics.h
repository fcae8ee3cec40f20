/// What the kernel says about this process, under the names every Prometheus client uses.
#pragma once
#include "telemetry/metrics.h"

namespace weir::telemetry {

/// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
/// process_open_fds, process_max_fds, process_start_time_seconds, process_threads. Reads /proc;
/// what cannot be read is left out. Any thread; takes time in proportion to the open descriptors.
void process_metrics(Sink& sink);

}  // namespace weir::telemetry
