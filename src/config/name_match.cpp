#include "config/name_match.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/ascii.h"

namespace weir::config {

NameMatcher::NameMatcher(const std::vector<NameMatch>& wanted, bool fold)
    : wanted_(wanted), fold_(fold) {
    for (NameMatch& match : wanted_) {
        if (fold_ && match.type != NameMatch::Type::regex) match.value = to_lower(match.value);
        patterns_.push_back(match.type == NameMatch::Type::regex
                                ? std::make_shared<const re2::RE2>(match.value, re2::RE2::Quiet)
                                : nullptr);
    }
}

bool NameMatcher::matches(std::string_view name) const {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        std::string_view value = wanted_[i].value;
        bool fits = false;
        switch (wanted_[i].type) {
            case NameMatch::Type::exact:
                fits = name == value;
                break;
            case NameMatch::Type::prefix:
                fits = name.starts_with(value);
                break;
            case NameMatch::Type::suffix:
                fits = name.ends_with(value);
                break;
            case NameMatch::Type::regex:
                fits = re2::RE2::FullMatch({name.data(), name.size()}, *patterns_[i]);
                break;
        }
        if (fits) return true;
    }
    return false;
}

bool NameMatcher::any_of(std::span<const std::string> names) const {
    return std::ranges::any_of(names, [&](const std::string& name) {
        return fold_ ? matches(to_lower(name)) : matches(name);
    });
}

}  // namespace weir::config
