#include "net/poller.h"

#include "base/error.h"

namespace weir::net {

Poller::Poller(boost::asio::io_context& io)
    : set_(io.get_executor(), ::epoll_create1(EPOLL_CLOEXEC)) {
    arm();
}

Poller::~Poller() = default;

void Poller::add(int fd, Client& client) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &client;
    WEIR_ASSERT(::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::remove(int fd, Client& client) {
    epoll_event unused{};
    ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, fd, &unused);
    for (int i = next_; i < count_; ++i)
        if (batch_[static_cast<std::size_t>(i)].data.ptr == &client)
            batch_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

void Poller::arm() {
    set_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        dispatch();
        arm();
    });
}

void Poller::dispatch() {
    for (int round = 0; round < kRounds; ++round) {
        count_ = ::epoll_wait(set_.native_handle(), batch_.data(), kBatch, 0);
        for (next_ = 0; next_ < count_;) {
            const epoll_event& event = batch_[static_cast<std::size_t>(next_++)];
            if (event.data.ptr) static_cast<Client*>(event.data.ptr)->on_events(event.events);
        }
        if (count_ < kWorthAnother) break;
    }
    next_ = count_ = 0;
}

}  // namespace weir::net
