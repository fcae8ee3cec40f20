#include "balance/retry.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/timestamp.h"

namespace weir::balance {
namespace {

constexpr uint32_t bit(Trigger trigger) {
    return static_cast<uint32_t>(trigger);
}

struct Name {
    std::string_view name;
    uint32_t bits;
};
// A broken 2xx answer is no answer: it counts wherever a reset does.
constexpr std::array<Name, 13> kNames{{
    {"5xx", bit(Trigger::any_5xx) | bit(Trigger::broken_answer)},
    {"gateway-error", bit(Trigger::gateway_error)},
    {"reset", bit(Trigger::reset) | bit(Trigger::broken_answer)},
    {"reset-before-request", bit(Trigger::before_request)},
    {"connect-failure", bit(Trigger::connect_failure)},
    {"retriable-4xx", bit(Trigger::retriable_4xx)},
    {"refused-stream", bit(Trigger::refused_stream)},
    {"retriable-status-codes", bit(Trigger::status_codes)},
    {"cancelled", 0},
    {"deadline-exceeded", 0},
    {"internal", 0},
    {"resource-exhausted", 0},
    {"unavailable", 0},
}};

bool digits(std::string_view text, int64_t& value) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && !text.empty() &&
           text[0] != '-';
}

}  // namespace

std::optional<uint32_t> trigger_bits(std::string_view name) {
    for (const Name& known : kNames)
        if (known.name == name) return known.bits;
    return std::nullopt;
}

RetryPolicy default_retry() {
    RetryPolicy policy;
    policy.retries = 1;
    policy.triggers = bit(Trigger::any_5xx) | bit(Trigger::reset) | bit(Trigger::before_request) |
                      bit(Trigger::connect_failure) | bit(Trigger::refused_stream) |
                      bit(Trigger::broken_answer) | bit(Trigger::overloaded);
    policy.only_untried = true;
    return policy;
}

RetryPolicy plain_retry() {
    RetryPolicy policy;
    policy.retries = 2;
    policy.triggers =
        bit(Trigger::connect_failure) | bit(Trigger::refused_stream) | bit(Trigger::status_codes);
    policy.statuses = {503};
    policy.base = std::chrono::milliseconds(25);
    policy.max = 10 * policy.base;
    return policy;
}

bool retries(const RetryPolicy& policy, const Outcome& outcome) {
    auto on = [&](Trigger trigger) { return (policy.triggers & bit(trigger)) != 0; };
    switch (outcome.kind) {
        case Outcome::Kind::connect_failure:
            return on(Trigger::connect_failure) || on(Trigger::before_request) ||
                   on(Trigger::any_5xx);
        case Outcome::Kind::unsent:
            return on(Trigger::before_request) || on(Trigger::reset) || on(Trigger::any_5xx);
        case Outcome::Kind::no_answer:
            return on(Trigger::reset) || on(Trigger::any_5xx);
        case Outcome::Kind::broken_answer:
            return on(Trigger::broken_answer);
        case Outcome::Kind::answered:
            break;
    }
    int status = outcome.status;
    if (on(Trigger::any_5xx) && status >= 500) return true;
    if (on(Trigger::gateway_error) && (status == 502 || status == 503 || status == 504))
        return true;
    if (on(Trigger::retriable_4xx) && status == 409) return true;
    if (on(Trigger::overloaded) && (status == 429 || status == 529)) return true;
    return on(Trigger::status_codes) &&
           std::ranges::find(policy.statuses, static_cast<uint16_t>(status)) !=
               policy.statuses.end();
}

Duration backoff(const RetryPolicy& policy, uint32_t retry, uint64_t random) {
    if (policy.base.count() <= 0 || retry == 0) return Duration(0);
    uint64_t factor = (uint64_t{1} << std::min<uint32_t>(retry, 30)) - 1;
    auto base = static_cast<uint64_t>(policy.base.count());
    auto limit = static_cast<uint64_t>(policy.max.count() > 0 ? policy.max.count() : INT64_MAX);
    uint64_t range = base > limit / factor ? limit : base * factor;
    return Duration(static_cast<int64_t>(random % std::max<uint64_t>(range, 1)));
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, int64_t now_unix) {
    value = trim(value);
    int64_t seconds = 0;
    if (digits(value, seconds)) return std::chrono::seconds(seconds);
    if (auto date = parse_http_date(value))
        return std::chrono::seconds(std::max<int64_t>(0, *date - now_unix));
    return std::nullopt;
}

}  // namespace weir::balance
