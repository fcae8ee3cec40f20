/// Slots of a Redis Cluster (redis.io/docs/reference/cluster-spec, "Key distribution model").
#pragma once
#include <vector>

#include "store/redis_protocol.h"
#include "store/redis_url.h"

namespace weir::store {

inline constexpr std::size_t kSlots = 16384;

/// CRC-16/XMODEM of the key, or of what its first {…} holds, modulo kSlots.
uint16_t key_slot(std::string_view key);
/// `stem` and a tag that put the key into that slot. The stem has no {.
std::string key_in_slot(const std::string& stem, uint16_t slot);

/// Both ends belong to it.
struct SlotRange {
    uint16_t first = 0, last = 0;
    RedisHost owner;
};

/// The answer to CLUSTER SLOTS of `asked`, which may leave its own name out. Fails with
/// store.unavailable if it is none, or if no slot has an owner.
Result<std::vector<SlotRange>> read_slots(const Reply& reply, const RedisHost& asked);

}  // namespace weir::store
