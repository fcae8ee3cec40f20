// Phase 9, attempt: where as many connections as may be are in use, an attempt waits for one.
#include "net/notice.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {
namespace {

/// An attempt's turn. Whoever leaves may be on another worker, so it is told by Notice.
class Turn final : public balance::Turnstile::Waiter {
public:
    explicit Turn(net::Worker& worker) : notice_(std::make_shared<net::Notice>(worker)) {}
    ~Turn() { static_cast<void>(take()); }
    net::Notice& notice() { return *notice_; }

private:
    void admitted() override { notice_->tell(); }
    std::shared_ptr<net::Notice> notice_;
};

}  // namespace

/// Past the circuit breaker. Waits until the end of the exchange at the longest; a client that
/// leaves waits no more, and one of a stream hears that it is not forgotten. Fails with
/// upstream.overflow.
net::Task<Result<void>> ExchangeRun::begin_attempt(balance::Choice choice) {
    AttemptPlan& plan = *plan_;
    plan.approach(choice);
    while (auto door = plan.shut_door()) {
        balance::Gauge::Slot pending = plan.join_queue(*door);
        if (!pending) co_return plan.overflow();
        if (upload_) client_.watch_unread();
        Turn turn(gateway_.parts_.worker);
        door->turnstile.queue(turn, door->limit);
        const net::TimePoint deadline = whole_deadline();
        while (true) {
            net::TimePoint wake = std::min(deadline, next_keep_alive());
            bool told = co_await turn.notice().told(wake, client_.cancel());
            if (told || std::chrono::steady_clock::now() >= deadline) break;
            co_await keep_alive();
        }
        door->place = turn.take();
        if (!door->place) co_return plan.overflow();
    }
    co_return plan.arrive();
}

}  // namespace weir::proxy
