/// One exchange, from its parsed head to its settlement: the phases of docs/architecture.md.
///
/// Lives in the handler's coroutine frame. Each phase is a member function that either goes on or
/// returns the Error that ends the exchange; `go` answers it. The destructor settles (metrics,
/// access log) whatever happened, also when the client went away in the middle. Threads: its
/// worker's.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "dialect/seal_scanner.h"
#include "dialect/stream.h"
#include "dialect/translate.h"
#include "http/exchange.h"
#include "proxy/attempt_plan.h"
#include "proxy/attempt_run.h"
#include "proxy/continuation.h"
#include "proxy/gateway.h"
#include "proxy/inspect.h"
#include "proxy/limits.h"
#include "proxy/upload.h"
#include "route/operation.h"
#include "tokens/answer_meter.h"

namespace weir::dialect {
class FirstContent;
class PassthroughWatcher;
class StreamTranslator;
}  // namespace weir::dialect

namespace weir::proxy {

class BodyReader;
struct Contestant;
struct Race;

/// What the log and the metrics will say. Strings are copies: the request's memory may go first.
struct Record {
    void clear();                ///< as new, but keeps the strings' memory for the next exchange
    std::string losses() const;  ///< both lists, as the header and the log say them
    std::string request_id;
    std::string method;
    std::string path;
    std::string user_agent;
    std::string session_id;
    std::string client_address;  ///< where a trusted proxy tells; empty: the connection's
    std::string client_model;    ///< as the client named it
    std::string provider_model;  ///< as sent
    std::string response_model;
    std::string response_id;
    std::vector<std::string> finish_reasons;
    std::string attempt_list;  ///< backend and outcome of each, when one was not enough
    std::string
        lost_of_request;         ///< JSON pointers, comma-separated: what the provider was not told
    std::string lost_of_answer;  ///< likewise the client, each behind "answer:"
    std::string_view upstream;   ///< where the last attempt connected to
    dialect::Usage usage;        ///< of the last attempt
    dialect::Usage discarded;    ///< of those before it
    bool discard_estimated = false;
    const Code* error = nullptr;
    uint32_t attempts = 0;
    uint32_t continuations = 0;
    uint32_t hedges = 0;
    uint64_t bytes_in = 0;
    bool streamed = false;
    net::TimePoint sent{};         ///< the provider has the request
    net::TimePoint first_token{};  ///< the first bytes of the answer's body left
    net::TimePoint last_token{};
};

/// What exchanges of one worker use in turn, so that in steady state they allocate nothing for it.
struct Scratch {
    Record record;
    AttemptRun attempt;  ///< of exchanges whose attempts do not race
    LimitRun limits;
    tokens::AnswerMeter answer;
};

class ExchangeRun {
public:
    ExchangeRun(Gateway& gateway, http::Exchange& client);
    ~ExchangeRun();
    ExchangeRun(const ExchangeRun&) = delete;
    ExchangeRun& operator=(const ExchangeRun&) = delete;
    net::Task<void> go();

private:
    using Head = http::ResponseHead;

    // client_rules.cpp: what the listener's ClientTrafficPolicy asks
    Result<void> meet_client();
    Result<void> find_address();
    static void edit_fields(const config::FieldRules& rules, http::Headers& headers);
    Result<void> mend_path(const config::PathRules& rules, http::RequestHead& request);
    net::Task<void> answer_redirect();
    net::Task<void> answer_health();
    void edit_answer();
    std::string forwarded_certificate() const;
    std::string_view client_address() const {
        return record_.client_address.empty() ? client_.peer()
                                              : std::string_view(record_.client_address);
    }

    // phases.cpp: identify, inspect, route
    const snapshot::Entry* entry_of_client() const;
    void take_request_id();
    net::Task<Result<void>> phases();
    Result<void> admit();
    Result<void> admit_principal();
    std::unexpected<Error> overloaded(Overload by);
    net::Task<Result<void>> read_request();
    net::Task<Result<void>> hold_request();
    Result<void> read_path();
    Result<void> find_rule();
    net::Task<Result<void>> check_signature();
    Result<void> identify(const route::Match& match);
    std::unexpected<Error> no_rule(const route::RequestView& view);
    bool lists_models() const;
    void guess_dialect();

    // limit_phase.cpp: reserve and settle
    Result<void> reserve_limits();
    Result<void> reserve_quota(const snapshot::Attempt& attempt);
    net::Task<Result<void>> reserve_with_leases(const snapshot::Attempt* quota);
    net::Task<bool> grow_with_leases();
    net::Task<void> await_leases(net::TimePoint deadline);
    LimitFacts limit_facts(const snapshot::LimitView& view) const;
    tokens::Estimate estimate(std::string_view model);
    const tokens::Estimate& expected();
    int64_t expected_cost();
    bool refresh_peek();
    void count_discarded(const dialect::Usage& used, std::string_view model,
                         const snapshot::Attempt& attempt);
    bool may_grow();
    void begin_meters(const snapshot::Attempt& attempt);
    void measure(std::string_view events);
    uint64_t produced();
    uint64_t produced_in_all();
    void settle_limits();
    quota::Time limit_time() const;

