#include "net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/error.h"

namespace weir::net {
namespace {

void fill(TicketKeys::Key& key) {
    bool random = RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
                  RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) == 1 &&
                  RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) == 1;
    WEIR_ASSERT(random);
}

int slot() {
    static const int kSlot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return kSlot;
}

bool set_mac_key(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 go on, 2 go on and give a new ticket, 0 no ticket,
/// below 0 an error.
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int making) {
    auto* keys = static_cast<TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot()));
    if (!keys) return -1;
    auto now = std::chrono::steady_clock::now();
    TicketKeys::Key key;
    bool renew = false;
    if (making) {
        key = keys->current(now);
        std::ranges::copy(key.name, name);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    } else if (!keys->find(name, now, key, renew)) {
        return 0;
    }
    bool ready =
        making ? EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1
               : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1;
    ready = ready && set_mac_key(mac, key);
    OPENSSL_cleanse(&key, sizeof key);
    if (!ready) return -1;
    return renew ? 2 : 1;
}

}  // namespace

TicketKeys::TicketKeys() : turned_(std::chrono::steady_clock::now()) {
    for (Key& key : keys_)
        fill(key);
}

TicketKeys::~TicketKeys() {
    OPENSSL_cleanse(keys_.data(), sizeof keys_);
}

void TicketKeys::turn(Time now) {
    if (now - turned_ < kTurn) return;
    bool both = now - turned_ >= 2 * kTurn;
    keys_[1] = keys_[0];
    fill(keys_[0]);
    if (both) fill(keys_[1]);
    turned_ = both ? now : turned_ + kTurn;
}

TicketKeys::Key TicketKeys::current(Time now) {
    std::lock_guard lock(mutex_);
    turn(now);
    return keys_[0];
}

bool TicketKeys::find(const unsigned char* name, Time now, Key& key, bool& renew) {
    std::lock_guard lock(mutex_);
    turn(now);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (!std::equal(keys_[i].name.begin(), keys_[i].name.end(), name)) continue;
        key = keys_[i];
        renew = i > 0;
        return true;
    }
    return false;
}

void use_ticket_keys(SSL_CTX* context, TicketKeys& keys) {
    SSL_CTX_set_ex_data(context, slot(), &keys);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

}  // namespace weir::net
