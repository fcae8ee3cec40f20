/// The admin server's answers: health, readiness, metrics, the running configuration.
///
///   GET /healthz     200 as long as the process answers
///   GET /readyz      200 when every listener accepts; 503 while starting and draining
///   GET /metrics     Prometheus text format 0.0.4
///   GET /api/config  the configuration in force as JSON, secrets redacted
///   GET /api/limits  every limit with its use (docs/limits.md)
///
/// Bound to loopback by default: it has no authentication. Threads: its worker's; the functions
/// given are called there and must be safe against the other workers.
#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "http/server.h"

namespace weir::admin {

class AdminHandler final : public http::Handler {
public:
    struct Sources {
        std::function<std::string()> metrics;
        std::function<std::string()> config_json;
        std::function<std::string()> limits_json;
        const std::atomic<bool>& ready;
    };
    explicit AdminHandler(Sources sources) : sources_(std::move(sources)) {}

    net::Task<void> handle(http::Exchange& exchange) override;
    void render_error(const Error& error, std::string& content_type, std::string& body) override;

private:
    struct Page {
        int status = 200;
        std::string_view content_type = "text/plain; charset=utf-8";
        std::string body;
    };
    Page page(std::string_view path) const;
    Sources sources_;
};

}  // namespace weir::admin
