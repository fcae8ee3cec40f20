#include "json/structure.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>

namespace weir::json {
namespace {
constexpr size_t kFirstCapacity = 64 * 1024;
}

struct Structure::Impl {
    const simdjson::implementation* implementation = nullptr;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;

    bool reserve(size_t size) {
        if (parser && size <= parser->capacity()) return true;
        size = std::max(kFirstCapacity, std::bit_ceil(size));
        return implementation->create_dom_parser_implementation(size, 1, parser) ==
               simdjson::SUCCESS;
    }
};

Structure::Structure() : impl_(std::make_unique<Impl>()) {
    impl_->implementation = simdjson::get_available_implementations().detect_best_supported();
}
Structure::~Structure() = default;

std::span<const uint32_t> Structure::find(std::string_view document) {
    if (document.size() > kMaxDocument || !impl_->reserve(document.size())) return {};
    auto& parser = *impl_->parser;
    auto* bytes = reinterpret_cast<const uint8_t*>(document.data());
    if (parser.stage1(bytes, document.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS)
        return {};
    return {parser.structural_indexes.get(), parser.n_structural_indexes};
}

bool Structure::use_implementation(std::string_view name) {
    for (const simdjson::implementation* candidate : simdjson::get_available_implementations()) {
        if (candidate->name() != name || !candidate->supported_by_runtime_system()) continue;
        impl_->implementation = candidate;
        impl_->parser.reset();
        return true;
    }
    return false;
}

}  // namespace weir::json
