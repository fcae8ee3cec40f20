/// What became of the configuration's reloads: for the log, /api/config and /metrics.
///
/// Written by the main thread, read by the admin server's. No value of a resource is in it, only
/// names, places and what is wrong.
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "json/value.h"

namespace weir::cli {

class ReloadStatus {
public:
    using Time = std::chrono::system_clock::time_point;

    /// A configuration is in force; `changes` says how it differs from the one before.
    void accepted(Time when, std::vector<std::string> changes);
    /// A configuration was refused for these mistakes; the old one serves on.
    void refused(Time when, std::vector<std::string> mistakes);

    /// {"generation", "since", "changes": […], "refused": null or {"at", "mistakes": […]}}.
    json::Value to_json() const;

    uint64_t generation() const;  ///< 1 for the configuration that Weir started with
    uint64_t refusals() const;
    bool last_refused() const;

private:
    mutable std::mutex mutex_;
    uint64_t generation_ = 0;
    uint64_t refusals_ = 0;
    Time since_{};
    std::vector<std::string> changes_;
    Time refused_at_{};
    std::vector<std::string> mistakes_;  // of the last attempt; empty if it was accepted
};

}  // namespace weir::cli
