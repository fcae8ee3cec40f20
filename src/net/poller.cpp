#include "net/poller.h"

#include <sys/eventfd.h>

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace weir::net {
namespace {

int whole_milliseconds(std::chrono::nanoseconds longest) {
    if (longest < longest.zero()) return -1;
    constexpr std::chrono::milliseconds kMost{std::numeric_limits<int>::max()};
    return static_cast<int>(
        std::min(kMost, std::chrono::ceil<std::chrono::milliseconds>(longest)).count());
}

}  // namespace

// The interrupter is the one descriptor without a client. Edge-triggered, so it is never read: each
// write is an edge, and its counter takes 2^64 - 2 of them.
Poller::Poller()
    : set_(::epoll_create1(EPOLL_CLOEXEC)), interrupter_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    WEIR_ASSERT(set_ >= 0 && interrupter_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    WEIR_ASSERT(::epoll_ctl(set_, EPOLL_CTL_ADD, interrupter_, &event) == 0);
}

Poller::~Poller() {
    ::close(interrupter_);
    ::close(set_);
}

void Poller::add(int fd, Client& client, uint32_t events) {
    epoll_event event{};
    event.events = events;
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

int Poller::wait(std::chrono::nanoseconds longest) {
    int found = ::epoll_wait(set_, batch_.data(), kBatch, whole_milliseconds(longest));
    count_ = std::max(found, 0);  // EINTR: nothing happened
    for (next_ = 0; next_ < count_;) {
        const epoll_event& event = batch_[static_cast<std::size_t>(next_++)];
        if (event.data.ptr) static_cast<Client*>(event.data.ptr)->on_events(event.events);
    }
    next_ = count_ = 0;
    return std::max(found, 0);
}

void Poller::interrupt() {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t written = ::write(interrupter_, &one, sizeof one);
}

}  // namespace weir::net
