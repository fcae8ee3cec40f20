/// Asks the system's DNS servers for the addresses of a host, on the worker's own loop.
///
/// c-ares does the protocol: /etc/hosts, /etc/resolv.conf (search domains, ndots, rotation, retries
/// over several servers, TCP for long answers), both address families, their order (RFC 6724). Here
/// its sockets and its timer are put on the loop. A resolv.conf that changed is read again once no
/// look-up is under way. Why c-ares and not getaddrinfo: docs/adr/0007-dns.md.
///
/// Threads: one worker. A look-up begun always ends, with addresses or with an error, within
/// c-ares's own time-outs; when the NameLookup is destroyed first, nobody is told.
#pragma once
#include <ares.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/address.h"
#include "net/worker.h"

namespace weir::net {

class NameLookup final : private Deadlines::Node {
public:
    struct Answer {
        std::vector<Address> addresses;  ///< with port 0; the order to try them in
        std::chrono::seconds ttl{0};  ///< the least of all records; 0: none was told (/etc/hosts)
        std::string error;            ///< why there are no addresses
    };
    using Done = std::function<void(Answer)>;

    struct Options {
        std::string servers;  ///< "127.0.0.1:5353,…" in place of resolv.conf's; for tests
        std::string resolv_conf = "/etc/resolv.conf";
    };

    explicit NameLookup(Worker& worker) : NameLookup(worker, Options()) {}
    NameLookup(Worker& worker, Options options);
    ~NameLookup();
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    /// Calls `done` once, from the loop and never from within this call.
    void start(const std::string& host, Done done);

private:
    struct Socket;
    struct Query;
    struct ChannelDeleter {
        void operator()(ares_channel channel) const { ares_destroy(channel); }
    };
    using Channel = std::unique_ptr<ares_channeldata, ChannelDeleter>;

    void open_channel();
    void reopen_if_changed();
    void on_deadline() override;
    void arm_timer();
    void socket_changed(ares_socket_t fd, bool readable, bool writable);
    static void on_answer(void* query, int status, int timeouts, ares_addrinfo* found);

    Worker& worker_;
    Options options_;
    int64_t read_version_ = 0;  // of resolv.conf, when the channel was opened
    std::size_t active_ = 0;
    std::string failure_;  // why there is no channel
    std::unordered_map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
    Channel channel_;  // last: closing it ends its queries and its sockets
};

}  // namespace weir::net
