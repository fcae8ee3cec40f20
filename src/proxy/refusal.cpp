// Requests that never became an exchange: what can be said of them is logged all the same.
#include "proxy/gateway.h"
#include "proxy/headers.h"

namespace weir::proxy {

void Gateway::on_refusal(const http::Refusal& refusal, std::string& lines) {
    std::string_view given = refusal.head ? refusal.head->headers.value("x-request-id") : "";
    std::string id = acceptable_request_id(given) ? std::string(given) : make_request_id();
    lines.append("x-request-id: ").append(id).append("\r\n");
    if (refusal.handled || !parts_.access_log.enabled()) return;
    const snapshot::Port* port = pinned_->port(refusal.listener);
    telemetry::AccessRecord line;
    line.time = parts_.clock.system_now() -
                std::chrono::duration_cast<std::chrono::system_clock::duration>(refusal.since);
    line.request_id = id;
    if (port && !port->listeners.empty()) line.listener = port->listeners.front();
    line.client_address = refusal.peer;
    if (refusal.head) {
        line.method = refusal.head->method;
        line.path = refusal.head->path;
        line.user_agent = refusal.head->headers.value("user-agent");
    }
    line.status = refusal.error.status();
    line.duration = refusal.since;
    line.error_type = refusal.error.code().name;
    line.fault = to_string(refusal.error.code().fault);
    parts_.access_log.append(line);
}

}  // namespace weir::proxy
