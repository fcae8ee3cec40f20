#include "credential/sigv4_client.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/timestamp.h"

namespace weir::credential {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::chrono::minutes kSkew{15};

std::unexpected<Error> deny(std::string_view why) {
    return fail(codes::auth_denied, std::string(why));
}

std::string_view header(const ReceivedRequest& request, std::string_view name) {
    for (const SignedHeader& field : request.headers)
        if (iequals(field.name, name)) return field.value;
    return {};
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    while (true) {
        const size_t end = text.find(by);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

/// "AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b,
/// Signature=HEX".
struct Authorization {
    std::string_view key_id;
    std::string_view date;
    SigningScope scope;
    std::vector<std::string_view> names;
    std::string_view signature;
};

std::optional<Authorization> read_authorization(std::string_view text) {
    if (!text.starts_with(kAlgorithm)) return std::nullopt;
    Authorization out;
    std::string_view credential, names;
    for (std::string_view item : split(text.substr(kAlgorithm.size()), ',')) {
        item = trim(item, " \t");
        const size_t equal = std::min(item.find('='), item.size());
        const std::string_view name = item.substr(0, equal);
        const std::string_view value = item.substr(std::min(equal + 1, item.size()));
        if (name == "Credential") credential = value;
        if (name == "SignedHeaders") names = value;
        if (name == "Signature") out.signature = value;
    }
    const auto parts = split(credential, '/');
    if (parts.size() != 5 || parts[4] != "aws4_request" || names.empty()) return std::nullopt;
    out.key_id = parts[0];
    out.date = parts[1];
    out.scope = {parts[2], parts[3]};
    out.names = split(names, ';');
    const bool whole = out.date.size() == 8 && out.signature.size() == 64 && !parts[2].empty() &&
                       !parts[3].empty();
    return whole ? std::optional(out) : std::nullopt;
}

/// "20150830T123600Z".
std::optional<std::chrono::system_clock::time_point> read_timestamp(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
    std::string_view date = text.substr(0, 8), time = text.substr(9, 6);
    const auto year = take_digits(date, 4), month = take_digits(date, 2),
               day = take_digits(date, 2);
    const auto hour = take_digits(time, 2), minute = take_digits(time, 2),
               second = take_digits(time, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const auto seconds = unix_seconds(*year, *month, *day, *hour, *minute, *second);
    if (!seconds) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::seconds(*seconds));
}

bool names_one(const Authorization& said, std::string_view name) {
    return std::ranges::any_of(said.names,
                               [&](std::string_view one) { return iequals(one, name); });
}

/// Those that sign() adds by itself.
bool is_added(std::string_view name) {
    return iequals(name, "x-amz-date") || iequals(name, "x-amz-security-token") ||
           iequals(name, "x-amz-content-sha256");
}

/// The fields that the client says it signed.
std::vector<SignedHeader> signed_fields(const ReceivedRequest& request, const Authorization& said) {
    std::vector<SignedHeader> out;
    if (names_one(said, "host")) out.push_back({"host", request.host});
    for (const SignedHeader& field : request.headers)
        if (!iequals(field.name, "host") && !is_added(field.name) && names_one(said, field.name))
            out.push_back(field);
    return out;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<void> check_time(const ReceivedRequest& request, const Authorization& said,
                        std::chrono::system_clock::time_point now) {
    const std::string_view timestamp = header(request, "x-amz-date");
    const auto time = read_timestamp(timestamp);
    if (!time || !names_one(said, "x-amz-date")) return deny("the signature covers no x-amz-date");
    if (timestamp.substr(0, 8) != said.date)
        return deny("the date of the signature's scope is not that of x-amz-date");
    if (*time > now + kSkew || *time < now - kSkew)
        return deny("the signature is of another time; check the clock of the client");
    return {};
}

}  // namespace

Result<size_t> verify_client(const ReceivedRequest& request, std::span<const AwsCredentials> keys,
                             std::chrono::system_clock::time_point now) {
    const std::string_view text = header(request, "authorization");
    if (text.empty())
        return deny("the request is not signed; sign it with AWS Signature Version 4");
    const auto said = read_authorization(text);
    if (!said) return deny("the Authorization header is no signature of AWS Signature Version 4");
    if (!names_one(*said, "host")) return deny("the signature does not cover the host");
    WEIR_CHECK(check_time(request, *said, now));
    const bool hashed = names_one(*said, "x-amz-content-sha256");
    if (hashed && header(request, "x-amz-content-sha256").size() != 64)
        return deny("the signature does not cover the body; sign its hash");
    const auto fields = signed_fields(request, *said);
    for (size_t i = 0; i < keys.size(); ++i) {
        if (!equal(keys[i].access_key_id.reveal(), said->key_id)) continue;
        const SignedRequest again =
            sign({request.method, request.target, fields, request.body}, keys[i],
                 derive_signing_key(keys[i], said->date, said->scope), said->scope,
                 header(request, "x-amz-date"), {.content_sha256 = hashed});
        if (equal(again.signature, said->signature)) return i;
        return deny("the signature does not fit the request and the key");
    }
    return deny("the access key is not known here");
}

}  // namespace weir::credential
