/// Finds what counts by the name of what it counts, so that a reload neither resets nor leaks it.
///
/// One Registry per process. open() gives a worker its ClusterState for a rule: the parts exist
/// already if another worker, or the snapshot before, has them; parts that nobody holds any more
/// are forgotten. Threads: one at a time (the caller publishes under its own order); the parts that
/// it hands out are shared atomics.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "balance/cluster.h"

namespace weir::balance {

class Registry {
public:
    ClusterState open(const Cluster& cluster);
    /// How many rules and endpoints are remembered, those of nobody left out.
    size_t clusters() const;
    size_t endpoints() const;

private:
    template <class T>
    using Book = std::map<std::string, std::weak_ptr<T>, std::less<>>;
    Book<ClusterCounts> clusters_;
    Book<EndpointState> endpoints_;
};

}  // namespace weir::balance
