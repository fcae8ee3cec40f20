#include "credential/token_desk.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/log.h"
#include "credential/refresh_schedule.h"

namespace weir::credential {
namespace {

/// The wall clock may be set while a refresher waits: it looks at least so often.
constexpr std::chrono::seconds kLook{30};
/// A reader still at the token before the last: a matter of microseconds.
constexpr std::chrono::milliseconds kReaderPause{50};

/// Waits for a time; throws net::Cancelled when told to stop.
class Pause final : private net::Wakeable, private net::Deadlines::Node {
public:
    Pause(net::Worker& worker, net::Duration time, net::CancelSource& cancel)
        : worker_(worker), time_(time), cancel_(cancel) {}
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() {
        if (caller_) leave();
    }
    bool await_ready() const noexcept { return cancel_.cancelled(); }
    void await_suspend(std::coroutine_handle<> caller) {
        caller_ = caller;
        cancel_.enter(*this);
        worker_.deadlines().set(*this, std::chrono::steady_clock::now() + time_);
    }
    void await_resume() const {
        if (cancel_.cancelled()) throw net::Cancelled();
    }

private:
    void wake_cancelled() override { resume(); }
    void on_deadline() override { resume(); }
    void leave() {
        worker_.deadlines().clear(*this);
        cancel_.leave();
    }
    void resume() {
        leave();
        std::exchange(caller_, nullptr).resume();
    }

    net::Worker& worker_;
    net::Duration time_;
    net::CancelSource& cancel_;
    std::coroutine_handle<> caller_;
};

}  // namespace

std::string source_key(const std::vector<std::string_view>& parts) {
    std::string text;
    std::size_t size = 0;
    for (std::string_view part : parts)
        size += part.size() + 24;
    text.reserve(size);
    for (std::string_view part : parts)
        text.append(std::to_string(part.size())).append(":").append(part);
    const Secret whole(std::move(text));  // wiped: a part may be a private key
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(whole.reveal().data(), whole.reveal().size(), digest.data(), &length, EVP_sha256(),
               nullptr);
    return hex_encode({reinterpret_cast<const char*>(digest.data()), length});
}

struct TokenDesk::Refresher {
    Refresher(std::shared_ptr<TokenSource> s, http::ClientPool& pool, std::function<double()> dice)
        : source(std::move(s)),
          caller(pool, cancel, source->through()),
          schedule(std::move(dice)) {}
    std::shared_ptr<TokenSource> source;
    net::CancelSource cancel;  // these three: the loop's
    PoolCaller caller;
    RefreshSchedule schedule;
    bool begun = false;  // the main thread's
};

TokenDesk::TokenDesk(net::Worker& worker, http::ClientPool& pool, const Clock& clock,
                     std::function<double()> dice)
    : worker_(worker), pool_(pool), clock_(clock), dice_(std::move(dice)) {}

TokenDesk::~TokenDesk() = default;

std::shared_ptr<TokenSource> TokenDesk::source(
    const std::string& key, const std::function<std::shared_ptr<TokenSource>()>& make) {
    auto& refresher = refreshers_[key];
    if (!refresher) refresher = std::make_shared<Refresher>(make(), pool_, dice_);
    return refresher->source;
}

bool TokenDesk::has_news() const {
    return std::ranges::any_of(refreshers_, [](const auto& r) { return !r.second->begun; });
}

bool TokenDesk::all_issued() const {
    return std::ranges::all_of(refreshers_, [](const auto& r) {
        return r.second->source->slot().with(
            [](const Issued* issued) { return issued != nullptr; });
    });
}

bool TokenDesk::settle(std::chrono::milliseconds patience) {
    std::erase_if(refreshers_, [this](const auto& entry) {
        const std::shared_ptr<Refresher> refresher = entry.second;
        if (refresher->source.use_count() > 1) return false;
        // Kept by the task that is cancelled, or by this post, until the loop is done with it.
        if (refresher->begun) worker_.post([refresher] { refresher->cancel.cancel(); });
        return true;
    });
    for (auto& [key, refresher] : refreshers_) {
        if (std::exchange(refresher->begun, true)) continue;
        worker_.post([this, refresher] { worker_.tasks().spawn(run(*this, refresher)); });
    }
    std::unique_lock lock(mutex_);
    return issued_.wait_for(lock, patience, [this] { return all_issued(); });
}

net::Task<void> TokenDesk::run(TokenDesk& desk, std::shared_ptr<Refresher> self) {
    while (true) {
        const WallTime now = desk.clock_.system_now();
        if (now < self->schedule.due()) {
            const auto wait = std::min<WallTime::duration>(self->schedule.due() - now, kLook);
            co_await Pause(desk.worker_, wait, self->cancel);
            continue;
        }
        auto refreshed = co_await desk.refresh(*self);
        if (refreshed) continue;
        self->schedule.failed(desk.clock_.system_now());
        log::warn("{}: no new token ({} in a row): {}", self->source->description(),
                  self->schedule.failures(), refreshed.error().to_string());
    }
}

net::Task<Result<void>> TokenDesk::refresh(Refresher& self) {
    const WallTime asked = clock_.system_now();
    WEIR_CO_TRY(Issued issued, co_await self.source->issuer().fetch(self.caller, asked));
    const WallTime expires = issued.expires;
    if (expires <= asked)
        co_return fail(codes::credential_invalid, "the issuer gave a token that has ended already");
    std::unique_ptr<const Issued> token = std::make_unique<const Issued>(std::move(issued));
    while (!self.source->slot().publish(token))
        co_await Pause(worker_, kReaderPause, self.cancel);
    self.schedule.issued(asked, expires);
    log::debug("{}: a new token", self.source->description());
    {
        std::lock_guard lock(mutex_);
    }  // so that settle() is not between its look and its wait
    issued_.notify_all();
    co_return Result<void>();
}

}  // namespace weir::credential
