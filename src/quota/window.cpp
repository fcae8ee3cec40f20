#include "quota/window.h"

#include <array>
#include <utility>

namespace weir::quota {
namespace {

using std::chrono::seconds;

constexpr std::array<std::pair<std::string_view, seconds>, 6> kUnits{{
    {"second", seconds(1)},
    {"minute", seconds(60)},
    {"hour", seconds(3'600)},
    {"day", seconds(86'400)},
    {"month", seconds(30 * 86'400)},
    {"year", seconds(365 * 86'400)},
}};

}  // namespace

seconds length(Unit unit) {
    return kUnits[static_cast<std::size_t>(unit)].second;
}

std::string_view to_string(Unit unit) {
    return kUnits[static_cast<std::size_t>(unit)].first;
}

std::optional<Unit> unit_from_string(std::string_view name) {
    for (std::size_t i = 0; i < kUnits.size(); ++i)
        if (kUnits[i].first == name) return static_cast<Unit>(i);
    return std::nullopt;
}

}  // namespace weir::quota
