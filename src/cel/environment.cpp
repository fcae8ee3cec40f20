#include "cel/environment.h"

#include "base/error.h"

namespace weir::cel {

uint32_t Environment::declare(std::string name, Type type) {
    WEIR_ASSERT(!find(name));
    variables_.push_back({std::move(name), std::move(type)});
    return static_cast<uint32_t>(variables_.size() - 1);
}

std::optional<uint32_t> Environment::find(std::string_view name) const {
    for (size_t i = 0; i < variables_.size(); ++i)
        if (variables_[i].name == name) return static_cast<uint32_t>(i);
    return std::nullopt;
}

}  // namespace weir::cel
