/// What Weir listens on, across reloads.
///
/// A listener has a number that its connections carry for ever; a reload keeps the numbers (and the
/// sockets) of the ports that stay, binds new ones, and retires those that are gone. Threads: the
/// main thread's.
///
///     WEIR_TRY(Ports::Plan plan, ports.plan(snapshot, overrides, workers));  // binds what is new
///     … nothing has changed yet; dropping the plan gives the new addresses back …
///     ports.commit(std::move(plan));
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/takeover.h"
#include "net/listener.h"
#include "proxy/load.h"
#include "snapshot/snapshot.h"

namespace weir::cli {

/// --listen as a map from listener name to address; "" stands for the only one.
using ListenOverrides = std::map<std::string, std::string>;
ListenOverrides parse_overrides(const std::vector<std::string>& listen);

/// The sockets for one address, at least one per worker: inherited, or bound now. `flag` names the
/// flag that gave the address, for messages.
Result<net::ListenSockets> open_sockets(const std::string& key, std::string_view flag,
                                        const std::string& address, std::size_t workers,
                                        Inheritance* inherited);

class Ports {
public:
    struct Bound {
        std::string key;  ///< what was asked for: "80=0.0.0.0:80"; equal keys are one listener
        uint32_t number = 0;
        net::ListenSockets sockets;
        std::shared_ptr<proxy::InFlight> in_flight;
    };
    struct Plan {
        std::vector<proxy::ListenerPort> table;  ///< per listener number
        std::vector<Bound> added;
        std::vector<uint32_t> removed;                 ///< numbers
        std::map<std::string, std::string> addresses;  ///< listener name → bound address
    };

    /// Fails with config.invalid if `overrides` do not fit the snapshot, with listen.failed if an
    /// address is not to be had. Sockets that another Weir handed over are taken from `inherited`
    /// (may be null).
    Result<Plan> plan(const snapshot::Snapshot& snapshot, const ListenOverrides& overrides,
                      std::size_t workers, Inheritance* inherited) const;
    void commit(Plan plan);
    /// Gives every address up, as far as this object holds it.
    void close() { bound_.clear(); }
    const std::vector<Bound>& bound() const { return bound_; }

private:
    const Bound* find(const std::string& key) const;

    std::vector<Bound> bound_;
    uint32_t next_number_ = 0;
};

}  // namespace weir::cli