    // answers.cpp: what Weir says itself
    net::Task<void> answer_error(const Error& error);
    net::Task<Result<void>> answer_models();
    bool must_estimate(const snapshot::Attempt& attempt) const;
    net::Task<Result<void>> answer_estimate(const snapshot::Attempt& attempt);
    enum class Losses : uint8_t { known, pending };  // pending: what the answer loses is not known
    void own_headers(Losses losses = Losses::known);
    void tell_losses();

    // attempt.cpp: choose, send, first byte, and again
    net::Task<Result<void>> attempts();
    net::Task<Result<void>> begin_attempt(balance::Choice choice);  // attempt_queue.cpp
    net::Task<Result<void>> attempt_once(const snapshot::Attempt& attempt, uint32_t endpoint);
    net::Task<Result<void>> send(AttemptRun& run);
    net::Task<Result<const Head*>> await_head(AttemptRun& run);
    void adopt(AttemptRun& run);
    Result<void> accept_status(const AttemptRun& run);
    bool refused(int status, std::optional<std::chrono::seconds> retry_after);
    void note_attempt(const Result<void>& outcome);
    std::unexpected<Error> nowhere_to_go() const;
    net::TimePoint whole_deadline() const;
    net::TimePoint until(config::Duration allowance) const;
    net::TimePoint until(config::Duration allowance, net::TimePoint latest) const;
    net::TimePoint try_deadline_of(net::TimePoint begun) const;

    // hedge.cpp: a second attempt beside one that is late
    std::optional<net::Duration> hedge_delay();
    bool keeps_state();
    balance::LatencyWindow& learned();
    net::Task<Result<void>> attempt_hedged(const snapshot::Attempt& attempt, uint32_t endpoint,
                                           net::Duration delay);
    Result<void> enter(Race& race, Contestant& one, const snapshot::Attempt& attempt,
                       uint32_t endpoint);
    net::Task<void> contend(Race& race, Contestant& one);
    net::Task<Result<void>> open(Contestant& one);
    void hedge(Race& race, int64_t cost);
    Contestant* winner(Race& race);
    void drop(Race& race, Contestant& one, net::TimePoint now);
    void settle_race(Race& race, Contestant& won);
    void discard(Contestant& one, std::string_view word, bool free);

    // affinity.cpp: what keeps a conversation with its endpoint
    std::optional<uint64_t> affinity_key();
    std::optional<uint32_t> issuer_of_request();
    bool may_answer_sealed();
    void note_seals(std::string_view to_client);

    // outgoing.cpp: what is sent to a backend
    Result<void> prepare(const snapshot::Attempt& attempt, Outgoing& out);
    Result<std::string> pass_through(const snapshot::Attempt& attempt, Outgoing& out);
    void edit_form(const snapshot::Attempt& attempt, Outgoing& out) const;
    bool passes_through(const snapshot::Attempt& attempt) const;
    Result<std::string> translate(const snapshot::Attempt& attempt, Outgoing& out,
                                  std::vector<dialect::OwnedHeader>& headers);
    Result<void> write_head(const snapshot::Attempt& attempt, Outgoing& out,
                            const std::string& path,
                            const std::vector<dialect::OwnedHeader>& headers);

    // relay.cpp: provider bytes to client bytes
    static constexpr std::size_t kHoldBack = 64 * 1024;  ///< of an answer not yet known to be one
    net::Task<Result<void>> relay(AttemptRun& run);
    net::Task<Result<void>> relay_unchanged(const Head& head, BodyReader& body);
    std::unexpected<Error> not_an_answer(bool malformed, bool empty);
    void begin_answer(const Head& head, bool keep_body_headers, Losses losses = Losses::known);
    void note_first_token();
    bool read_facts(std::string_view whole);
    void take_facts(std::optional<std::string_view> usage, std::optional<std::string_view> model,
                    std::optional<std::string_view> id);

    // relay_events.cpp: streams in the client's own dialect
    struct PassedStream;
    net::Task<Result<void>> relay_events(Outgoing& out, BodyReader& body);
    net::Task<Result<void>> pass_events(Outgoing& out, BodyReader& body, PassedStream& stream);
    net::Task<Result<void>> end_passed(PassedStream& stream);
    net::Task<void> send_held(std::string held);
    void note_passing(std::span<const std::string_view> pieces);
    void take_facts(const dialect::PassthroughWatcher& watcher);
    net::Task<Result<void>> cut_stream(const dialect::Context& context, std::string_view last);
    net::Task<Result<void>> end_with_error(const Error& error, std::string_view boundary);
    Result<bool> content_begins(dialect::FirstContent& first,
                                std::span<const std::string_view> pieces,
                                const dialect::PassthroughWatcher& watcher);

