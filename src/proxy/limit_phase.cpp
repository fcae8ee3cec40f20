// Phase 8, reserve, and its settlement in phase 11.
#include "net/notice.h"
#include "proxy/client_headers.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {

quota::Time ExchangeRun::limit_time() const {
    return std::chrono::floor<quota::Milliseconds>(gateway_.parts_.clock.system_now());
}

/// What the request will cost, asked once for all limits.
tokens::Estimate ExchangeRun::estimate(std::string_view model) {
    tokens::Question question;
    question.dialect = dialect::to_string(
        dialect::body_dialect(operation_.value_or(dialect::Operation::chat), dialect_));
    question.operation = operation_ ? dialect::to_string(*operation_) : endpoint_.name;
    question.model = model;
    estimated_ = true;
    if (inspection_.json) {
        if (!refresh_peek()) return gateway_.estimator_.estimate_opaque(question, body_.size());
        return gateway_.estimator_.estimate(question, inspection_.peek);
    }
    // Of an upload under way, the length says more than what has come; 0 if it is not known.
    uint64_t size = std::max<uint64_t>(body_.size(), client_.request().framing.length);
    return gateway_.estimator_.estimate_opaque(question, static_cast<std::size_t>(size));
}

/// The worker's parser serves every exchange: after a wait it may have read another body.
bool ExchangeRun::refresh_peek() {
    if (inspection_.reading == gateway_.readings_) return true;
    auto again = gateway_.peeker_.peek(body_);
    if (!again) return false;
    inspection_.peek = *again;
    inspection_.reading = ++gateway_.readings_;
    return true;
}

/// The estimate of the exchange, made once.
const tokens::Estimate& ExchangeRun::expected() {
    if (!estimated_) limits_.set_estimate(estimate(record_.client_model));
    return limits_.estimate();
}

int64_t ExchangeRun::expected_cost() {
    const tokens::Estimate& all = expected();
    return all.input + all.output;
}

/// Adds what an attempt used that is not the exchange's last.
void ExchangeRun::count_discarded(const dialect::Usage& used, std::string_view model,
                                  const snapshot::Attempt& attempt) {
    limits_.discard(used, model, attempt.reference, limit_time());
    auto add = [](std::optional<int64_t>& sum, const std::optional<int64_t>& more) {
        if (more) sum = sum.value_or(0) + *more;
    };
    add(record_.discarded.input, used.input);
    add(record_.discarded.cached_input, used.cached_input);
    add(record_.discarded.cache_creation, used.cache_creation);
    add(record_.discarded.output, used.output);
    add(record_.discarded.reasoning, used.reasoning);
}

namespace {

/// What a provider will be asked for, as far as it is known before one is chosen.
std::string_view model_at(const snapshot::Attempt& attempt, std::string_view client_model) {
    return attempt.model_override.empty() ? client_model : std::string_view(attempt.model_override);
}

/// Operations whose answer's size says how many tokens it is; not audio, images, vectors.
bool answers_in_tokens(std::optional<dialect::Operation> operation) {
    using dialect::Operation;
    return operation == Operation::chat || operation == Operation::completions ||
           operation == Operation::responses || operation == Operation::messages;
}

/// The parts of a request that limits ask about, kept together for one call.
struct View {
    View(const http::Exchange& client, std::string_view address, std::string_view query,
         std::string_view model)
        : headers(client.request().headers),
          view{headers,
               model.empty() ? std::nullopt : std::optional(model),
               query,
               client.request().method,
               client.request().path,
               address} {}
    ClientHeaders headers;
    snapshot::LimitView view;
};

}  // namespace

Result<void> ExchangeRun::reserve_limits() {
    if (rule_->limits.empty()) return {};
    View request(client_, client_address(), query_, record_.client_model);
    LimitFacts facts = limit_facts(request.view);
    std::string_view model = record_.client_model;
    if (!rule_->attempts.empty()) model = model_at(rule_->attempts.front(), model);
    tokens::Estimate expected;
    if (limits_.select(rule_->limits, facts)) expected = estimate(model);
    return limits_.reserve(facts, expected, model, limit_time());
}

Result<void> ExchangeRun::reserve_quota(const snapshot::Attempt& attempt) {
    std::string_view model = model_at(attempt, record_.client_model);
    if (!LimitRun::quota_of(attempt, model)) return {};
    if (!estimated_) limits_.set_estimate(estimate(model));
    View request(client_, client_address(), query_, record_.client_model);
    return limits_.reserve_quota(attempt, model, limit_facts(request.view), limit_time());
}

LimitFacts ExchangeRun::limit_facts(const snapshot::LimitView& view) const {
    auto port = static_cast<uint32_t>(port_ - pinned_->snapshot->ports.data());
    const Limiting& limiting = gateway_.parts_.limiting;
    return {view, port, rule_->route, limiting.keys, limiting.leases};
}

/// Goes on with a reservation (of `quota`, the backend's, or of the rule's limits) that failed for
/// want of leases.
net::Task<Result<void>> ExchangeRun::reserve_with_leases(const snapshot::Attempt* quota) {
    auto deadline = std::chrono::steady_clock::now() + gateway_.parts_.limiting.leases->patience();
    while (true) {
        co_await await_leases(deadline);
        View request(client_, client_address(), query_, record_.client_model);
        LimitFacts facts = limit_facts(request.view);
        Result<void> outcome;
        if (quota) {
            std::string_view model = model_at(*quota, record_.client_model);
            outcome = limits_.reserve_quota_again(*quota, model, facts, limit_time());
        } else {
            std::string_view model = record_.client_model;
            if (!rule_->attempts.empty()) model = model_at(rule_->attempts.front(), model);
            outcome = limits_.reserve(facts, limits_.estimate(), model, limit_time());
        }
        if (outcome || !limits_.lacks_lease()) co_return outcome;
    }
}

