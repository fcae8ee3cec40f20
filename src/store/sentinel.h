/// Where the primary is, as Sentinels know it (redis.io/docs/reference/sentinel-clients).
#pragma once
#include "store/channel.h"

namespace weir::store {

/// Asks each Sentinel of `address` in turn for at most kSentinel until one knows the primary.
/// Fails with store.unavailable and what each of them said.
net::Task<Result<RedisHost>> find_primary(Network network, const RedisAddress& address,
                                          net::TimePoint deadline, net::CancelSource& cancel);

inline constexpr std::chrono::milliseconds kSentinel{500};

}  // namespace weir::store
