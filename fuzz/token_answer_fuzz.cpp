// What issuers answer and what key files hold: the first byte chooses the reader. A token that was
// accepted can be a header's value; an endpoint that was accepted is read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "credential/aws_issuers.h"
#include "credential/google_issuers.h"
#include "credential/oauth.h"

namespace {

using namespace weir::credential;

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_header_value(std::string_view text) {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    return true;
}

void check(const weir::Result<Issued>& issued) {
    if (!issued) {
        require(is_header_value(issued.error().detail()));  // one line of a log
        return;
    }
    require(is_header_value(issued->authorization.reveal()));
    require(!issued->authorization.empty() || issued->keys);
    if (!issued->keys) return;
    require(!issued->keys->access_key_id.empty() && !issued->keys->secret_access_key.empty());
    require(is_header_value(issued->keys->session_token.reveal()));
}

void endpoint(std::string_view text) {
    auto url = parse_endpoint(text, "the endpoint");
    if (!url) return;
    require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
    require(is_header_value(url->authority) && is_header_value(url->target));
    auto again = parse_endpoint(
        std::string(url->tls ? "https://" : "http://") + url->authority + url->target, "");
    require(again && again->host == url->host && again->port == url->port &&
            again->target == url->target && again->authority == url->authority);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    HttpReply reply;
    reply.status = data[0] & 0x80 ? 400 : 200;
    reply.body = weir::Secret(std::string(text));
    switch (data[0] % 5) {
        case 0:
            check(oauth_token(reply, "the issuer", WallTime(std::chrono::seconds(1'700'000'000))));
            break;
        case 1:
            check(parse_sts_answer(reply));
            break;
        case 2:
            check(parse_container_answer(reply, "the endpoint"));
            break;
        case 3:
            endpoint(text);
            break;
        case 4:
            (void)parse_service_account(text, "the file");
            break;
    }
    return 0;
}
