#include "store/redis_store.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/sleep.h"

namespace weir::store {
namespace {

using Steady = std::chrono::steady_clock;

}  // namespace

/// Commands sent together, and who waits for their replies.
struct RedisStore::Call {
    std::size_t replies;
    std::vector<quota::Grant> grants;
    Done done;  ///< null: a PING
    net::TimePoint sent;
};

RedisStore::RedisStore(net::Worker& worker, net::Resolver& resolver, RedisAddress address,
                       net::TlsContext* tls, std::function<double()> dice, Changed changed)
    : worker_(worker),
      resolver_(resolver),
      address_(std::move(address)),
      tls_(tls),
      dice_(std::move(dice)),
      changed_(std::move(changed)) {}

RedisStore::~RedisStore() = default;

void RedisStore::start() {
    worker_.tasks().spawn(run());
}

net::Task<void> RedisStore::run() {
    auto pause = kFirstPause;
    while (true) {
        uint64_t before = stats_.connections.load();
        Result<void> ended = co_await session();
        lose(ended.error());
        if (stats_.connections.load() != before) pause = kFirstPause;
        auto jitter = std::chrono::duration_cast<net::Duration>(pause * (0.5 + dice_() / 2));
        co_await net::Sleep(worker_, Steady::now() + jitter, cancel_);
        pause = std::min(pause * 2, kLongestPause);
    }
}

/// One connection, until it is lost.
net::Task<Result<void>> RedisStore::session() {
    auto deadline = Steady::now() + kConnect;
    net::Target target{address_.host, address_.port, tls_, address_.host};
    WEIR_CO_TRY(stream_, co_await net::dial(worker_, resolver_, target, deadline, &cancel_));
    reader_ = std::make_unique<ReplyReader>();
    out_.clear();
    WEIR_CO_CHECK(co_await greet(deadline));
    co_return co_await serve();
}

/// Who we are, the script, and what this Redis remembers.
net::Task<Result<void>> RedisStore::greet(net::TimePoint deadline) {
    std::vector<std::string> auth{"AUTH"};
    if (!address_.user.empty()) auth.push_back(address_.user);
    auth.emplace_back(address_.password.reveal());
    std::vector<std::string> select{"SELECT", std::to_string(address_.database)};
    std::vector<std::string> load{"SCRIPT", "LOAD", std::string(kClaimScript)};
    std::vector<std::string> born{"EVAL", std::string(kBirthScript), "1", address_.prefix + "born",
                                  fmt::format("{:.0f}", dice_() * 1e9)};
    int before = 0;
    if (!address_.password.empty()) append_command(out_, auth), ++before;
    if (address_.database != 0) append_command(out_, select), ++before;
    append_command(out_, load);
    append_command(out_, born);
    WEIR_CO_CHECK(flush());
    for (; before > 0; --before) {
        WEIR_CO_TRY(Reply done, co_await reply(deadline));
        WEIR_CO_CHECK(check(done));
    }
    WEIR_CO_TRY(Reply digest, co_await reply(deadline));
    WEIR_CO_CHECK(check(digest));
    claim_digest_ = text_of(digest);
    WEIR_CO_TRY(Reply memory, co_await reply(deadline));
    WEIR_CO_TRY(Birth birth, read_birth(memory));
    auto age = std::chrono::milliseconds(std::max<int64_t>(birth.age, 0));
    settled_ = age < kSettling ? Steady::now() + (kSettling - age) : Steady::now();
    bool forgot = memory_ != birth.name;
    memory_ = birth.name;
    connected_ = true;
    stats_.connected = true;
    ++stats_.connections;
    if (said_lost_) log::info("limits: {} answers again", address_.to_string());
    said_lost_ = false;
    changed_(forgot ? Change::forgot : Change::connected);
    co_return Result<void>();
}

net::Task<Result<Reply>> RedisStore::reply(net::TimePoint deadline) {
    while (true) {
        WEIR_CO_TRY(auto next, reader_->next());
        if (next) co_return std::move(*next);
        WEIR_CO_TRY(bool more, co_await read_more(deadline));
        if (!more) co_return fail(codes::store_unavailable, "it does not answer");
    }
}

net::Task<Result<void>> RedisStore::serve() {
    while (true) {
        while (true) {
            WEIR_CO_TRY(auto next, reader_->next());
            if (!next) break;
            WEIR_CO_CHECK(take(*next));
        }
        WEIR_CO_CHECK(flush());
        auto now = Steady::now();
        if (!calls_.empty() && now > calls_.front().sent + kAnswer)
            co_return fail(codes::store_unavailable, "it does not answer");
        auto until = calls_.empty() ? now + kPing : calls_.front().sent + kAnswer;
        WEIR_CO_TRY(bool more, co_await read_more(until));
        if (more || !calls_.empty()) continue;
        std::vector<std::string> ping{"PING"};
        append_command(out_, ping);
        queue(1, nullptr);
    }
}

/// False: nothing came before the deadline.
net::Task<Result<bool>> RedisStore::read_more(net::TimePoint deadline) {
    char space[16 * 1024];
    while (true) {
        net::IoResult r = stream_->read(space);
        if (r.done()) {
            reader_->feed({space, r.size});
            co_return true;
        }
        if (r.closed())
            co_return fail(codes::store_unavailable,
                           r.error ? std::strerror(r.error) : "it closed the connection");
        net::Wake wake;
        if (out_.empty())
            wake = co_await stream_->readable(deadline, &cancel_);
        else
            wake = co_await stream_->ready(deadline, &cancel_);
        if (wake == net::Wake::deadline) co_return false;
        WEIR_CO_CHECK(flush());
    }
}

Result<void> RedisStore::flush() {
    while (!out_.empty()) {
        iovec piece{out_.data(), out_.size()};
        net::IoResult r = stream_->write({&piece, 1});
        if (r.again()) return {};
        if (r.closed())
            return fail(codes::store_unavailable,
                        r.error ? std::strerror(r.error) : "it closed the connection");
        out_.erase(0, r.size);
    }
    return {};
}

void RedisStore::queue(std::size_t replies, Done done) {
    calls_.push_back({replies, {}, std::move(done), Steady::now()});
}

Result<void> RedisStore::take(const Reply& reply) {
    if (calls_.empty()) return fail(codes::store_unavailable, "an answer to no question");
    Call& call = calls_.front();
    if (call.done) {
        WEIR_TRY(quota::Grant grant, read_grant(reply));
        call.grants.push_back(grant);
    } else {
        WEIR_CHECK(check(reply));
    }
    if (--call.replies > 0) return {};
    Call finished = std::move(call);
    calls_.pop_front();
    ++stats_.answers;
    stats_.waited_ns += static_cast<uint64_t>((Steady::now() - finished.sent).count());
    if (finished.done) finished.done(std::move(finished.grants));
    return {};
}

void RedisStore::claim(std::vector<quota::Claim> claims, Done done) {
    if (!connected_)
        return worker_.post(
            [done = std::move(done)] { done(fail(codes::store_unavailable, "not connected")); });
    for (const quota::Claim& claim : claims)
        append_claim(out_, claim_digest_, address_.prefix, claim);
    queue(claims.size(), std::move(done));
    // What cannot be written now, or a connection that is lost, is found by the task that reads.
    if (auto sent = flush(); !sent) log::debug("limits: {}", sent.error().detail());
}

void RedisStore::lose(const Error& why) {
    connected_ = false;
    stats_.connected = false;
    ++stats_.failures;
    stream_.reset();
    if (!std::exchange(said_lost_, true))
        log::error(
            "limits: {} cannot be used: {}; what each rule's `failure` says holds until it can",
            address_.to_string(), why.detail());
    changed_(Change::lost);
    std::deque<Call> lost = std::move(calls_);
    calls_.clear();
    for (Call& call : lost)
        if (call.done) call.done(fail(codes::store_unavailable, why.detail()));
}

bool RedisStore::answers(std::chrono::milliseconds patience) const {
    return connected_ && (calls_.empty() || Steady::now() < calls_.front().sent + patience);
}

bool RedisStore::settled() const {
    return connected_ && Steady::now() >= settled_;
}

}  // namespace weir::store
