#include "mock/provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "net/sleep.h"

namespace weir::mock {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBatch =
    16 * 1024;  // events of an unpaced stream leave in writes of this size
constexpr std::size_t kSlowBodyLimit = 16 * 1024 * 1024;  // a request that is read slowly
constexpr std::chrono::hours kSilence{1};
constexpr std::string_view kGarbage = "\x00\x01\xFE\xFFthis is {no event\n\n"sv;

net::TimePoint now() {
    return std::chrono::steady_clock::now();
}

int64_t real_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

bool any_action(const http::Headers& headers) {
    for (const auto& field : headers)
        if (istarts_with(field.name, "x-mock-")) return true;
    return false;
}

/// Each provider has its own name for the request's id.
void begin(http::Exchange& exchange, int status, dialect::Dialect shape,
           std::string_view content_type, const Question* q) {
    exchange.begin(status);
    exchange.header("content-type", content_type);
    std::string id = q ? detail::make_id("req_mock_", *q, 16) : std::string("req_mock");
    switch (shape) {
        case dialect::Dialect::anthropic:
            exchange.header("request-id", id);
            break;
        case dialect::Dialect::bedrock:
            exchange.header("x-amzn-requestid", id);
            break;
        default:
            exchange.header("x-request-id", id);
    }
}

/// The place where a stream (in events) or a whole body (in bytes) goes wrong, and how.
struct Break {
    enum class Kind : uint8_t { none, stall, reset, cut, error, garbage };
    Kind kind = Kind::none;
    uint64_t after = UINT64_MAX;
};

Break first_break(const Actions& a) {
    Break out;
    auto consider = [&](Break::Kind kind, After after) {
        if (after && *after < out.after) out = {kind, *after};
    };
    consider(Break::Kind::stall, a.stall_after);
    consider(Break::Kind::reset, a.reset_after);
    consider(Break::Kind::cut, a.cut_after);
    consider(Break::Kind::error, a.error_after);
    consider(Break::Kind::garbage, a.garbage_after);
    return out;
}

}  // namespace

MockProvider::MockProvider(net::Worker& worker, std::shared_ptr<const Script> script,
                           std::function<int64_t()> clock, std::shared_ptr<Ledger> ledger)
    : worker_(worker),
      script_(std::move(script)),
      clock_(clock ? std::move(clock) : real_seconds),
      ledger_(ledger ? std::move(ledger) : std::make_shared<Ledger>()) {}

void MockProvider::render_error(const Error& error, std::string& content_type, std::string& body) {
    content_type = "application/json";
    body = mock::render_error(dialect::Dialect::openai, error.status(), error.detail());
}

net::Task<void> MockProvider::handle(http::Exchange& exchange) {
    const http::RequestHead& head = exchange.request();
    if (head.path == "/mock/ledger") co_return co_await show_ledger(exchange);
    HeaderLookup header = [&head](std::string_view name) { return head.headers.value(name); };
    bool anthropic = !header("anthropic-version").empty();
    dialect::Dialect shape = error_shape(head.path, anthropic);
    auto destination = find_destination(head.method, head.path, anthropic);
    if (destination) {
        shape = destination->shape;
        destination->json_array = shape == dialect::Dialect::gemini && destination->stream &&
                                  head.query.find("alt=sse") == std::string_view::npos;
    }
    std::string storage;
    bool asked = any_action(head.headers);
    uint64_t speed = script_->slow_read(head.path, header);
    auto body = speed ? co_await read_body(exchange, speed, storage) : co_await exchange.read_all();
    if (!body) co_return co_await refuse(exchange, shape, std::move(body).error());
    if (!destination) co_return co_await refuse(exchange, shape, std::move(destination).error());
    auto question = read_question(std::move(*destination), head.path, *body);
    if (!question) co_return co_await refuse(exchange, shape, std::move(question).error());
    auto actions = script_->actions(head.path, question->model, header, asked);
    if (!actions) co_return co_await refuse(exchange, shape, std::move(actions).error());
    std::string request_id(head.headers.value("x-request-id"));
    exchange.release_request();
    co_await answer(exchange, std::move(*question), std::move(*actions), std::move(request_id));
}

net::Task<void> MockProvider::show_ledger(http::Exchange& exchange) {
    exchange.begin(200);
    exchange.header("content-type", "application/json");
    co_await exchange.send(ledger_->json());
}

net::Task<Result<std::string_view>> MockProvider::read_body(http::Exchange& exchange,
                                                            uint64_t bytes_per_second,
                                                            std::string& storage) {
    net::TimePoint due = now();
    while (true) {
        WEIR_CO_TRY(std::string_view piece, co_await exchange.read_some());
        if (piece.empty()) co_return std::string_view(storage);
        if (storage.size() + piece.size() > kSlowBodyLimit)
            co_return fail(codes::http_body_too_large,
                           "a body that is read slowly may have 16 MiB");
        storage.append(piece);
        due += std::chrono::microseconds(piece.size() * 1'000'000 / bytes_per_second);
        co_await net::Sleep(worker_, due, exchange.cancel());
    }
}

net::Task<void> MockProvider::refuse(http::Exchange& exchange, dialect::Dialect shape,
                                     Error error) {
    begin(exchange, error.status(), shape, "application/json", nullptr);
    co_await exchange.send(mock::render_error(shape, error.status(), error.detail()));
}

