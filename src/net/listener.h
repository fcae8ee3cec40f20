/// Listening: one address, one socket per worker (SO_REUSEPORT), the kernel spreads connections.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/resolver.h"
#include "net/stream.h"

namespace weir::net {

/// "HOST:PORT" (also "[::1]:80", ":80", "localhost:80") as an address. Fails with config.invalid.
Result<Address> parse_listen_address(std::string_view text);

/// Bound, listening sockets for one address, one per worker. Closes those not taken.
class ListenSockets {
public:
    /// Fails with listen.failed if the address is in use, also by another Weir: only our own
    /// workers share it. Port 0 chooses one port for all.
    static Result<ListenSockets> open(const Address& address, std::size_t count);
    /// Makes listening sockets that another process gave us ours, and binds more of the same
    /// address until there are `count`. Takes `sockets` also when it fails (listen.failed).
    static Result<ListenSockets> adopt(std::vector<int> sockets, std::size_t count);
    ListenSockets(ListenSockets&&) = default;
    ListenSockets& operator=(ListenSockets&&) noexcept;
    ~ListenSockets();

    const Address& address() const { return address_; }  ///< with the port that was chosen
    std::size_t size() const { return sockets_.size(); }
    int take(std::size_t index);
    /// The socket, still ours.
    int descriptor(std::size_t index) const { return sockets_.at(index); }
    /// A duplicate of one socket, the caller's to close: both accept from one queue, and the
    /// address is given up when both are closed. Fails with listen.failed when the process is out
    /// of descriptors.
    Result<int> duplicate(std::size_t index) const;

private:
    ListenSockets() = default;
    Result<void> grow(std::size_t count);
    Address address_;
    std::vector<int> sockets_;
};

/// Accepts on one socket of one worker. Destroy or close() on the worker's thread.
class Listener {
public:
    using OnAccept = std::function<void(StreamPtr, const Address& peer)>;
    /// `reserve`: descriptors kept back, so that connections are still accepted here (one for each)
    /// when the process has no other left.
    Listener(Worker& worker, int fd, OnAccept on_accept, std::size_t reserve = 0);
    ~Listener();
    void close();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace weir::net
