#include "http/exchange.h"

namespace weir::http {

void Exchange::reset_answer(bool head_request) {
    head_.clear();
    state_ = State::idle;
    status_ = 0;
    head_request_ = head_request;
    sent_head_ = false;
    length_left_ = 0;
    body_sent_ = 0;
}

void Exchange::begin(int status) {
    WEIR_ASSERT(state_ == State::idle || !sent_head_);
    head_.clear();
    status_ = status;
    state_ = State::head;
    write_status_line();
}

void Exchange::header(std::string_view name, std::string_view value) {
    append_field(head_, name, value);
}

std::string& Exchange::head_text() {
    return head_;
}

}  // namespace weir::http
