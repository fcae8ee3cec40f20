#include "store/slots.h"

#include <fmt/format.h>

#include <boost/crc.hpp>

namespace weir::store {
namespace {

std::unexpected<Error> unexpected_reply() {
    return fail(codes::store_unavailable, "an answer to CLUSTER SLOTS that was not expected");
}

bool is_number(const redisReply* reply, int64_t below) {
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer < below;
}

/// [name or address, port, id, …]; both may be missing where the node does not know its own.
Result<RedisHost> read_node(const redisReply* reply, const RedisHost& asked) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2) return unexpected_reply();
    const redisReply* name = reply->element[0];
    const redisReply* port = reply->element[1];
    if (!is_number(port, 65536)) return unexpected_reply();
    RedisHost out = asked;
    if (port->integer != 0) out.port = static_cast<uint16_t>(port->integer);
    if (name->type == REDIS_REPLY_STRING && name->len > 0)
        out.name.assign(name->str, static_cast<std::size_t>(name->len));
    else if (name->type != REDIS_REPLY_NIL && name->type != REDIS_REPLY_STRING)
        return unexpected_reply();
    if (out.name == "?") return fail(codes::store_unavailable, "a node has no known name");
    return out;
}

}  // namespace

uint16_t key_slot(std::string_view key) {
    auto open = key.find('{');
    auto close = open == std::string_view::npos ? open : key.find('}', open);
    if (close != std::string_view::npos && close > open + 1)
        key = key.substr(open + 1, close - open - 1);
    boost::crc_optimal<16, 0x1021> crc;
    crc.process_bytes(key.data(), key.size());
    return static_cast<uint16_t>(crc.checksum() % kSlots);
}

std::string key_in_slot(const std::string& stem, uint16_t slot) {
    uint64_t tag = 0;
    while (key_slot(std::to_string(tag)) != slot)
        ++tag;
    return fmt::format("{}:{{{}}}", stem, tag);
}

Result<std::vector<SlotRange>> read_slots(const Reply& reply, const RedisHost& asked) {
    WEIR_CHECK(check(reply));
    if (reply->type != REDIS_REPLY_ARRAY) return unexpected_reply();
    std::vector<SlotRange> out;
    for (std::size_t i = 0; i < reply->elements; ++i) {
        const redisReply* range = reply->element[i];
        if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 ||
            !is_number(range->element[0], kSlots) || !is_number(range->element[1], kSlots) ||
            range->element[0]->integer > range->element[1]->integer)
            return unexpected_reply();
        WEIR_TRY(RedisHost owner, read_node(range->element[2], asked));
        out.push_back({static_cast<uint16_t>(range->element[0]->integer),
                       static_cast<uint16_t>(range->element[1]->integer), std::move(owner)});
    }
    if (out.empty()) return fail(codes::store_unavailable, "no node has any slots");
    return out;
}

}  // namespace weir::store
