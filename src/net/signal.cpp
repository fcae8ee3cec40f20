#include "net/signal.h"

#include <utility>

namespace weir::net {

void Signal::set() {
    state_->set = true;
    if (!state_->waiting || state_->posted) return;
    state_->posted = true;
    worker_.post([state = state_] {
        state->posted = false;
        if (state->waiting) state->waiting->resume();
    });
}

Signal::Wait::~Wait() {
    if (caller_) leave();
}

void Signal::Wait::await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    state_->waiting = this;
    cancel_.enter(*this);
    if (until_ != kNever) worker_.timers().set(*this, until_);
}

void Signal::Wait::await_resume() {
    if (cancel_.cancelled()) throw Cancelled();
    state_->set = false;
}

void Signal::Wait::leave() {
    worker_.timers().clear(*this);
    cancel_.leave();
    state_->waiting = nullptr;
}

void Signal::Wait::resume() {
    leave();
    std::exchange(caller_, nullptr).resume();  // `this` is gone when it returns
}

}  // namespace weir::net
