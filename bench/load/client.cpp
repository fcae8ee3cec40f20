#include "client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace weir::bench {
namespace {

constexpr std::size_t kMaxOpenConnections = 2000;
constexpr std::size_t kOpeningAtOnce = 100;
constexpr auto kPatience = std::chrono::seconds(15);

std::vector<pid_t> self() {
    return {::getpid()};
}

}  // namespace

Client::Client(Plan plan, const Expected& expected)
    : plan_(std::move(plan)), expected_(expected), buffer_(256 * 1024) {}

std::size_t Client::add_connection() {
    connections_.push_back(std::make_unique<Connection>(expected_));
    connect(connections_.size() - 1);
    return connections_.size() - 1;
}

void Client::connect(std::size_t slot) {
    auto& connection = *connections_[slot];
    connection.fd = connect_to(plan_.target);
    connection.reader.reset();
    connection.waits_to_send = false;
    poller_.add(connection.fd, EPOLLIN, slot);
}

void Client::ask(std::size_t slot, Steady::time_point when) {
    auto& connection = *connections_[slot];
    connection.check.begin();
    connection.events_seen = 0;
    connection.sent = 0;
    connection.busy = true;
    connection.begun = when;
    ++busy_;
    send_rest(slot);
}

void Client::send_rest(std::size_t slot) {
    auto& connection = *connections_[slot];
    const auto left = std::string_view(plan_.request).substr(connection.sent);
    if (left.empty()) return;
    const auto n = ::send(connection.fd.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;  // the reading side sees the reset and reports it
    connection.sent += n < 0 ? 0 : static_cast<std::size_t>(n);
    const bool waits = connection.sent < plan_.request.size();
    if (waits == connection.waits_to_send) return;
    connection.waits_to_send = waits;
    poller_.change(connection.fd, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, slot);
}

void Client::turn(Steady::time_point until, AfterAnswer next) {
    for (const auto& event : poller_.wait(until)) {
        const auto slot = static_cast<std::size_t>(event.data.u64);
        if ((event.events & EPOLLOUT) != 0) send_rest(slot);
        if ((event.events & ~EPOLLOUT) != 0) receive(slot, next);
    }
}

void Client::receive(std::size_t slot, AfterAnswer next) {
    auto& connection = *connections_[slot];
    const auto n = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 && !connection.busy) return connect(slot);
    if (n <= 0)
        return fail(slot,
                    n == 0 ? "connection closed before the answer's end" : "connection reset");
    const std::string_view in(buffer_.data(), static_cast<std::size_t>(n));
    if (!connection.busy) return fail(slot, "bytes without a request");
    const auto used = connection.reader.feed(in, connection.check);
    tally_.events += connection.check.events() - connection.events_seen;
    connection.events_seen = connection.check.events();
    if (connection.reader.broken()) return fail(slot, connection.reader.reason());
    if (!connection.reader.done()) return;
    if (used != in.size()) return fail(slot, "bytes after the answer's end");
    if (const auto verdict = connection.check.verdict(); !verdict.empty())
        return fail(slot, verdict);
    finish(slot, next);
}

void Client::finish(std::size_t slot, AfterAnswer next) {
    auto& connection = *connections_[slot];
    ++tally_.requests;
    if (record_latency_) tally_.latencies.push_back(Steady::now() - connection.begun);
    connection.busy = false;
    --busy_;
    if (connection.reader.closes()) {
        ++tally_.reconnects;
        connect(slot);
    }
    connection.reader.reset();
    if (next == AfterAnswer::ask_again)
        ask(slot, Steady::now());
    else
        resting_.push_back(slot);
}

void Client::fail(std::size_t slot, std::string_view why) {
    ++tally_.errors;
    if (tally_.first_error.empty()) tally_.first_error = why;
    if (tally_.errors > 100)
        throw std::runtime_error("gave up after 100 errors: " + tally_.first_error);
    auto& connection = *connections_[slot];
    if (connection.busy) --busy_;
    connection.busy = false;
    connect(slot);
    resting_.push_back(slot);
}

