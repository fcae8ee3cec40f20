/// The clients of the benchmark: many connections, one thread, every answer verified.
///
/// Three shapes of load, each returning a Tally:
///   closed  N connections, each asks again as soon as it has its answer: CPU per request and per
///   event. open    requests leave on a fixed schedule whatever the answers do; latency counts from
///   the scheduled
///           moment, so that a stall is charged to every request it delayed.
///   idle    N streams that received their first event and then stay open.
/// The CPU time of the processes under test is read at the two ends of the measured window.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "framing.h"
#include "linux.h"

namespace weir::bench {

struct Plan {
    sockaddr_in target{};
    std::string request;  ///< head and body
    std::size_t connections = 32;
    std::chrono::milliseconds stagger{
        0};  ///< closed: spread the connections' first requests over this time
    std::chrono::milliseconds warm_up{300};
    std::chrono::milliseconds duration{2000};
    double rate = 500;  ///< open: requests per second
    std::vector<pid_t> cpu_of;
};

struct Tally {
    std::uint64_t requests = 0;
    std::uint64_t events = 0;
    std::uint64_t errors = 0;
    std::uint64_t reconnects = 0;
    std::string first_error;
    nanoseconds wall{0};
    nanoseconds cpu{0};      ///< of Plan::cpu_of
    nanoseconds own_cpu{0};  ///< of this process
    std::vector<nanoseconds> latencies;
};

class Client {
public:
    Client(Plan plan, const Expected& expected);
    Tally closed();
    Tally open();
    /// Opens the streams and returns; the first event of each has arrived.
    Tally open_idle();
    /// Watches the idle streams until standard input ends; an answer that ends early is an error.
    Tally hold_idle();

private:
    struct Connection {
        explicit Connection(const Expected& expected) : check(expected) {}
        Fd fd;
        MessageReader reader;
        Check check;
        std::size_t sent = 0;  ///< bytes of the request
        bool waits_to_send = false;
        bool busy = false;
        std::uint64_t events_seen = 0;
        Steady::time_point begun;
    };
    enum class AfterAnswer { ask_again, rest };

    std::size_t add_connection();
    void connect(std::size_t slot);
    void ask(std::size_t slot, Steady::time_point when);
    void send_rest(std::size_t slot);
    void turn(Steady::time_point until, AfterAnswer next);
    void receive(std::size_t slot, AfterAnswer next);
    void finish(std::size_t slot, AfterAnswer next);
    void fail(std::size_t slot, std::string_view why);
    void drain();
    void start_window();
    void end_window();

    Plan plan_;
    const Expected& expected_;
    Poller poller_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::size_t> resting_;  ///< open: connections without a request
    std::size_t busy_ = 0;
    bool record_latency_ = false;
    Steady::time_point window_began_;
    Tally tally_;
    std::vector<char> buffer_;
};

}  // namespace weir::bench
