#include "proxy/upload.h"

#include <fmt/format.h>

namespace weir::proxy {
namespace {

constexpr uint64_t kWorthHolding = 32 * 1024;  // a body up to this can be sent again, to another

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

bool Upload::suits(const http::RequestHead& request) {
    const http::Framing& framing = request.framing;
    bool large = framing.kind == http::Framing::Kind::chunked || framing.length > kWorthHolding;
    return large && !is_json(request.headers.value("content-type"));
}

net::Task<Result<void>> Upload::begin(Inspection& out) {
    const http::RequestHead& request = client_.request();
    if (!form_names_model(request)) co_return Result<void>();
    WEIR_CO_TRY(std::string boundary, required_boundary(request));
    form_.emplace(boundary, "model");
    while (!form_->found() && !client_.body_done()) {
        WEIR_CO_TRY(held_, co_await client_.hold_some());
        WEIR_CO_CHECK(scan(held_.substr(seen_)));
    }
    take_model(*form_, out);
    co_return Result<void>();
}

Result<void> Upload::scan(std::string_view piece) {
    seen_ += piece.size();
    if (!form_) return {};
    const char* bad = form_->feed(piece);
    if (!bad && client_.body_done()) bad = form_->finish();
    if (bad) return fail(codes::body_invalid_form, bad);
    return {};
}

void Upload::append_framing(std::string& head, std::size_t held) const {
    if (chunked())
        head.append("transfer-encoding: chunked\r\n");
    else
        fmt::format_to(std::back_inserter(head), "content-length: {}\r\n",
                       client_.request().framing.length - held_.size() + held);
}

net::Task<Result<void>> Upload::send(http::ClientExchange& upstream, std::string_view head,
                                     std::span<const std::string_view> held, net::Duration stall,
                                     net::TimePoint until) {
    iovec first = piece_of(head);
    WEIR_CO_CHECK(co_await upstream.send(
        {&first, 1}, stall, chunked() ? http::RequestBody::chunked : http::RequestBody::length));
    for (std::string_view piece : held)
        WEIR_CO_CHECK(co_await send_piece(upstream, piece, stall));
    client_.watch_unread();
    while (!client_.body_done() && upstream.takes_more()) {
        WEIR_CO_TRY(std::string_view piece, co_await client_.read_some());
        WEIR_CO_CHECK(scan(piece));
        WEIR_CO_CHECK(co_await send_piece(upstream, piece, stall));
        if (std::chrono::steady_clock::now() >= until)
            co_return fail(codes::upstream_request_timeout,
                           "the request took longer to send than the whole exchange may take");
    }
    if (upstream.takes_more()) co_return co_await upstream.send_end(stall);
    co_return Result<void>();
}

net::Task<Result<void>> Upload::send_piece(http::ClientExchange& upstream, std::string_view piece,
                                           net::Duration stall) {
    if (piece.empty() || !upstream.takes_more()) co_return Result<void>();
    iovec one = piece_of(piece);
    co_return co_await upstream.send_more({&one, 1}, stall);
}

}  // namespace weir::proxy
