#include "cli/reload_status.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace weir::cli {
namespace {

json::Value list_of(const std::vector<std::string>& items) {
    json::Value out = json::Value::array();
    for (const auto& item : items)
        out.push_back(json::Value::string(item));
    return out;
}

json::Value time_of(ReloadStatus::Time time) {
    return json::Value::string(fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time))));
}

}  // namespace

void ReloadStatus::accepted(Time when, std::vector<std::string> changes) {
    std::lock_guard lock(mutex_);
    ++generation_;
    since_ = when;
    changes_ = std::move(changes);
    mistakes_.clear();
}

void ReloadStatus::refused(Time when, std::vector<std::string> mistakes) {
    std::lock_guard lock(mutex_);
    ++refusals_;
    refused_at_ = when;
    mistakes_ = std::move(mistakes);
}

json::Value ReloadStatus::to_json() const {
    std::lock_guard lock(mutex_);
    json::Value out = json::Value::object();
    out.set("generation", json::Value::integer(static_cast<int64_t>(generation_)));
    out.set("since", time_of(since_));
    out.set("changes", list_of(changes_));
    json::Value refused;
    if (!mistakes_.empty()) {
        refused = json::Value::object();
        refused.set("at", time_of(refused_at_));
        refused.set("mistakes", list_of(mistakes_));
    }
    out.set("refused", std::move(refused));
    return out;
}

uint64_t ReloadStatus::generation() const {
    std::lock_guard lock(mutex_);
    return generation_;
}

uint64_t ReloadStatus::refusals() const {
    std::lock_guard lock(mutex_);
    return refusals_;
}

bool ReloadStatus::last_refused() const {
    std::lock_guard lock(mutex_);
    return !mistakes_.empty();
}

}  // namespace weir::cli
