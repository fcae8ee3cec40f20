/// What carries a ClientExchange: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// Internal to http/; callers see ClientExchange, whose functions these are. Threads: its worker's.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "http/client.h"

namespace weir::http {

class ClientCarrier {
public:
    virtual ~ClientCarrier() = default;
    virtual bool reused() const = 0;
    virtual net::Task<Result<void>> send(std::span<iovec> pieces, RequestBody body,
                                         net::Duration stall, net::CancelSource* cancel) = 0;
    virtual net::Task<Result<void>> send_more(std::span<iovec> pieces, net::Duration stall,
                                              net::CancelSource* cancel) = 0;
    virtual net::Task<Result<void>> send_end(net::Duration stall, net::CancelSource* cancel) = 0;
    virtual bool takes_more() const = 0;
    virtual net::Task<Result<const ResponseHead*>> read_head(std::string_view method,
                                                             net::TimePoint deadline,
                                                             net::CancelSource* cancel) = 0;
    virtual net::Task<Result<std::string_view>> read_body(net::TimePoint deadline,
                                                          net::CancelSource* cancel) = 0;
    virtual bool body_done() const = 0;
    virtual const std::string& trailers() const = 0;
    virtual uint64_t received() const = 0;
    virtual bool untouched() const = 0;
    /// The exchange is over: what can be used again goes back to its pool.
    virtual void release(std::unique_ptr<ClientCarrier> self) = 0;
};

}  // namespace weir::http
