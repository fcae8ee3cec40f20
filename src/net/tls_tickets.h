/// Keys of the session tickets that listeners give out.
///
/// One TicketKeys serves all workers and outlives reloads, so that a client resumes whichever
/// worker it meets. A key makes tickets for half a day and reads them for a day: what a thief of
/// the process's memory learns of older connections is bounded (RFC 5077 §5.5). Threads: any;
/// its lock is taken in handshakes only.
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <chrono>
#include <mutex>

namespace weir::net {

class TicketKeys {
public:
    TicketKeys();
    ~TicketKeys();
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;

    struct Key {
        std::array<unsigned char, 16> name{};
        std::array<unsigned char, 32> cipher{};
        std::array<unsigned char, 32> mac{};
    };
    using Time = std::chrono::steady_clock::time_point;
    /// The key that makes tickets now.
    Key current(Time now);
    /// The key of that name, and whether tickets of it are to be made anew; false if it is unknown
    /// or too old.
    bool find(const unsigned char* name, Time now, Key& key, bool& renew);

private:
    static constexpr std::chrono::hours kTurn{12};
    void turn(Time now);

    std::mutex mutex_;
    std::array<Key, 2> keys_;  // the current one, and the one before
    Time turned_;
};

/// Makes `context` encrypt its tickets with `keys`, which must outlive its last connection.
void use_ticket_keys(SSL_CTX* context, TicketKeys& keys);

}  // namespace weir::net
