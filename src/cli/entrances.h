/// What the snapshot says of listeners, made into what servers need.
///
/// Counters of connections have the listener's name and outlive reloads, as do the keys of session
/// tickets. Threads: the main thread's; what it makes is shared by the workers.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/entrance.h"
#include "snapshot/snapshot.h"

namespace weir::cli {

class Entrances {
public:
    using Made = std::vector<std::shared_ptr<const http::Entrance>>;

    /// One for each of the snapshot's ports; `shared` has the options that are the process's. Fails
    /// with config.invalid if OpenSSL does not take what a listener asks for.
    Result<Made> make(const snapshot::Snapshot& snapshot, const http::ServerOptions& shared);
    http::HandshakeCount& handshakes() { return handshakes_; }

private:
    http::ServerOptions options(const snapshot::Entry& entry, const http::ServerOptions& shared);

    net::TicketKeys tickets_;
    http::HandshakeCount handshakes_;
    std::map<std::string, std::shared_ptr<std::atomic<uint32_t>>> counters_;  ///< by listener
};

}  // namespace weir::cli
