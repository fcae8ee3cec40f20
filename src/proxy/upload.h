/// A request body that goes to the provider while it still arrives from the client.
///
/// JSON is held whole, for it is validated and routed by. Anything else may be large and says
/// nothing that Weir must know but, in a form, `model`. So of a form as much is held as it takes to
/// know its model (all that comes before it: where the file comes first, the file, within the
/// bounds of body memory), and the rest passes piece by piece at the pace of the slower side. Of a
/// form whose operation names a model every byte is scanned, so that no second `model` slips by.
///
/// Lives in its exchange and borrows its client. What has passed cannot be sent again: once send()
/// has begun no other backend can be asked. Threads: its worker's.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "http/client.h"
#include "http/exchange.h"
#include "http/form_scanner.h"
#include "proxy/inspect.h"

namespace weir::proxy {

class Upload {
public:
    explicit Upload(http::Exchange& client) : client_(client) {}
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    /// The body is not JSON, and too large to be worth holding.
    static bool suits(const http::RequestHead& request);

    /// Phase inspect: reads on until the form's model is known, if it has to name one. Fails with
    /// body.invalid_form or as Exchange::hold_some().
    net::Task<Result<void>> begin(Inspection& out);
    /// What has been read so far; valid until the body is read on by other means than send().
    std::string_view held() const { return held_; }

    /// Content-Length or Transfer-Encoding for the provider, as a line of a head; `held` is how
    /// much is sent in place of held().
    void append_framing(std::string& head, std::size_t held) const;
    /// Sends `head`, what takes the place of held(), and the rest as it comes. Fails as
    /// ClientExchange::send(), as Exchange::read_some(), with body.invalid_form, or with
    /// upstream.request_timeout at `until`.
    net::Task<Result<void>> send(http::ClientExchange& upstream, std::string_view head,
                                 std::span<const std::string_view> held, net::Duration stall,
                                 net::TimePoint until);
    /// Bytes of the body that have come.
    uint64_t seen() const { return seen_; }

private:
    net::Task<Result<void>> send_piece(http::ClientExchange& upstream, std::string_view piece,
                                       net::Duration stall);
    Result<void> scan(std::string_view piece);
    bool chunked() const { return client_.request().framing.kind != http::Framing::Kind::length; }

    http::Exchange& client_;
    std::optional<http::FormScanner> form_;
    std::string_view held_;
    uint64_t seen_ = 0;
};

}  // namespace weir::proxy
