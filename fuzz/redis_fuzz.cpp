// What a Redis answers, and the URL that names it: any bytes are safe, replies mean the same
// however they are split.
#include <string>
#include <vector>

#include "store/redis_protocol.h"
#include "store/redis_url.h"
#include "store/slots.h"

namespace {

std::vector<std::string> read(std::string_view bytes, std::size_t step) {
    weir::store::ReplyReader reader;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (true) {
            auto next = reader.next();
            if (!next) {
                out.push_back(next.error().detail());
                return out;
            }
            if (!*next) break;
            auto grant = weir::store::read_grant(**next);
            auto birth = weir::store::read_birth(**next);
            out.push_back(grant ? std::to_string(grant->granted) : grant.error().detail());
            out.push_back(birth ? birth->name : birth.error().detail());
            auto history = weir::store::read_replication(**next);
            auto primary = weir::store::read_primary(**next);
            auto slots = weir::store::read_slots(**next, {"asked", 1});
            out.push_back(history ? *history : history.error().detail());
            out.push_back(primary ? primary->to_string() : primary.error().detail());
            out.push_back(slots ? slots->front().owner.to_string() : slots.error().detail());
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (size > 4096) return 0;
    auto address = weir::store::parse_redis_url(bytes);
    if (address &&
        weir::store::parse_redis_url(address->to_string())->to_string() != address->to_string())
        __builtin_trap();
    if (read(bytes, size + 1) != read(bytes, 1)) __builtin_trap();
    return 0;
}
