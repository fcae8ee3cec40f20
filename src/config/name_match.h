/// Whether the names in a client's certificate are ones that a ClientValidation asks for.
///
/// Patterns are compiled once. Ownership: a value. Threads: immutable, any.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/clients.h"

namespace re2 {
class RE2;
}

namespace weir::config {

class NameMatcher {
public:
    NameMatcher() = default;
    /// `fold`: without regard to case, as DNS names are compared.
    NameMatcher(const std::vector<NameMatch>& wanted, bool fold);
    bool empty() const { return wanted_.empty(); }
    /// Whether one of `names` is wanted.
    bool any_of(std::span<const std::string> names) const;

private:
    bool matches(std::string_view name) const;
    std::vector<NameMatch> wanted_;
    bool fold_ = false;
    std::vector<std::shared_ptr<const re2::RE2>> patterns_;  // as wanted_; null unless regex
};

}  // namespace weir::config
