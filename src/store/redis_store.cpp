#include "store/redis_store.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/sleep.h"
#include "store/sentinel.h"

namespace weir::store {
namespace {

using Steady = std::chrono::steady_clock;

}  // namespace

/// Commands sent together, and who waits for their replies.
struct RedisStore::Call {
    std::size_t replies;
    quota::Grants grants;
    Done done;  ///< null: a look at the memory's name
    net::TimePoint sent;
};

/// The task's life.
struct RedisStore::Running {
    explicit Running(RedisStore& owner) : store(owner) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { store.ended_ = true; }
    RedisStore& store;
};

RedisStore::RedisStore(Network network, RedisAddress address, std::function<double()> dice,
                       Changed changed, RedisStats* stats)
    : SharedStore(std::move(address), std::move(changed)),
      network_(network),
      dice_(std::move(dice)),
      counted_(stats ? *stats : stats_),
      birth_key_(address_.prefix + "born") {}

RedisStore::~RedisStore() = default;

void RedisStore::start() {
    network_.worker.tasks().spawn(run());
}

void RedisStore::stop() {
    connected_ = false;
    cancel_.cancel();
    drop_calls();
}

net::Task<void> RedisStore::run() {
    Running running(*this);
    auto pause = kFirstPause;
    while (true) {
        uint64_t before = counted_.connections.load();
        Result<void> ended = co_await session();
        lose(ended.error());
        if (counted_.connections.load() != before) pause = kFirstPause;
        auto jitter = std::chrono::duration_cast<net::Duration>(pause * (0.5 + dice_() / 2));
        co_await net::Sleep(network_.worker, Steady::now() + jitter, cancel_);
        pause = std::min(pause * 2, kLongestPause);
    }
}

/// One connection, until it is lost.
net::Task<Result<void>> RedisStore::session() {
    auto deadline = Steady::now() + kConnect;
    RedisHost host = address_.hosts.front();
    if (address_.kind == RedisKind::sentinel) {
        WEIR_CO_TRY(host, co_await find_primary(network_, address_, deadline, cancel_));
    }
    WEIR_CO_TRY(channel_, co_await Channel::open(network_, host, deadline, cancel_));
    WEIR_CO_CHECK(co_await greet(deadline));
    co_return co_await serve();
}

/// Who we are, the script, and what this Redis remembers.
net::Task<Result<void>> RedisStore::greet(net::TimePoint deadline) {
    WEIR_CO_CHECK(co_await channel_->login(address_.user, address_.password, deadline));
    if (address_.database != 0) {
        std::vector<std::string> select{"SELECT", std::to_string(address_.database)};
        channel_->send(select);
        WEIR_CO_TRY(Reply done, co_await channel_->reply(deadline));
        WEIR_CO_CHECK(check(done));
    }
    std::vector<std::string> info{"INFO", "replication"};
    std::vector<std::string> load{"SCRIPT", "LOAD", std::string(kClaimScript)};
    channel_->send(info);
    channel_->send(load);
    append_birth(channel_->out(), birth_key_, dice_());
    WEIR_CO_TRY(Reply history, co_await channel_->reply(deadline));
    WEIR_CO_TRY(replication_, read_replication(history));
    WEIR_CO_TRY(Reply digest, co_await channel_->reply(deadline));
    WEIR_CO_CHECK(check(digest));
    claim_digest_ = text_of(digest);
    WEIR_CO_TRY(Reply birth, co_await channel_->reply(deadline));
    WEIR_CO_CHECK(recognise(birth));
    ++counted_.connections;
    if (std::exchange(said_lost_, false))
        log::info("limits: {} answers again", address_.to_string());
    co_return Result<void>();
}

/// Compares the memory's name with the one that was known.
Result<void> RedisStore::recognise(const Reply& reply) {
    WEIR_TRY(Birth birth, read_birth(reply));
    std::string name = birth.name + replication_;
    bool forgot = memory_ != name;
    auto age = std::chrono::milliseconds(std::max<int64_t>(birth.age, 0));
    auto now = Steady::now();
    if (forgot && !memory_.empty())
        settled_ = now + kSettling;
    else if (!connected_ || forgot)
        settled_ = age < kSettling ? now + (kSettling - age) : now;
    memory_ = std::move(name);
    looked_ = now;
    bool same = std::exchange(connected_, true);
    if (forgot)
        changed_(Change::forgot);
    else if (!same)
        changed_(Change::connected);
    return {};
}

net::Task<Result<void>> RedisStore::serve() {
    while (true) {
        while (true) {
            WEIR_CO_TRY(auto next, channel_->next());
            if (!next) break;
            WEIR_CO_CHECK(take(*next));
        }
        auto now = Steady::now();
        if (!calls_.empty() && now > calls_.front().sent + kAnswer)
            co_return fail(codes::store_unavailable, "it does not answer");
        if (now >= looked_ + kLook) look();
        WEIR_CO_CHECK(channel_->flush());
        auto until = looked_ + kLook;
        if (!calls_.empty()) until = std::min(until, calls_.front().sent + kAnswer);
        WEIR_CO_CHECK(co_await channel_->read_more(until));
    }
}

void RedisStore::look() {
    looked_ = Steady::now();
    append_birth(channel_->out(), birth_key_, dice_());
    queue(1, nullptr);
}

void RedisStore::queue(std::size_t replies, Done done) {
    calls_.push_back({replies, {}, std::move(done), Steady::now()});
}

Result<void> RedisStore::take(const Reply& reply) {
    if (calls_.empty()) return fail(codes::store_unavailable, "an answer to no question");
    Call& call = calls_.front();
    if (!call.done) {
        WEIR_CHECK(recognise(reply));
    } else if (address_.kind == RedisKind::cluster && is_elsewhere(reply)) {
        call.grants.emplace_back();
    } else {
        WEIR_TRY(quota::Grant grant, read_grant(reply));
        call.grants.emplace_back(grant);
    }
    if (--call.replies > 0) return {};
    Call finished = std::move(call);
    calls_.pop_front();
    ++counted_.answers;
    counted_.waited_ns += static_cast<uint64_t>((Steady::now() - finished.sent).count());
    if (finished.done) finished.done(std::move(finished.grants));
    return {};
}

void RedisStore::claim(std::vector<quota::Claim> claims, Done done) {
    if (!connected_)
        return network_.worker.post(
            [done = std::move(done), count = claims.size()] { done(quota::Grants(count)); });
    for (const quota::Claim& claim : claims)
        append_claim(channel_->out(), claim_digest_, address_.prefix, claim);
    queue(claims.size(), std::move(done));
    // What cannot be written now, or a connection that is lost, is found by the task that reads.
    if (auto sent = channel_->flush(); !sent) log::debug("limits: {}", sent.error().detail());
}

void RedisStore::lose(const Error& why) {
    connected_ = false;
    ++counted_.failures;
    channel_.reset();
    if (!std::exchange(said_lost_, true))
        log::error(
            "limits: {} cannot be used: {}; what each rule's `failure` says holds until it can",
            address_.to_string(), why.detail());
    changed_(Change::lost);
    drop_calls();
}

/// Nobody knows what became of them.
void RedisStore::drop_calls() {
    std::deque<Call> lost = std::move(calls_);
    calls_.clear();
    for (Call& call : lost) {
        call.grants.resize(call.grants.size() + call.replies);
        if (call.done) call.done(std::move(call.grants));
    }
}

bool RedisStore::answers(std::chrono::milliseconds patience) const {
    return connected_ && (calls_.empty() || Steady::now() < calls_.front().sent + patience);
}

bool RedisStore::settled() const {
    return connected_ && Steady::now() >= settled_;
}

}  // namespace weir::store
