/// The end of a connection on which the client may still be sending.
#pragma once
#include "net/stream.h"
#include "net/task.h"

namespace weir::http {

/// Half-closes and reads what still comes, for a moment, so that the kernel does not answer it with
/// a reset that would take our last response with it (RFC 9112 §9.6).
net::Task<void> linger(net::Stream& stream, net::CancelSource* cancel);

}  // namespace weir::http
