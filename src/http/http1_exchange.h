/// An exchange on a connection of HTTP/1.1: head and body framed as RFC 9112 says.
///
/// Internal to http/; handlers see Exchange. Lives in its ServerConnection, reset for each request.
#pragma once
#include <array>

#include "http/exchange.h"

namespace weir::http {

class ServerConnection;

class Http1Exchange final : public Exchange {
public:
    explicit Http1Exchange(ServerConnection& connection);

    std::string_view peer() const override;
    const net::TlsSession* tls() const override;
    uint32_t listener() const override;
    net::TimePoint begun() const override;
    bool over_limit() const override;
    net::Task<Result<std::string_view>> read_all() override;
    net::Task<Result<std::string_view>> read_some() override;
    net::Task<Result<std::string_view>> hold_some() override;
    bool body_done() const override;
    void watch_unread() override;
    void release_request() override;
    net::Task<void> send(std::string_view body) override;
    void start_chunked() override;
    void start_length(uint64_t length) override;
    net::Task<void> write(std::string_view data) override;
    net::Task<void> write(std::span<const std::string_view> pieces) override;
    net::Task<void> finish(std::string_view last, std::string_view trailers) override;
    net::Task<void> finish(std::span<const std::string_view> last) override;
    void abort() override;
    void close_after() override { keep_alive_ = false; }

private:
    friend ServerConnection;
    void write_status_line() override;
    void reset(bool keep_alive, bool head_request, int minor);
    void end_head();
    std::size_t add_data(std::span<iovec> pieces, std::array<char, 20>& line,
                         std::string_view data);
    net::Task<void> write_gathered(std::span<const std::string_view> pieces, bool last);
    net::Task<void> write_pieces(std::span<iovec> pieces);
    /// True if everything left at once; else the caller goes on with write_pieces.
    bool write_now(std::span<iovec>& pieces);

    ServerConnection& connection_;
    int minor_ = 1;
    bool keep_alive_ = true;
};

}  // namespace weir::http
