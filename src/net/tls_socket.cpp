#include "net/tls_socket.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>

namespace weir::net {
namespace {

struct Socket {
    int fd = -1;
    bool drained = false;
    bool ended = false;
};

Socket& socket_of(BIO* bio) {
    return *static_cast<Socket*>(BIO_get_data(bio));
}

bool not_now() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int read_some(BIO* bio, char* space, int size) {
    Socket& socket = socket_of(bio);
    BIO_clear_retry_flags(bio);
    auto n = static_cast<int>(::recv(socket.fd, space, static_cast<std::size_t>(size), 0));
    socket.drained = n < size;
    if (n == 0) socket.ended = true;
    if (n < 0 && not_now()) BIO_set_retry_read(bio);
    return n;
}

int write_some(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    auto n = static_cast<int>(
        ::send(socket_of(bio).fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL));
    if (n < 0 && not_now()) BIO_set_retry_write(bio);
    return n;
}

long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return socket_of(bio).ended;
    return 0;
}

int destroy(BIO* bio) {
    delete static_cast<Socket*>(BIO_get_data(bio));
    return 1;
}

const BIO_METHOD* method() {
    static BIO_METHOD* const kMethod = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        BIO_meth_set_read(made, read_some);
        BIO_meth_set_write(made, write_some);
        BIO_meth_set_ctrl(made, control);
        BIO_meth_set_destroy(made, destroy);
        return made;
    }();
    return kMethod;
}

}  // namespace

bool attach_socket(SSL* ssl, int fd) {
    BIO* bio = BIO_new(method());
    if (!bio) return false;
    BIO_set_data(bio, new Socket{fd});
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return true;
}

bool socket_drained(const SSL* ssl) {
    BIO* bio = SSL_get_rbio(ssl);
    return bio && socket_of(bio).drained;
}

}  // namespace weir::net
