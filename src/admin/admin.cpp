#include "admin/admin.h"

#include <fmt/format.h>

namespace weir::admin {
namespace {
constexpr std::string_view kPages = "/healthz, /readyz, /metrics, /api/config, /api/limits";
}

net::Task<void> AdminHandler::handle(http::Exchange& exchange) {
    const http::RequestHead& request = exchange.request();
    Page answer;
    if (request.method != "GET" && request.method != "HEAD") {
        answer = {405, "text/plain; charset=utf-8", "only GET is served here\n"};
    } else {
        answer = page(request.path);
    }
    exchange.begin(answer.status);
    exchange.header("content-type", answer.content_type);
    exchange.header("cache-control", "no-store");
    if (answer.status == 405) exchange.header("allow", "GET, HEAD");
    co_await exchange.send(answer.body);
}

AdminHandler::Page AdminHandler::page(std::string_view path) const {
    if (path == "/healthz") return {200, "text/plain; charset=utf-8", "ok\n"};
    if (path == "/readyz") {
        if (sources_.ready.load()) return {200, "text/plain; charset=utf-8", "ready\n"};
        return {503, "text/plain; charset=utf-8", "not ready\n"};
    }
    if (path == "/metrics")
        return {200, "text/plain; version=0.0.4; charset=utf-8", sources_.metrics()};
    if (path == "/api/config") return {200, "application/json", sources_.config_json()};
    if (path == "/api/limits") return {200, "application/json", sources_.limits_json()};
    return {404, "text/plain; charset=utf-8", fmt::format("not found; served are {}\n", kPages)};
}

void AdminHandler::render_error(const Error& error, std::string& content_type, std::string& body) {
    content_type = "text/plain; charset=utf-8";
    body = error.to_string() + "\n";
}

}  // namespace weir::admin
