#include "credential/sigv4.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <tuple>

#include "base/ascii.h"
#include "base/encoding.h"

namespace weir::credential {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string sha256_hex(std::string_view text) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes(text), text.size(), digest);
    return hex_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

std::string hmac(std::string_view key, std::string_view text) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned size = sizeof digest;
    auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text),
                      text.size(), digest, &size);
    WEIR_ASSERT(done != nullptr);
    return {reinterpret_cast<const char*>(digest), size};
}

/// RFC 3986 §5.2.4 on an absolute path, and without empty segments.
std::string normalize(std::string_view path) {
    std::vector<std::string_view> kept;
    bool folder = true;  // the last segment was empty or went away: the path ends with a slash
    for (size_t at = 1; at <= path.size();) {
        size_t slash = std::min(path.find('/', at), path.size());
        std::string_view segment = path.substr(at, slash - at);
        folder = segment.empty() || segment == "." || segment == "..";
        if (!folder) kept.push_back(segment);
        if (segment == ".." && !kept.empty()) kept.pop_back();
        at = slash + 1;
    }
    std::string out;
    for (std::string_view segment : kept)
        out.append("/").append(segment);
    if (folder || out.empty()) out += '/';
    return out;
}

std::string canonical_path(std::string_view path, const SigningOptions& options) {
    if (path.empty()) return "/";
    return percent_encode(options.normalize_path ? normalize(path) : std::string(path), "/");
}

/// A name or value as sent, in the one spelling that is signed.
std::string canonical_parameter(std::string_view text) {
    return percent_encode(percent_decode(text).value_or(std::string(text)));
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        size_t end = std::min(query.find('&'), query.size());
        std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (parameter.empty()) continue;
        size_t equal = std::min(parameter.find('='), parameter.size());
        std::string_view value = parameter.substr(std::min(equal + 1, parameter.size()));
        parameters.emplace_back(canonical_parameter(parameter.substr(0, equal)),
                                canonical_parameter(value));
    }
    std::sort(parameters.begin(), parameters.end());
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(value);
    }
    return out;
}

/// Without outer white space, inner runs of it as one space.
std::string canonical_value(std::string_view value) {
    constexpr std::string_view kSpace = " \t\r\n";
    std::string out;
    for (char c : trim(value, kSpace)) {
        if (kSpace.find(c) == std::string_view::npos)
            out += c;
        else if (out.back() != ' ')
            out += ' ';
    }
    return out;
}

struct CanonicalHeaders {
    std::string lines;  ///< "name:value\n" each
    std::string names;  ///< joined by ';'
};

CanonicalHeaders canonical_headers(std::span<const SignedHeader> headers) {
    struct Line {
        std::string name;
        size_t index;  // lines of one name keep their order
        std::string value;
    };
    std::vector<Line> sorted;
    for (const SignedHeader& header : headers)
        sorted.push_back({to_lower(header.name), sorted.size(), canonical_value(header.value)});
    std::sort(sorted.begin(), sorted.end(), [](const Line& a, const Line& b) {
        return std::tie(a.name, a.index) < std::tie(b.name, b.index);
    });
    CanonicalHeaders out;
    for (size_t i = 0; i < sorted.size(); ++i) {
        const auto& [name, index, value] = sorted[i];
        if (i > 0 && sorted[i - 1].name == name) {  // several lines of one name are one list
            out.lines.back() = ',';
        } else {
            out.names.append(out.names.empty() ? "" : ";").append(name);
            out.lines.append(name).append(":");
        }
        out.lines.append(value).append("\n");
    }
    return out;
}

std::string scope_text(std::string_view timestamp, const SigningScope& scope) {
    return fmt::format("{}/{}/{}/aws4_request", timestamp.substr(0, 8), scope.region,
                       scope.service);
}

std::string canonical_request(const SigningRequest& request, const CanonicalHeaders& headers,
                              std::string_view payload_hash, const SigningOptions& options) {
    size_t question = std::min(request.target.find('?'), request.target.size());
    std::string_view query = request.target.substr(std::min(question + 1, request.target.size()));
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                       canonical_path(request.target.substr(0, question), options),
                       canonical_query(query), headers.lines, headers.names, payload_hash);
}

}  // namespace

Secret derive_signing_key(const AwsCredentials& credentials, std::string_view date,
                          const SigningScope& scope) {
    const std::string_view secret = credentials.secret_access_key.reveal();
    std::string first;
    first.reserve(4 + secret.size());  // one buffer: nothing is left behind unwiped
    first.append("AWS4").append(secret);
    Secret seed(std::move(first));
    Secret day(hmac(seed.reveal(), date));
    Secret region(hmac(day.reveal(), scope.region));
    Secret service(hmac(region.reveal(), scope.service));
    return Secret(hmac(service.reveal(), "aws4_request"));
}

std::string amz_timestamp(std::chrono::system_clock::time_point time) {
    auto second = std::chrono::floor<std::chrono::seconds>(time);
    auto day = std::chrono::floor<std::chrono::days>(second);
    std::chrono::year_month_day date(day);
    std::chrono::hh_mm_ss clock(second - day);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", int(date.year()), unsigned(date.month()),
                       unsigned(date.day()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

SignedRequest sign(const SigningRequest& request, const AwsCredentials& credentials,
                   const Secret& key, const SigningScope& scope, std::string_view timestamp,
                   const SigningOptions& options) {
    SignedRequest out;
    const std::string payload_hash = sha256_hex(request.body);
    const std::string_view token = credentials.session_token.reveal();
    if (!token.empty()) out.headers.emplace_back("x-amz-security-token", token);
    out.headers.emplace_back("x-amz-date", timestamp);
    if (options.content_sha256) out.headers.emplace_back("x-amz-content-sha256", payload_hash);

    std::vector<SignedHeader> all(request.headers.begin(), request.headers.end());
    for (const auto& [name, value] : out.headers)
        if (!options.omit_session_token || name != "x-amz-security-token")
            all.push_back({name, value});
    const CanonicalHeaders headers = canonical_headers(all);
    const std::string scope_line = scope_text(timestamp, scope);

    out.canonical_request = canonical_request(request, headers, payload_hash, options);
    out.string_to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope_line,
                                     sha256_hex(out.canonical_request));
    out.signature = hex_encode(hmac(key.reveal(), out.string_to_sign));
    out.headers.emplace_back(
        "authorization",
        fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                    credentials.access_key_id.reveal(), scope_line, headers.names, out.signature));
    return out;
}

}  // namespace weir::credential
