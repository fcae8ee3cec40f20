/// What a process that serves begins with, and the signals that end it: the main thread waits for
/// them, every other thread has them blocked.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace weir::cli {

/// Blocks SIGTERM, SIGINT and SIGHUP in this thread and all it starts. Call first.
void block_signals();
/// The three things to do first: signals, descriptors, the log. False, having said why on stderr,
/// if there is no such level.
bool start_process(const std::string& log_level);
/// The next of them, or nothing after `timeout`.
std::optional<int> wait_signal(std::optional<std::chrono::milliseconds> timeout = {});
/// A descriptor that is readable while one of them waits (take it with wait_signal). The caller's
/// to close.
int signal_descriptor();
/// As many descriptors as the hard limit allows: each stream needs two.
void raise_descriptor_limit();
/// How many this process may have.
uint64_t descriptor_limit();

}  // namespace weir::cli