void Client::drain() {
    const auto deadline = Steady::now() + kPatience;
    while (busy_ != 0 && Steady::now() < deadline)
        turn(deadline, AfterAnswer::rest);
    if (busy_ == 0) return;
    tally_.errors += busy_;
    if (tally_.first_error.empty()) tally_.first_error = "answers that did not arrive";
}

void Client::start_window() {
    const auto errors = tally_.errors;
    const auto first = std::move(tally_.first_error);
    tally_ = {};
    tally_.errors = errors;  // a mistake during warm-up is a mistake
    tally_.first_error = first;
    tally_.own_cpu = -cpu_time(self());
    tally_.cpu = -cpu_time(plan_.cpu_of);
    window_began_ = Steady::now();
}

void Client::end_window() {
    tally_.cpu += cpu_time(plan_.cpu_of);
    tally_.own_cpu += cpu_time(self());
    tally_.wall = Steady::now() - window_began_;
}

Tally Client::closed() {
    const auto begin = Steady::now();
    for (std::size_t i = 0; i < plan_.connections; ++i) {
        const auto at = begin + plan_.stagger * i / plan_.connections;
        while (Steady::now() < at)
            turn(at, AfterAnswer::ask_again);
        const auto slot = add_connection();
        ask(slot, Steady::now());
    }
    const auto run_until = [this](Steady::time_point end) {
        while (Steady::now() < end)
            turn(end, AfterAnswer::ask_again);
    };
    run_until(begin + plan_.stagger + plan_.warm_up);
    start_window();
    run_until(window_began_ + plan_.duration);
    end_window();
    Tally measured = tally_;
    drain();
    measured.errors = tally_.errors;
    measured.first_error = tally_.first_error;
    return measured;
}

Tally Client::open() {
    for (std::size_t i = 0; i < plan_.connections; ++i)
        ask(add_connection(), Steady::now());
    drain();
    start_window();
    record_latency_ = true;
    const auto total = static_cast<std::uint64_t>(
        plan_.rate * std::chrono::duration<double>(plan_.duration).count());
    for (std::uint64_t i = 0; i < total; ++i) {
        const auto due =
            window_began_ + std::chrono::duration_cast<nanoseconds>(
                                std::chrono::duration<double>(static_cast<double>(i) / plan_.rate));
        while (Steady::now() < due)
            turn(due, AfterAnswer::rest);
        if (resting_.empty()) {
            if (connections_.size() >= kMaxOpenConnections)
                throw std::runtime_error("cannot keep up with the rate");
            resting_.push_back(add_connection());
        }
        const auto slot = resting_.back();
        resting_.pop_back();
        ask(slot, due);
    }
    end_window();
    drain();
    return tally_;
}

Tally Client::open_idle() {
    const auto deadline = Steady::now() + std::chrono::seconds(60);
    while (tally_.events + tally_.errors < plan_.connections) {
        if (Steady::now() > deadline) throw std::runtime_error("idle streams did not open in 60 s");
        const auto opening = connections_.size() - tally_.events;
        if (connections_.size() < plan_.connections && opening < kOpeningAtOnce) {
            ask(add_connection(), Steady::now());
            turn(Steady::now(), AfterAnswer::rest);
        } else {
            turn(Steady::now() + std::chrono::milliseconds(20), AfterAnswer::rest);
        }
    }
    return tally_;
}

Tally Client::hold_idle() {
    constexpr std::uint64_t kStandardInput = ~0ULL;
    const Fd input(::dup(STDIN_FILENO));
    poller_.add(input, EPOLLIN, kStandardInput);
    while (true) {
        for (const auto& event : poller_.wait(Steady::now() + std::chrono::seconds(1))) {
            if (event.data.u64 == kStandardInput) return tally_;
            receive(static_cast<std::size_t>(event.data.u64), AfterAnswer::rest);
        }
    }
}

}  // namespace weir::bench