net::Task<void> MockProvider::answer(http::Exchange& exchange, Question q, Actions actions,
                                     std::string request_id) {
    if (actions.delay.count() > 0)
        co_await net::Sleep(worker_, now() + actions.delay, exchange.cancel());
    if (actions.garbage_head) {
        exchange.begin(200);
        exchange.head_text() = "this is no HTTP\r\n";
        exchange.close_after();
        co_return co_await exchange.send("garbage");
    }
    if (actions.status)
        co_return co_await fail_with_status(exchange, std::move(q), std::move(actions));
    Answer said = mock::answer(q, actions);
    Ledger::Line line(*ledger_, request_id, q.model, said.usage);
    bool conversation = q.ask == Ask::chat || q.ask == Ask::completions ||
                        q.ask == Ask::responses || q.ask == Ask::messages ||
                        q.ask == Ask::converse || q.ask == Ask::generate;
    if (q.stream && conversation) {
        StreamPlan plan = plan_stream(q, said, clock_());
        begin(exchange, 200, q.shape, plan.content_type(), &q);
        exchange.header("cache-control", "no-cache");
        if (plan.framing == Framing::aws_chunks)
            exchange.header("x-amzn-bedrock-content-type", "application/json");
        co_await stream(exchange, std::move(plan), std::move(actions), line);
        co_return;
    }
    begin(exchange, 200, q.shape, "application/json", &q);
    co_await whole(exchange, render_whole(q, said, clock_()), std::move(actions), line);
}

net::Task<void> MockProvider::fail_with_status(http::Exchange& exchange, Question q,
                                               Actions actions) {
    dialect::Dialect shape = q.aws_frames ? dialect::Dialect::bedrock : q.shape;
    begin(exchange, actions.status, shape, "application/json", &q);
    if (!actions.retry_after.empty()) exchange.header("retry-after", actions.retry_after);
    std::string body = mock::render_error(
        shape, actions.status,
        fmt::format("The mock provider answers {}, as it was told to.", actions.status),
        actions.status == 401   ? "invalid_api_key"
        : actions.status == 429 ? "rate_limit_exceeded"
                                : "");
    if (shape == dialect::Dialect::bedrock)
        exchange.header("x-amzn-errortype", bedrock_error_type(actions.status));
    co_await exchange.send(body);
}

net::Task<void> MockProvider::whole(http::Exchange& exchange, std::string body, Actions actions,
                                    Ledger::Line& line) {
    Break broken = first_break(actions);
    if (broken.kind == Break::Kind::none) {
        co_await exchange.send(body);
        line.complete();
        co_return;
    }
    uint64_t sent = std::min<uint64_t>(broken.after, body.size());
    if (broken.kind == Break::Kind::garbage || broken.kind == Break::Kind::error) {
        body.resize(sent);
        co_return co_await exchange.send(body.append(kGarbage));
    }
    exchange.start_length(body.size() + 1);  // so that a break after the last byte is one, too
    co_await exchange.write(std::string_view(body).substr(0, sent));
    if (broken.kind == Break::Kind::stall) co_await silence(exchange);
    if (broken.kind != Break::Kind::cut) exchange.abort();
    // A cut is a return with the answer unfinished: the connection is closed.
}

net::Task<void> MockProvider::stream(http::Exchange& exchange, StreamPlan plan, Actions actions,
                                     Ledger::Line& line) {
    Break broken = first_break(actions);
    exchange.start_chunked();
    uint64_t size = plan.size() - (actions.no_terminal ? plan.terminal : 0);
    uint64_t end = std::min(size, broken.after);
    net::TimePoint due = now();
    std::string out;
    for (uint64_t i = 0; i < end; ++i) {
        plan.append(i, out);
        line.event();
        if (actions.pace.count() > 0) {
            co_await exchange.write(out);
            out.clear();
            if (i + 1 < end) co_await net::Sleep(worker_, due += actions.pace, exchange.cancel());
        } else if (out.size() >= kBatch) {
            co_await exchange.write(out);
            out.clear();
        }
    }
    if (broken.kind == Break::Kind::none) {
        co_await exchange.finish(out);
        if (!actions.no_terminal) line.complete();
        co_return;
    }
    if (broken.kind == Break::Kind::error) plan.append_error(out);
    if (broken.kind == Break::Kind::garbage) out.append(kGarbage);
    bool clean = broken.kind == Break::Kind::error || broken.kind == Break::Kind::garbage;
    if (clean) co_return co_await exchange.finish(out);
    co_await exchange.write(out);
    if (broken.kind == Break::Kind::stall) co_await silence(exchange);
    if (broken.kind != Break::Kind::cut) exchange.abort();
}

/// Until the client has had enough.
net::Task<void> MockProvider::silence(http::Exchange& exchange) {
    co_await net::Sleep(worker_, now() + kSilence, exchange.cancel());
}

MockServer::MockServer(net::Worker& worker, std::shared_ptr<const Script> script,
                       http::ServerOptions options, std::shared_ptr<Ledger> ledger)
    : worker_(worker),
      provider_(worker, std::move(script), {}, std::move(ledger)),
      server_(worker, provider_, options) {}

MockServer::~MockServer() = default;

void MockServer::listen(int fd) {
    listeners_.push_back(std::make_unique<net::Listener>(
        worker_, fd, [this](net::StreamPtr stream, const net::Address& peer) {
            server_.serve(std::move(stream), peer.to_string(), 0);
        }));
}

void MockServer::close() {
    listeners_.clear();
    server_.close_all();
}

}  // namespace weir::mock
