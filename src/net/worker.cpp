#include "net/worker.h"

namespace weir::net {

// UNSAFE_IO: descriptors are only ever touched by the worker's own thread, so the reactor needs no
// lock for them; posting from other threads stays safe (Asio, "Concurrency Hints").
Worker::Worker(int id)
    : id_(id), io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), guard_(io_.get_executor()), deadlines_(io_) {}

Worker::~Worker() = default;

void Worker::run() { io_.run(); }

}  // namespace weir::net
