#include "base/certificate.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "base/ascii.h"

namespace weir {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

Bio open_text(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Never asks: without this OpenSSL prompts on the terminal for an encrypted key.
int no_password(char*, int, int, void*) {
    return -1;
}

int64_t unix_seconds(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(::timegm(&parts)) : 0;
}

std::string text_of(const ASN1_STRING* value) {
    unsigned char* utf8 = nullptr;
    int size = ASN1_STRING_to_UTF8(&utf8, value);
    if (size < 0) return {};
    std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return to_lower(text);
}

std::vector<std::string> dns_names(X509* certificate) {
    std::vector<std::string> out;
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    if (names) {
        for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
            const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
            if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
        }
        GENERAL_NAMES_free(names);
        return out;
    }
    X509_NAME* subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) out.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    return out;
}

/// At security level 2, the library's default, what OpenSSL would refuse when it is used.
bool strong_enough(X509* certificate) {
    Context context(SSL_CTX_new(TLS_server_method()));
    bool strong = context && SSL_CTX_use_certificate(context.get(), certificate) == 1;
    ERR_clear_error();
    return strong;
}

std::unexpected<Error> wrong(std::string what) {
    ERR_clear_error();
    return fail(codes::config_invalid, std::move(what));
}

/// True if that is its name, and it encrypts and says who it talks to (NULL-SHA does not).
bool protects(const SSL_CIPHER* cipher, const std::string& name) {
    return name == SSL_CIPHER_get_name(cipher) && SSL_CIPHER_get_bits(cipher, nullptr) > 0 &&
           SSL_CIPHER_get_auth_nid(cipher) != NID_auth_null;
}

}  // namespace

Result<CertificateFacts> inspect_certificate(std::string_view chain_pem, std::string_view key_pem) {
    Bio chain = open_text(chain_pem);
    Certificate leaf(PEM_read_bio_X509(chain.get(), nullptr, no_password, nullptr));
    if (!leaf) return wrong("the certificate cannot be read; it must be PEM, the server's first");
    WEIR_CHECK(inspect_bundle(chain_pem));
    Bio key_text = open_text(key_pem);
    Key key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_password, nullptr));
    if (!key) return wrong("the key cannot be read; it must be PEM without a pass phrase");
    if (X509_check_private_key(leaf.get(), key.get()) != 1)
        return wrong("the key does not belong to the certificate");
    if (!strong_enough(leaf.get()))
        return wrong("the certificate's key is too weak; use RSA of 2048 bits at least, or EC");
    CertificateFacts facts;
    facts.dns_names = dns_names(leaf.get());
    facts.not_before = unix_seconds(X509_get0_notBefore(leaf.get()));
    facts.not_after = unix_seconds(X509_get0_notAfter(leaf.get()));
    const char* type = EVP_PKEY_get0_type_name(key.get());
    facts.key_type = type ? type : "";
    ERR_clear_error();
    return facts;
}

Result<std::size_t> inspect_bundle(std::string_view pem) {
    Bio bio = open_text(pem);
    std::size_t count = 0;
    while (Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)})
        ++count;
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!ended)
        return wrong(fmt::format("certificate {} cannot be read; it is not PEM or cut", count + 1));
    if (count == 0) return wrong("there is no PEM certificate in it");
    ERR_clear_error();
    return count;
}

std::string utc_minute(int64_t unix_seconds) {
    auto value = static_cast<std::time_t>(unix_seconds);
    std::tm parts{};
    ::gmtime_r(&value, &parts);
    char text[32];
    std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
    return std::string(text, size);
}

std::vector<std::string> single_ciphers(const std::vector<std::string>& ciphers) {
    std::vector<std::string> out;
    for (const std::string& group : ciphers) {
        std::string_view rest = trim(group, "[]");
        while (!rest.empty()) {
            auto bar = std::min(rest.find('|'), rest.size());
            if (bar > 0) out.emplace_back(rest.substr(0, bar));
            rest.remove_prefix(std::min(bar + 1, rest.size()));
        }
    }
    return out;
}

bool known_tls_term(TlsTerm kind, const std::string& name) {
    // Lists and keywords of OpenSSL ("ALL:!aNULL", "@SECLEVEL=0") are no names.
    if (name.empty() || name.find_first_of(":,;!@+ ") != std::string::npos) return false;
    Context context(SSL_CTX_new(TLS_method()));
    bool known = false;
    if (kind == TlsTerm::cipher) {
        std::vector<std::string> singles = single_ciphers({name});
        known = context && !singles.empty();
        for (const std::string& cipher : singles) {
            known = known && SSL_CTX_set_cipher_list(context.get(), cipher.c_str()) == 1;
            bool named = false;
            const STACK_OF(SSL_CIPHER)* offered = SSL_CTX_get_ciphers(context.get());
            for (int i = 0; i < sk_SSL_CIPHER_num(offered); ++i)
                named |= protects(sk_SSL_CIPHER_value(offered, i), cipher);
            known = known && named;
        }
    } else if (kind == TlsTerm::curve) {
        known = context && SSL_CTX_set1_groups_list(context.get(), name.c_str()) == 1;
    } else {
        known = context && SSL_CTX_set1_sigalgs_list(context.get(), name.c_str()) == 1;
    }
    ERR_clear_error();
    return known;
}

}  // namespace weir
