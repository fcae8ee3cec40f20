#include "net/resolver.h"

#include <fmt/format.h>

#include <coroutine>

#include "net/cancel.h"

namespace weir::net {
namespace {
constexpr std::size_t kMost = 1024;  // names kept; beyond it those that are out of date go
}

/// What is known of a name, and who waits to know it.
struct Resolver::Entry {
    std::vector<Address> addresses;
    std::string error;        // of the last look-up, if it failed
    TimePoint asked{};        // when the last look-up began, by the loop's clock
    TimePoint good_until{};   // the addresses, or else the error
    TimePoint stale_until{};  // the addresses, if nothing better can be had
    bool asking = false;
    Wait* first = nullptr;
};

/// Awaiter: until the look-up of an entry ends. Lives in the waiting coroutine's frame.
class Resolver::Wait final : private Wakeable, private Deadlines::Node {
public:
    Wait(Worker& worker, std::shared_ptr<Entry> entry, TimePoint deadline, CancelSource* cancel)
        : worker_(worker), entry_(std::move(entry)), deadline_(deadline), cancel_(cancel) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() {
        if (caller_) leave();
    }

    bool await_ready() noexcept {
        late_ = std::chrono::steady_clock::now() >= deadline_;
        return late_ || (cancel_ && cancel_->cancelled());
    }
    void await_suspend(std::coroutine_handle<> caller) {
        caller_ = caller;
        next_ = entry_->first;
        previous_ = &entry_->first;
        if (next_) next_->previous_ = &next_;
        entry_->first = this;
        if (cancel_) cancel_->enter(*this);
        worker_.deadlines().set(*this, deadline_);
    }
    /// False: the deadline passed first. Throws Cancelled.
    bool await_resume() const {
        if (cancel_ && cancel_->cancelled()) throw Cancelled();
        return !late_;
    }

    /// Resumes all that wait for `entry`; each may begin anything, wait again, or destroy others.
    static void wake_all(Entry& entry) {
        Wait* waiting = std::exchange(entry.first, nullptr);
        if (waiting) waiting->previous_ = &waiting;
        while (waiting)
            waiting->resume();
    }

private:
    void wake_cancelled() override { resume(); }
    void on_deadline() override {
        late_ = true;
        resume();
    }
    void leave() {
        *previous_ = next_;
        if (next_) next_->previous_ = previous_;
        worker_.deadlines().clear(*this);
        if (cancel_) cancel_->leave();
    }
    void resume() {
        leave();
        std::exchange(caller_, nullptr).resume();  // `this` is gone when it returns
    }

    Worker& worker_;
    std::shared_ptr<Entry> entry_;
    TimePoint deadline_;
    CancelSource* cancel_;
    std::coroutine_handle<> caller_;
    Wait* next_ = nullptr;
    Wait** previous_ = nullptr;
    bool late_ = false;
};

Resolver::Resolver(Worker& worker, NameLookup::Options options, const Clock* clock)
    : worker_(worker), clock_(clock), lookup_(worker, std::move(options)) {}

Resolver::~Resolver() = default;

TimePoint Resolver::now() const {
    return clock_ ? clock_->now() : std::chrono::steady_clock::now();
}

Task<Result<std::vector<Address>>> Resolver::resolve(std::string host, uint16_t port,
                                                     TimePoint deadline, CancelSource* cancel) {
    if (auto literal = parse_address(host, port)) co_return std::vector<Address>{*literal};
    auto& slot = cache_[host];
    if (!slot) slot = std::make_shared<Entry>();
    std::shared_ptr<Entry> entry = slot;
    bool late = false;
    if (now() >= entry->good_until) {
        if (!entry->asking) begin(host, entry);
        // Servers that do not answer must not hold up those who have an address that may do.
        bool stale = now() < entry->stale_until;
        TimePoint patience = stale ? entry->asked + kPatience : kNever;
        late = !co_await Wait(worker_, entry, std::min(deadline, patience), cancel);
    }
    if (now() < entry->stale_until) {
        std::vector<Address> found = entry->addresses;
        for (Address& address : found)
            address.set_port(port);
        co_return found;
    }
    if (late)
        co_return fail(codes::upstream_connect_timeout,
                       fmt::format("looking up {} took too long", host));
    co_return fail(codes::upstream_dns, fmt::format("cannot look up {}: {}", host, entry->error));
}

void Resolver::begin(const std::string& host, const std::shared_ptr<Entry>& entry) {
    sweep();
    entry->asking = true;
    entry->asked = std::chrono::steady_clock::now();
    // Whoever waits keeps the Resolver; without anybody waiting it may be gone when the answer
    // comes.
    lookup_.start(host, [this, alive = std::weak_ptr(entry)](NameLookup::Answer answer) {
        std::shared_ptr<Entry> answered = alive.lock();
        if (!answered) return;
        learn(*answered, std::move(answer));
        Wait::wake_all(*answered);
    });
}

void Resolver::learn(Entry& entry, NameLookup::Answer answer) const {
    TimePoint time = now();
    entry.asking = false;
    entry.error = std::move(answer.error);
    if (answer.addresses.empty()) {
        entry.good_until = time + kShortest;
        return;
    }
    entry.addresses = std::move(answer.addresses);
    entry.good_until = time + std::clamp(answer.ttl, kShortest, kLongest);
    entry.stale_until = entry.good_until + kStale;
}

/// Names that nobody has asked for in a long while go once there are many.
void Resolver::sweep() {
    if (cache_.size() <= kMost) return;
    TimePoint time = now();
    std::erase_if(cache_, [time](const auto& known) {
        const Entry& entry = *known.second;
        return !entry.asking && time >= entry.good_until && time >= entry.stale_until;
    });
}

}  // namespace weir::net
