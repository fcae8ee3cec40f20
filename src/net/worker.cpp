#include "net/worker.h"

#include <csignal>

namespace weir::net {

// UNSAFE_IO: descriptors are only ever touched by the worker's own thread, so the reactor needs no
// lock for them; posting from other threads stays safe (Asio, "Concurrency Hints").
Worker::Worker(int id)
    : id_(id),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      guard_(io_.get_executor()),
      deadlines_(io_),
      poller_(io_) {}

Worker::~Worker() = default;

// OpenSSL writes to sockets with write(2), which signals when the peer is gone; the error is
// enough.
void Worker::run() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    io_.run();
}

}  // namespace weir::net
