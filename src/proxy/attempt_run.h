/// One attempt: what is sent to one endpoint, the connection it is sent on, and its times.
///
/// Two of them can run side by side (hedge.cpp): what an attempt learns is its own until it is
/// adopted into the exchange's Record. An attempt that runs alone waits on the client's
/// CancelSource, one that races on its own. Lives in its exchange or in a Race. Threads: its
/// worker's.
#pragma once
#include <string>
#include <string_view>

#include "dialect/translate.h"
#include "http/client.h"
#include "snapshot/snapshot.h"

namespace weir::proxy {

/// What is sent to a provider.
struct Outgoing {
    void clear();
    std::string head;
    std::string edited;         ///< holds the body when it is not the client's own bytes
    std::string_view body;      ///< the client's bytes, or `edited`
    std::string_view inserted;  ///< behind it, in a form: another model,
    std::string_view rest;      ///< and behind that the rest of the client's bytes
    std::size_t body_size() const { return body.size() + inserted.size() + rest.size(); }
    bool translated = false;
    bool stream = false;
    bool withhold_usage = false;
    std::string dropped;  ///< JSON pointers into the client's body, comma-separated
    dialect::Context context;
};

struct AttemptRun {
    void begin(const snapshot::Attempt& to, uint32_t at, net::CancelSource& on_cancel,
               net::TimePoint until_first_byte) {
        out.clear();
        attempt = &to;
        endpoint = at;
        cancel = &on_cancel;
        deadline = until_first_byte;
        upstream = {};
        head = nullptr;
        races = false;
        sent = {};
        address = {};
        early.clear();
    }
    Outgoing out;
    const snapshot::Attempt* attempt = nullptr;
    uint32_t endpoint = 0;
    net::CancelSource* cancel = nullptr;
    net::TimePoint deadline = net::kNever;  ///< until the client's first byte
    http::ClientExchange upstream;
    const http::ResponseHead* head = nullptr;  ///< of the answer; null: none came
    bool races = false;
    net::TimePoint sent{};     ///< the provider has the request
    std::string_view address;  ///< where it connected to
    std::string early;         ///< of the body: what was read before the attempt won its race
};

}  // namespace weir::proxy
