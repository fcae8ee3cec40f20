#include "net/poller.h"

#include <unistd.h>

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/post.hpp>

#include "base/error.h"

namespace weir::net {

/// What Asio's reactor does when the set has events: never done, so that it stays queued for the
/// next (as the reactor's own interrupter and signals are). boost/asio/detail/signal_set_service.
class Poller::Turn final : public boost::asio::detail::reactor_op {
public:
    Turn(boost::asio::io_context& io, Poller& poller)
        : reactor_op({}, &Turn::perform, &Turn::complete),
          reactor_(boost::asio::use_service<Reactor>(io)),
          io_(io),
          poller_(poller) {
        reactor_.init_task();
        WEIR_ASSERT(
            reactor_.register_internal_descriptor(Reactor::read_op, poller.set_, data_, this) == 0);
    }
    void stop() {
        reactor_.deregister_internal_descriptor(poller_.set_, data_);
        reactor_.cleanup_descriptor_data(data_);
    }
    /// Once more, after what else waits in the loop.
    void again() {
        boost::asio::post(io_, [&poller = poller_] { poller.dispatch(); });
    }

private:
    using Reactor = boost::asio::detail::epoll_reactor;
    static status perform(reactor_op* op) {
        static_cast<Turn*>(op)->poller_.dispatch();
        return not_done;
    }
    static void complete(void*, boost::asio::detail::operation*, const boost::system::error_code&,
                         std::size_t) {}

    Reactor& reactor_;
    boost::asio::io_context& io_;
    Poller& poller_;
    Reactor::per_descriptor_data data_ = nullptr;
};

Poller::Poller(boost::asio::io_context& io) : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    WEIR_ASSERT(set_ >= 0);
    turn_ = std::make_unique<Turn>(io, *this);
}

Poller::~Poller() {
    turn_->stop();
    ::close(set_);
}

void Poller::add(int fd, Client& client) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &client;
    WEIR_ASSERT(::epoll_ctl(set_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::remove(int fd, Client& client) {
    epoll_event unused{};
    ::epoll_ctl(set_, EPOLL_CTL_DEL, fd, &unused);
    for (int i = next_; i < count_; ++i)
        if (batch_[static_cast<std::size_t>(i)].data.ptr == &client)
            batch_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

void Poller::dispatch() {
    for (int round = 0; round < kRounds; ++round) {
        count_ = ::epoll_wait(set_, batch_.data(), kBatch, 0);
        for (next_ = 0; next_ < count_;) {
            const epoll_event& event = batch_[static_cast<std::size_t>(next_++)];
            if (event.data.ptr) static_cast<Client*>(event.data.ptr)->on_events(event.events);
        }
        // The reactor hears of new events only: what is left of a full batch is fetched here.
        if (count_ == static_cast<int>(kBatch) && round + 1 == kRounds) turn_->again();
        if (count_ < kWorthAnother) break;
    }
    next_ = count_ = 0;
}

}  // namespace weir::net
