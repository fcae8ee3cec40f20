/// The operator's log: one line per event, to standard error, through spdlog.
///
/// Call sites pass plain text and numbers; a Secret does not compile. Never log a body. The logger
/// is asynchronous enough for the request path only at `debug` and below being off: on that path
/// log nothing but faults of our own. Threads: any.
#pragma once
#include <spdlog/spdlog.h>

#include <string_view>

namespace weir::log {

/// Sets up the process's logger. Level: trace, debug, info, warn, error, off; false if unknown.
bool configure(std::string_view level);

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

}  // namespace weir::log
