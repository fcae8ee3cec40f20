/// The socket under a TLS session, as a BIO of OpenSSL.
///
/// OpenSSL's own would raise SIGPIPE, and could not tell whether a read has emptied the socket:
/// that spares each request a system call that finds nothing. The descriptor stays its owner's.
/// Threads: the session's worker.
#pragma once
#include <openssl/ssl.h>

namespace weir::net {

/// Makes `ssl` read from and write to `fd`; false when out of memory.
bool attach_socket(SSL* ssl, int fd);
/// The last read took all that the socket had.
bool socket_drained(const SSL* ssl);

}  // namespace weir::net
