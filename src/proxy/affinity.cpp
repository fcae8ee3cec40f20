// What keeps a conversation with its endpoint: the key of consistent hashing, and reasoning that
// only the backend that issued it can read.
#include <fmt/format.h>

#include "balance/hash.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {
namespace {

using Hash = config::LoadBalancerSettings::Hash;

/// The value of a cookie (RFC 6265 §4.2.1), or nothing.
std::optional<std::string_view> cookie(const http::Headers& headers, std::string_view name) {
    for (const auto& field : headers) {
        if (!iequals(field.name, "cookie")) continue;
        for (std::string_view rest = field.value; !rest.empty();) {
            auto end = rest.find(';');
            std::string_view pair = trim(rest.substr(0, end));
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
            auto equals = pair.find('=');
            if (equals != std::string_view::npos && pair.substr(0, equals) == name)
                return pair.substr(equals + 1);
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        auto end = query.find('&');
        std::string_view pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        auto equals = pair.find('=');
        if (pair.substr(0, equals) == name)
            return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    }
    return std::nullopt;
}

}  // namespace

/// Nothing when the rule does not hash, or the client shows none of what is hashed: then any
/// endpoint will do.
std::optional<uint64_t> ExchangeRun::affinity_key() {
    if (rule_->cluster.policy().algorithm != balance::Algorithm::consistent_hash)
        return std::nullopt;
    const Hash& hash = rule_->hash;
    std::optional<uint64_t> key;
    auto add = [&key](std::string_view value) {
        key = balance::combined(key.value_or(0), balance::hash_of(value));
    };
    const http::Headers& headers = client_.request().headers;
    switch (hash.source) {
        case Hash::Source::source_ip:
            add(client_address().substr(0, client_address().rfind(':')));
            break;
        case Hash::Source::headers:
            for (const auto& name : hash.names)
                if (const auto* field = headers.find(name)) add(field->value);
            break;
        case Hash::Source::query:
            for (const auto& name : hash.names)
                if (auto value = query_value(query_, name)) add(*value);
            break;
        case Hash::Source::cookie: {
            auto value = cookie(headers, hash.names.front());
            if (value) {
                add(*value);
            } else if (hash.cookie_ttl) {
                std::string made = fmt::format("{:016x}", gateway_.random());
                add(made);
                auto age = std::chrono::duration_cast<std::chrono::seconds>(*hash.cookie_ttl);
                set_cookie_ = fmt::format("{}={}", hash.names.front(), made);
                if (age.count() > 0) set_cookie_ += fmt::format("; Max-Age={}", age.count());
                set_cookie_ += "; HttpOnly";
            }
            break;
        }
    }
    return key;
}

/// The backend whose encrypted reasoning or signature the request carries; of several the last.
/// Nothing if nobody remembers it.
std::optional<uint32_t> ExchangeRun::issuer_of_request() {
    const balance::Issuers& issuers = plan_->state().counts->issuers;
    if (issuers.empty() || !inspection_.json) return std::nullopt;
    bool sealed = false;
    for (std::string_view key : {"signature\"", "encrypted_content\"", "thoughtSignature\""})
        sealed = sealed || body_.find(key) != std::string_view::npos;
    if (!sealed) return std::nullopt;
    std::optional<uint16_t> name;
    dialect::SealScanner scanner;
    scanner.feed(body_, [&](uint64_t seal) {
        if (auto found = issuers.find(balance::mixed(seal))) name = found;
    });
    for (uint32_t i = 0; name && i < rule_->attempts.size(); ++i)
        if (balance::Issuers::name_of(rule_->attempts[i].backend) == *name) return i;
    return std::nullopt;
}

/// Whether the answer is looked at: reasoning was asked for, or the provider seals unasked.
bool ExchangeRun::may_answer_sealed() {
    using Op = dialect::Operation;
    if (!inspection_.json || !operation_) return false;
    if (*operation_ != Op::chat && *operation_ != Op::messages && *operation_ != Op::responses)
        return false;
    for (const auto& attempt : rule_->attempts)
        if (dialect::dialect_of(attempt.schema) == dialect::Dialect::gemini) return true;
    if (!refresh_peek()) return false;
    for (std::string_view name : {"thinking", "reasoning", "reasoning_effort", "include"})
        if (inspection_.peek.find(name)) return true;
    return false;
}

void ExchangeRun::note_seals(std::string_view to_client) {
    if (!watches_seals_) return;
    seals_.feed(to_client, [this](uint64_t seal) {
        plan_->state().counts->issuers.remember(balance::mixed(seal),
                                                balance::Issuers::name_of(attempt_->backend));
    });
}

}  // namespace weir::proxy
