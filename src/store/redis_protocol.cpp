#include "store/redis_protocol.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace weir::store {

// A counter is a hash: fields "NUMBER:HOLDER" with what that holder was granted in that window.
// Fields of windows that count no more go one window later, for gateways whose clock is behind.
// Amounts stay below 2^53, so Lua's numbers are exact.
const std::string_view kClaimScript = R"(
local number, numbers = tonumber(ARGV[2]), tonumber(ARGV[3])
local own = ARGV[2] .. ':' .. ARGV[1]
local mine = ':' .. ARGV[1]
local all, others = 0, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name = fields[i]
  local n = tonumber(string.match(name, '^(%d+):')) or 0
  if n < number - numbers then
    redis.call('HDEL', KEYS[1], name)
  elseif name ~= own and n > number - numbers and (n <= number or numbers > 1) then
    local amount = tonumber(fields[i + 1]) or 0
    all = all + amount
    if string.sub(name, -#mine) ~= mine then others = others + amount end
  end
end
local floor, want, limit = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local granted = math.max(floor, math.min(want, limit - all))
if granted > 0 then
  redis.call('HSET', KEYS[1], own, string.format('%.0f', granted))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
else
  redis.call('HDEL', KEYS[1], own)
end
return {granted, others}
)";

const std::string_view kBirthScript = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local born = redis.call('GET', KEYS[1])
if not born then
  born = string.format('%.0f-%s', now, ARGV[1])
  redis.call('SET', KEYS[1], born)
end
return {born, now - tonumber(string.match(born, '^%d+') or now)}
)";

namespace {

std::unexpected<Error> unexpected_reply() {
    return fail(codes::store_unavailable, "an answer that was not expected");
}

bool is_list(const Reply& reply, std::size_t size) {
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == size;
}

}  // namespace

void append_command(std::string& out, std::span<const std::string> words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* made = nullptr;
    auto size =
        redisFormatCommandArgv(&made, static_cast<int>(words.size()), texts.data(), sizes.data());
    WEIR_ASSERT(size >= 0);
    out.append(made, static_cast<std::size_t>(size));
    redisFreeCommand(made);
}

ReplyReader::ReplyReader() : reader_(redisReaderCreate()) {
    WEIR_ASSERT(reader_);
    reader_->maxbuf = 64 * 1024;  // kept between replies
}

void ReplyReader::feed(std::string_view bytes) {
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

Result<std::optional<Reply>> ReplyReader::next() {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
        return fail(codes::store_unavailable, "the answer is not Redis's protocol");
    if (!reply) return std::optional<Reply>();
    return std::optional<Reply>(Reply(static_cast<redisReply*>(reply)));
}

std::string_view text_of(const Reply& reply) {
    return reply->str ? std::string_view(reply->str, static_cast<std::size_t>(reply->len))
                      : std::string_view();
}

Result<void> check(const Reply& reply) {
    if (reply->type != REDIS_REPLY_ERROR) return {};
    if (is_elsewhere(reply))
        return fail(codes::store_unavailable,
                    fmt::format("it is part of a cluster (use redis+cluster://): {}",
                                text_of(reply).substr(0, 200)));
    return fail(codes::store_unavailable, std::string(text_of(reply).substr(0, 200)));
}

std::string limit_key(std::string_view prefix, const quota::Claim& claim) {
    return fmt::format("{}limit:{}", prefix, claim.counter);
}

void append_claim(std::string& out, std::string_view script_digest, std::string_view prefix,
                  const quota::Claim& claim) {
    std::string words[] = {"EVALSHA",
                           std::string(script_digest),
                           "1",
                           limit_key(prefix, claim),
                           fmt::format("{:016x}", claim.holder),
                           std::to_string(claim.number),
                           std::to_string(claim.numbers),
                           std::to_string(claim.keep.count()),
                           std::to_string(claim.floor),
                           std::to_string(claim.want),
                           std::to_string(claim.limit)};
    append_command(out, words);
}

bool is_elsewhere(const Reply& reply) {
    if (reply->type != REDIS_REPLY_ERROR) return false;
    for (std::string_view word : {"MOVED ", "ASK ", "TRYAGAIN ", "CLUSTERDOWN "})
        if (text_of(reply).starts_with(word)) return true;
    return false;
}

Result<quota::Grant> read_grant(const Reply& reply) {
    WEIR_CHECK(check(reply));
    if (!is_list(reply, 2)) return unexpected_reply();
    for (std::size_t i = 0; i < 2; ++i)
        if (reply->element[i]->type != REDIS_REPLY_INTEGER || reply->element[i]->integer < 0)
            return unexpected_reply();
    return quota::Grant{static_cast<uint64_t>(reply->element[0]->integer),
                        static_cast<uint64_t>(reply->element[1]->integer)};
}

void append_birth(std::string& out, const std::string& key, double dice) {
    std::vector<std::string> words{"EVAL", std::string(kBirthScript), "1", key,
                                   fmt::format("{:.0f}", dice * 1e9)};
    append_command(out, words);
}

Result<Birth> read_birth(const Reply& reply) {
    WEIR_CHECK(check(reply));
    if (!is_list(reply, 2) || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_INTEGER)
        return unexpected_reply();
    return Birth{
        std::string(reply->element[0]->str, static_cast<std::size_t>(reply->element[0]->len)),
        reply->element[1]->integer};
}

Result<std::string> read_replication(const Reply& reply) {
    if (reply->type == REDIS_REPLY_ERROR) return std::string();
    std::string_view text = text_of(reply);
    auto field = [&](std::string_view name) {
        auto at = text.find(name);
        if (at == std::string_view::npos) return std::string_view();
        return text.substr(at + name.size(), text.find_first_of("\r\n", at) - at - name.size());
    };
    if (field("role:") == "slave")
        return fail(codes::store_unavailable, "it is a replica: name the primary, or Sentinels");
    return std::string(field("master_replid:").substr(0, 64));
}

Result<RedisHost> read_primary(const Reply& reply) {
    WEIR_CHECK(check(reply));
    if (reply->type == REDIS_REPLY_NIL)
        return fail(codes::store_unavailable, "it knows no primary of that name");
    if (!is_list(reply, 2)) return unexpected_reply();
    std::string_view words[2];
    for (std::size_t i = 0; i < 2; ++i) {
        const redisReply* word = reply->element[i];
        if (word->type != REDIS_REPLY_STRING || word->len == 0) return unexpected_reply();
        words[i] = {word->str, static_cast<std::size_t>(word->len)};
    }
    RedisHost out{std::string(words[0]), 0};
    auto [end, error] =
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), out.port);
    if (error != std::errc() || end != words[1].data() + words[1].size() || out.port == 0)
        return unexpected_reply();
    return out;
}

}  // namespace weir::store
