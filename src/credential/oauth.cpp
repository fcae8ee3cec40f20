#include "credential/oauth.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/timestamp.h"
#include "credential/bedrock_signature.h"

namespace weir::credential {
namespace {

constexpr int64_t kDefaultLife =
    3600;  // an answer without expires_in (RFC 6749 §5.1 recommends it)
constexpr int64_t kLongestLife = int64_t{366} * 24 * 3600;
constexpr int kSmallestKey = 2048;  // RFC 7518 §3.3

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Result<Key> read_key(const Secret& pem) {
    std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
    // No callback: an encrypted key is refused, not asked about on a terminal.
    auto no_password = [](char*, int, int, void*) { return -1; };
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    if (!key) return fail(codes::credential_invalid, "the private key is not readable PEM");
    if (EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return fail(codes::credential_invalid, "the private key is not an RSA key");
    if (EVP_PKEY_bits(key.get()) < kSmallestKey)
        return fail(codes::credential_invalid,
                    fmt::format("the private key has fewer than {} bits", kSmallestKey));
    return key;
}

/// What an issuer says about itself, made safe for a log line.
std::string said(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    std::string out;
    for (char c : text.substr(0, kLongest))
        out += is_control(c) ? ' ' : c;
    return out;
}

std::string reason(const json::Value& object) {
    std::string_view error = object.string_at("error");
    std::string_view description = object.string_at("error_description");
    if (const json::Value* nested = object.find("error"); nested && nested->is_object()) {
        error = nested->string_at("status");
        description = nested->string_at("message");
    }
    if (error.empty() && description.empty()) {
        error = object.string_at("code");
        description = object.string_at("message");
    }
    if (error.empty() && description.empty()) return {};
    return fmt::format(": {}{}{}", said(error), error.empty() || description.empty() ? "" : ": ",
                       said(description));
}

}  // namespace

Secret form(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
    std::size_t size = 0;
    for (const auto& [name, value] : fields)
        size += name.size() + 3 * value.size() + 2;
    std::string out;
    out.reserve(size);  // one buffer: nothing is left behind unwiped
    for (const auto& [name, value] : fields) {
        const Secret escaped(percent_encode(value));
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(escaped.reveal());
    }
    return Secret(std::move(out));
}

HttpCall form_call(std::string url, Secret body) {
    HttpCall call;
    call.method = "POST";
    call.url = std::move(url);
    call.headers.emplace_back("content-type", Secret("application/x-www-form-urlencoded"));
    call.body = std::move(body);
    return call;
}

std::string base64url(std::string_view bytes) {
    std::string out = base64_encode(bytes);
    while (out.ends_with('='))
        out.pop_back();
    std::ranges::replace(out, '+', '-');
    std::ranges::replace(out, '/', '_');
    return out;
}

Result<void> check_rsa_key(const Secret& key) {
    WEIR_TRY(Key read, read_key(key));
    return {};
}

Result<Secret> signed_jwt(const json::Value& claims, std::string_view key_id, const Secret& key) {
    WEIR_TRY(Key signer, read_key(key));
    json::Value header = json::Value::object();
    header.set("alg", json::Value::string("RS256"));
    header.set("typ", json::Value::string("JWT"));
    if (!key_id.empty()) header.set("kid", json::Value::string(std::string(key_id)));
    std::string text =
        base64url(json::serialize(header)) + "." + base64url(json::serialize(claims));
    std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    bool ok =
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, signer.get()) == 1 &&
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
    std::string signature(size, '\0');
    ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                              &size, bytes, text.size()) == 1;
    if (!ok) return fail(codes::credential_invalid, "the private key cannot sign");
    signature.resize(size);
    text += "." + base64url(signature);
    return Secret(std::move(text));
}

Result<json::Value> answer_object(const HttpReply& reply, std::string_view issuer) {
    auto body = json::parse(reply.body.reveal(), {.depth = 16});
    if (reply.status < 200 || reply.status > 299)
        return fail(codes::credential_invalid,
                    fmt::format("{} refuses with status {}{}", issuer, reply.status,
                                body ? reason(*body) : std::string()));
    if (!body || !body->is_object())
        return fail(codes::credential_invalid,
                    fmt::format("{} answers with what is no JSON object", issuer));
    return std::move(*body);
}

Result<Issued> oauth_token(const HttpReply& reply, std::string_view issuer, WallTime now) {
    WEIR_TRY(json::Value object, answer_object(reply, issuer));
    const Secret token(std::string(object.string_at("access_token")));
    int64_t life = kDefaultLife;
    if (const json::Value* written = object.find("expires_in")) {
        // Some issuers write the number as a string.
        auto number =
            written->is_string() ? json::parse(written->text()) : Result<json::Value>(*written);
        life = number ? number->as_int().value_or(0) : 0;
    }
    if (life <= 0)
        return fail(codes::credential_invalid,
                    fmt::format("{} answers with an expires_in that is no time to come", issuer));
    auto issued = bearer(token.reveal(), now + std::chrono::seconds(std::min(life, kLongestLife)));
    if (!issued)
        return fail(codes::credential_invalid,
                    fmt::format("{}: {}", issuer, issued.error().detail()));
    return issued;
}

Result<WallTime> parse_utc(std::string_view text) {
    const auto moment = text.ends_with('Z') ? parse_rfc3339(text) : std::nullopt;
    if (!moment)
        return fail(codes::credential_invalid, "the expiry is not an RFC 3339 time in UTC");
    return WallTime(std::chrono::seconds(moment->seconds));
}

}  // namespace weir::credential
