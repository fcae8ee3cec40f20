/// Commands to a Redis, and its replies, as bytes.
///
/// hiredis formats and parses (its formatter and its redisReader; RESP2, redis.io/docs/reference/
/// protocol-spec). Nothing here sees a socket. One connection's; one thread.
#pragma once
#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "quota/store.h"
#include "store/redis_url.h"

namespace weir::store {

/// Appends one command.
void append_command(std::string& out, std::span<const std::string> words);

struct ReplyDeleter {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyDeleter>;

class ReplyReader {
public:
    ReplyReader();
    void feed(std::string_view bytes);
    /// The next whole reply; nothing: feed more. Fails with store.unavailable for bytes that are no
    /// protocol; nothing can be read after that.
    Result<std::optional<Reply>> next();

private:
    struct ReaderDeleter {
        void operator()(redisReader* reader) const { redisReaderFree(reader); }
    };
    std::unique_ptr<redisReader, ReaderDeleter> reader_;
};

/// Fails with store.unavailable and the server's own words if the reply is an error.
Result<void> check(const Reply& reply);
std::string_view text_of(const Reply& reply);

/// The key of a claim's counter.
std::string limit_key(std::string_view prefix, const quota::Claim& claim);

/// The script that answers a claim, and what it is called with (quota/store.h).
extern const std::string_view kClaimScript;
void append_claim(std::string& out, std::string_view script_digest, std::string_view prefix,
                  const quota::Claim& claim);
Result<quota::Grant> read_grant(const Reply& reply);
/// A node of a cluster says that another has the key, or that nobody has it now.
bool is_elsewhere(const Reply& reply);

/// The script that tells since when this Redis remembers: {name of its memory, age in
/// milliseconds}.
extern const std::string_view kBirthScript;
struct Birth {
    std::string name;
    int64_t age = 0;
};
/// `dice` in [0, 1) makes names differ that are given in the same millisecond.
void append_birth(std::string& out, const std::string& key, double dice);
Result<Birth> read_birth(const Reply& reply);

/// Of the answer to INFO replication, the id of the history that this primary goes on with
/// (another after a fail-over or a restart without persistence); empty if it may not be asked.
/// Fails with store.unavailable if it is a replica.
Result<std::string> read_replication(const Reply& reply);

/// Of a Sentinel's answer to get-master-addr-by-name. Fails with store.unavailable if there is
/// none.
Result<RedisHost> read_primary(const Reply& reply);

}  // namespace weir::store
