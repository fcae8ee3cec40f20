#include "net/sleep.h"

#include <utility>

namespace weir::net {

Sleep::~Sleep() {
    if (caller_) cancel_.leave();
}

bool Sleep::await_ready() const {
    return cancel_.cancelled() || at_ <= std::chrono::steady_clock::now();
}

void Sleep::await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    cancel_.enter(*this);
    worker_.timers().set(*this, at_);
}

void Sleep::await_resume() const {
    if (cancel_.cancelled()) throw Cancelled();
}

void Sleep::resume() {
    worker_.timers().clear(*this);
    cancel_.leave();
    std::exchange(caller_, nullptr).resume();  // `this` is gone when it returns
}

}  // namespace weir::net
