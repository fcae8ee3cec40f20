// Signatures of clients: no bytes are one by chance, what was signed is taken, and a body that was
// changed is not.
#include <cstdint>

#include "credential/sigv4_client.h"

namespace {

using namespace weir::credential;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

const std::vector<AwsCredentials>& keys() {
    static const std::vector<AwsCredentials> known = [] {
        std::vector<AwsCredentials> out(1);
        out[0].access_key_id = weir::Secret("AKID");
        out[0].secret_access_key = weir::Secret("secret");
        return out;
    }();
    return known;
}

// Three lines: Authorization, x-amz-date, target; the rest is the body.
std::string_view take_line(std::string_view& rest) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view body(reinterpret_cast<const char*>(data), size);
    const std::string_view authorization = take_line(body);
    const std::string_view date = take_line(body);
    const std::string_view target = take_line(body);
    const auto now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 27);
    const std::vector<SignedHeader> given{
        {"authorization", authorization}, {"x-amz-date", date}, {"host", "h"}};
    require(!verify_client({"POST", target, "h", given, body}, keys(), now));

    const std::string timestamp = amz_timestamp(now);
    const SigningScope scope{"r", "s"};
    const SignedHeader host{"host", "h"};
    const auto made = sign({"POST", target, std::span(&host, 1), body}, keys()[0],
                           derive_signing_key(keys()[0], timestamp.substr(0, 8), scope), scope,
                           timestamp, {.content_sha256 = size % 2 == 0});
    std::vector<SignedHeader> headers;
    for (const auto& [name, value] : made.headers)
        headers.push_back({name, value});
    require(verify_client({"POST", target, "h", headers, body}, keys(), now).has_value());
    const std::string changed = std::string(body) + "x";
    require(!verify_client({"POST", target, "h", headers, changed}, keys(), now));
    return 0;
}