net::Task<bool> ExchangeRun::grow_with_leases() {
    auto deadline = std::chrono::steady_clock::now() + gateway_.parts_.limiting.leases->patience();
    while (limits_.lacks_lease()) {
        co_await await_leases(deadline);
        if (limits_.may_grow_again(produced_in_all(), limit_time())) co_return true;
    }
    co_return false;
}

/// Asks for the leases that the exchange lacks, and waits for the answer, if there may be one.
net::Task<void> ExchangeRun::await_leases(net::TimePoint deadline) {
    quota::Leases& leases = *gateway_.parts_.limiting.leases;
    std::vector<quota::LeaseNeed> needs = limits_.needs();
    if (needs.empty()) co_return;  // the keeper was faster
    if (!leases.reachable()) co_return limits_.do_without();
    if (std::chrono::steady_clock::now() >= deadline)  // others were faster, again and again
        co_return limits_.learn(std::vector(needs.size(), quota::LeaseOutcome::full));
    auto notice = std::make_shared<net::Notice>(gateway_.parts_.worker);
    auto answer = std::make_shared<std::vector<quota::LeaseOutcome>>();
    leases.refill(std::move(needs), [notice, answer](std::vector<quota::LeaseOutcome> outcomes) {
        *answer = std::move(outcomes);
        notice->tell();
    });
    bool told = co_await notice->told(deadline, client_.cancel());
    if (told) co_return limits_.learn(*answer);
    leases.late();
    limits_.do_without();
}

namespace {

/// Names of the members of a stream's events that hold what the model wrote.
std::span<const std::string_view> text_members(std::optional<dialect::Operation> operation) {
    using dialect::Operation;
    static constexpr std::string_view kChat[] = {"\"content\"", "\"reasoning_content\"",
                                                 "\"reasoning\"", "\"refusal\"", "\"arguments\""};
    static constexpr std::string_view kText[] = {"\"text\""};
    static constexpr std::string_view kDelta[] = {"\"delta\""};
    static constexpr std::string_view kParts[] = {"\"text\"", "\"thinking\"", "\"partial_json\""};
    if (operation == Operation::chat) return kChat;
    if (operation == Operation::completions) return kText;
    if (operation == Operation::responses) return kDelta;
    if (operation == Operation::messages) return kParts;
    return {};
}

}  // namespace

/// Before an attempt's answer, of an exchange that limits concern.
void ExchangeRun::begin_meters(const snapshot::Attempt& attempt) {
    const tokens::Vocabulary* words = nullptr;
    if (answers_in_tokens(operation_))
        words = gateway_.parts_.limiting.vocabularies.find(
            tokens::encoding_of(model_at(attempt, record_.client_model)));
    scratch_->answer.begin(words, text_members(operation_));
}

/// The next events that the client is sent.
void ExchangeRun::measure(std::string_view events) {
    if (dialect_ == dialect::Dialect::bedrock) return meter_.frames(events);
    meter_.events(events);
    if (limits_.active()) scratch_->answer.events(events);
}

/// Output tokens so far: as the model's tokenizer counts the text, else (in frames, too) by events
/// and bytes.
uint64_t ExchangeRun::produced() {
    bool counted = limits_.active() && scratch_->answer.counts() && meter_.streams() &&
                   dialect_ != dialect::Dialect::bedrock;
    return counted ? scratch_->answer.tokens() : meter_.tokens();
}

/// With what earlier attempts of a continued answer had brought.
uint64_t ExchangeRun::produced_in_all() {
    return static_cast<uint64_t>(record_.discarded.output.value_or(0)) + produced();
}

/// Asked as a stream goes on: false when it must end, because its limit has nothing left.
bool ExchangeRun::may_grow() {
    return !limits_.cuts() || limits_.may_grow(produced_in_all(), limit_time());
}

void ExchangeRun::settle_limits() {
    if (!limits_.active()) return;
    LimitOutcome outcome;
    outcome.usage = record_.usage;
    outcome.produced = answers_in_tokens(operation_) ? produced() : 0;
    outcome.model = record_.provider_model;
    if (attempt_) outcome.backend = attempt_->reference;
    bool gone = record_.error && record_.error->name == codes::http_client_gone.name;
    bool asked = record_.sent != net::TimePoint{};
    if (client_.sent_head() && client_.status() >= 400)
        outcome.kind = LimitOutcome::Kind::nothing;
    else if (!record_.error && !cut_)
        outcome.kind = LimitOutcome::Kind::complete;
    else if (cut_ || meter_.anything() || (gone && asked))
        outcome.kind = LimitOutcome::Kind::produced;
    if (outcome.kind == LimitOutcome::Kind::complete && estimated_ && record_.continuations == 0)
        gateway_.parts_.limiting.calibration.settle(record_.provider_model, limits_.estimate(),
                                                    record_.usage.input.value_or(-1),
                                                    record_.usage.output.value_or(-1));
    limits_.settle(outcome, limit_time());
}

}  // namespace weir::proxy
