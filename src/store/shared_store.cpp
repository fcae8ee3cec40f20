#include "store/shared_store.h"

#include "store/cluster_store.h"

namespace weir::store {

std::unique_ptr<SharedStore> open_store(Network network, RedisAddress address,
                                        std::function<double()> dice,
                                        SharedStore::Changed changed) {
    if (address.kind == RedisKind::cluster)
        return std::make_unique<ClusterStore>(network, std::move(address), std::move(dice),
                                              std::move(changed));
    return std::make_unique<RedisStore>(network, std::move(address), std::move(dice),
                                        std::move(changed));
}

}  // namespace weir::store
