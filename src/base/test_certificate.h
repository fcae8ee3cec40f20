/// For tests: self-signed certificates, made at run time.
#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace weir {

struct TestCertificate {
    std::string pem;
    std::string key_pem;

    /// `names` as "DNS:a.test,IP:127.0.0.1"; it begins an hour before now + `ends_in` − 2 hours,
    /// so that one with `ends_in` < 0 has ended.
    explicit TestCertificate(const std::string& names, long ends_in = 3600,
                             EVP_PKEY* made_key = EVP_EC_gen("P-256")) {
        std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made_key, EVP_PKEY_free);
        std::unique_ptr<X509, decltype(&X509_free)> x(X509_new(), X509_free);
        X509_set_version(x.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x.get()), ends_in - 7200);
        X509_gmtime_adj(X509_getm_notAfter(x.get()), ends_in);
        X509_set_pubkey(x.get(), key.get());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x.get()), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("Common.Test"), -1, -1,
                                   0);
        X509_set_issuer_name(x.get(), X509_get_subject_name(x.get()));
        if (!names.empty()) {
            X509_EXTENSION* extension =
                X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
            X509_add_ext(x.get(), extension, -1);
            X509_EXTENSION_free(extension);
        }
        X509_sign(x.get(), key.get(), EVP_sha256());
        pem = text([&](BIO* bio) { PEM_write_bio_X509(bio, x.get()); });
        key_pem = text([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }

private:
    template <class F>
    static std::string text(F&& write) {
        std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
        write(bio.get());
        char* data = nullptr;
        long size = BIO_get_mem_data(bio.get(), &data);
        return std::string(data, static_cast<std::size_t>(size));
    }
};

}  // namespace weir
