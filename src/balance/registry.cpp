#include "balance/registry.h"

#include <algorithm>

namespace weir::balance {
namespace {

template <class Book>
auto find_or_make(Book& book, const std::string& key) {
    auto& slot = book[key];
    auto found = slot.lock();
    if (!found) {
        found = std::make_shared<typename decltype(found)::element_type>();
        slot = found;
    }
    return found;
}

template <class Book>
size_t alive(const Book& book) {
    return static_cast<size_t>(
        std::ranges::count_if(book, [](const auto& entry) { return !entry.second.expired(); }));
}

}  // namespace

ClusterState Registry::open(const Cluster& cluster) {
    ClusterState state;
    state.counts = find_or_make(clusters_, cluster.key());
    for (const auto& endpoint : cluster.endpoints()) {
        state.shared.push_back(find_or_make(endpoints_, endpoint.key));
        state.endpoints.push_back(state.shared.back().get());
    }
    state.turns.resize(cluster.backends().size());
    std::erase_if(clusters_, [](const auto& entry) { return entry.second.expired(); });
    std::erase_if(endpoints_, [](const auto& entry) { return entry.second.expired(); });
    return state;
}

size_t Registry::clusters() const {
    return alive(clusters_);
}

size_t Registry::endpoints() const {
    return alive(endpoints_);
}

}  // namespace weir::balance
