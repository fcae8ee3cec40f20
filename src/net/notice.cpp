#include "net/notice.h"

#include <utility>

namespace weir::net {

void Notice::tell() {
    worker_.post([self = shared_from_this()] {
        self->told_ = true;
        if (self->waiting_) self->waiting_->resume();
    });
}

Notice::Wait Notice::told(TimePoint deadline, CancelSource& cancel) {
    return {*this, deadline, cancel};
}

void Notice::Wait::await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    notice_.waiting_ = this;
    cancel_.enter(*this);
    notice_.worker_.timers().set(*this, deadline_);
}

bool Notice::Wait::await_resume() const {
    if (cancel_.cancelled()) throw Cancelled();
    return notice_.told_;
}

void Notice::Wait::forget() {
    if (!caller_) return;
    caller_ = nullptr;
    notice_.waiting_ = nullptr;
    notice_.worker_.timers().clear(*this);
    cancel_.leave();
}

void Notice::Wait::resume() {
    std::coroutine_handle<> caller = caller_;
    forget();
    caller.resume();  // `this` is gone when it returns
}

}  // namespace weir::net
