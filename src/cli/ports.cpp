#include "cli/ports.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::cli {
namespace {

Result<void> check_overrides(const snapshot::Snapshot& snapshot, const ListenOverrides& overrides) {
    if (overrides.contains("") && snapshot.ports.size() != 1)
        return fail(codes::config_invalid,
                    "--listen HOST:PORT moves the only listener, but the configuration has "
                    "several; write NAME=HOST:PORT");
    for (const auto& [name, address] : overrides) {
        bool known = name.empty();
        for (const auto& port : snapshot.ports)
            known |= std::ranges::find(port.listeners, name) != port.listeners.end();
        if (!known)
            return fail(codes::config_invalid,
                        fmt::format("--listen {}={}: no listener has that name", name, address));
    }
    return {};
}

std::string address_of(const snapshot::Port& port, const ListenOverrides& overrides) {
    std::string where = fmt::format("{}:{}", port.implicit ? "127.0.0.1" : "0.0.0.0", port.port);
    if (auto only = overrides.find(""); only != overrides.end()) where = only->second;
    for (const auto& name : port.listeners)
        if (auto own = overrides.find(name); own != overrides.end()) where = own->second;
    return where;
}

}  // namespace

ListenOverrides parse_overrides(const std::vector<std::string>& listen) {
    ListenOverrides overrides;
    for (const auto& text : listen) {
        auto equals = text.find('=');
        overrides[equals == std::string::npos ? "" : text.substr(0, equals)] =
            equals == std::string::npos ? text : text.substr(equals + 1);
    }
    return overrides;
}

Result<net::ListenSockets> open_sockets(const std::string& key, std::string_view flag,
                                        const std::string& address, std::size_t workers,
                                        Inheritance* inherited) {
    auto parsed = net::parse_listen_address(address);
    if (!parsed)
        return fail(parsed.error().code(), fmt::format("{}: {}", flag, parsed.error().detail()));
    if (inherited) {
        WEIR_TRY(auto sockets, inherited->take(key, workers));
        if (sockets) return std::move(*sockets);
    }
    return net::ListenSockets::open(*parsed, workers);
}

const Ports::Bound* Ports::find(const std::string& key) const {
    auto known = std::ranges::find(bound_, key, &Bound::key);
    return known == bound_.end() ? nullptr : &*known;
}

Result<Ports::Plan> Ports::plan(const snapshot::Snapshot& snapshot,
                                const ListenOverrides& overrides, std::size_t workers,
                                Inheritance* inherited) const {
    WEIR_CHECK(check_overrides(snapshot, overrides));
    Plan plan;
    plan.table.resize(next_number_);
    for (uint32_t i = 0; i < snapshot.ports.size(); ++i) {
        const snapshot::Port& port = snapshot.ports[i];
        std::string where = address_of(port, overrides);
        std::string key = fmt::format("{}={}", port.port, where);
        const Bound* bound = find(key);
        if (bound) {
            plan.table[bound->number] = {i, bound->in_flight};
        } else {
            WEIR_TRY(auto sockets, open_sockets(key, "--listen", where, workers, inherited));
            plan.added.push_back({key, static_cast<uint32_t>(plan.table.size()), std::move(sockets),
                                  std::make_shared<proxy::InFlight>(0)});
            bound = &plan.added.back();
            plan.table.push_back({i, bound->in_flight});
        }
        for (const auto& name : port.listeners)
            plan.addresses[name] = bound->sockets.address().to_string();
    }
    for (const Bound& bound : bound_)
        if (plan.table[bound.number].port == proxy::kNoPort) plan.removed.push_back(bound.number);
    return plan;
}

void Ports::commit(Plan plan) {
    next_number_ = static_cast<uint32_t>(plan.table.size());
    std::erase_if(bound_, [&](const Bound& bound) {
        return std::ranges::find(plan.removed, bound.number) != plan.removed.end();
    });
    std::ranges::move(plan.added, std::back_inserter(bound_));
}

}  // namespace weir::cli