    // relay_translated.cpp: answers, errors and streams of another dialect
    struct TranslatedStream;
    net::Task<Result<void>> relay_translated(Outgoing& out, BodyReader& body, const Head& head);
    net::Task<Result<void>> relay_error(const snapshot::Attempt& attempt, Outgoing& out,
                                        BodyReader& body, const Head& head);
    net::Task<Result<void>> relay_translated_events(Outgoing& out, BodyReader& body);
    net::Task<Result<void>> translate_events(Outgoing& out, BodyReader& body,
                                             TranslatedStream& stream);
    net::Task<Result<void>> send_translated(Outgoing& out, TranslatedStream& stream);
    net::Task<Result<void>> end_translated(Outgoing& out, TranslatedStream& stream);
    net::Task<Result<std::string>> collect(BodyReader& body, uint64_t limit);
    void take_facts(const dialect::StreamTranslator& stream);
    void note_losses(const std::vector<std::string>& lost);

    // streaming.cpp: silence, and when a stream becomes the client's
    net::TimePoint stream_deadline() const;
    net::TimePoint first_token_deadline() const;
    net::TimePoint next_keep_alive() const;
    net::Task<void> keep_alive();
    net::Task<Result<std::string_view>> next_piece(BodyReader& body, bool at_boundary);
    void commit_stream(Outgoing& out);

    // continuation.cpp: a stream that breaks goes on elsewhere
    void prepare_continuation(const Outgoing& out);
    bool continues(const Error& broken);
    Result<void> ask_to_continue(const snapshot::Attempt& attempt);
    bool prefill_was_refused(int status);
    void discard_attempt();
    std::span<const std::string_view> to_client(std::span<const std::string_view> pieces);
    net::Task<void> finish_stream(std::span<const std::string_view> pieces);

    const config::Timeouts& timeouts() const { return rule_->timeouts; }
    void settle();
    telemetry::ExchangeSample measured() const;
    void write_line(const telemetry::ExchangeSample& sample);
    void describe_connection(telemetry::AccessRecord& line) const;

    Gateway& gateway_;
    http::Exchange& client_;
    std::shared_ptr<const Pinned> pinned_;
    const snapshot::Port* port_ = nullptr;    ///< null: the listener is not configured any more
    const snapshot::Entry* entry_ = nullptr;  ///< the listener; null only without a port
    const snapshot::Rule* rule_ = nullptr;
    const snapshot::Attempt* attempt_ = nullptr;
    route::EndpointRow endpoint_{};
    dialect::Dialect dialect_ = dialect::Dialect::openai;  ///< the client's
    std::optional<dialect::Operation> operation_;  ///< none: bytes are passed on uninspected
    std::string suffix_;                           ///< path behind prefix and version
    std::string query_;
    bool json_array_ = false;  ///< a Gemini client wants its stream as one array
    std::string path_;         ///< the request's, where a rule has mended it
    bool redirects_ = false;   ///< the client is to ask again with that path
    Inspection inspection_;
    std::string_view body_;  ///< whole, or what is held of the upload
    std::optional<Upload> upload_;
    std::unique_ptr<Scratch> scratch_;
    Record& record_;
    LimitRun& limits_;
    EventMeter meter_;
    bool estimated_ = false;
    bool cut_ = false;  ///< a limit ended the stream
    std::string host_buffer_;
    bool ask_again_ = false;  ///< the provider refused stream_options; without them it may answer
    bool request_released_ = false;  ///< an upload has been sent: no other backend can be asked
    std::optional<AttemptPlan> plan_;
    std::optional<AttemptPlan::Next> another_;   ///< follows the attempt that just failed
    net::TimePoint try_deadline_ = net::kNever;  ///< of the attempt, until the client's first byte
    net::TimePoint last_sign_{};  ///< when a stream's client last got a comment or an event
    int last_status_ = 0;         ///< of the attempt's answer; 0: none came
    bool answer_begun_ = false;   ///< the attempt's answer has made the client's head
    /// Something of an answer has gone to the client: it is this provider's, for good or ill.
    bool content_sent_ = false;
    std::unique_ptr<Continuation> continuation_;  ///< where the policy asks for it
    bool kept_ = false;           ///< only the issuer of its reasoning can read the request
    bool watches_seals_ = false;  ///< whoever answers may have to be asked again: affinity.cpp
    dialect::SealScanner seals_;
    std::string set_cookie_;  ///< an affinity cookie for a client that has none
    bool settled_ = false;
    Admission admission_;
    PrincipalLoad::Place principal_place_;
};

}  // namespace weir::proxy
