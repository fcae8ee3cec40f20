#include "http/h2/session.h"

#include <cstring>

namespace weir::http::h2 {
namespace {
constexpr std::size_t kFrameHead = 9;
constexpr std::size_t kFrameRoom = 17 * 1024;  // nghttp2 hands out at most one frame of 16 KiB
}  // namespace

Session::~Session() {
    if (self_) *self_ = nullptr;
    nghttp2_session_del(session_);
}

net::Task<void> Session::drive(std::string_view first) {
    wrote_at_ = std::chrono::steady_clock::now();
    if (!first.empty()) take(first);
    while (true) {
        turn();
        if (over()) break;
        bool kicked = false;
        try {
            co_await stream_->ready(net::kNever, &kick_);
        } catch (const net::Cancelled&) {
            kicked = true;
        }
        if (kicked) kick_.reset();
        if (stop_) break;
        blocked_ = false;
        if (!read_some()) break;
    }
    worker().deadlines().clear(*this);
}

bool Session::over() const {
    if (broken_ || stop_) return true;
    return begin_ == end_ && !nghttp2_session_want_read(session_) &&
           !nghttp2_session_want_write(session_);
}

/// One read, so that a peer that never pauses lets answers go out in between.
bool Session::read_some() {
    net::Blocks::Block block = worker().blocks().take();
    net::IoResult r = stream_->read({block.data(), net::Blocks::kSize});
    if (r.closed()) {
        lost_ = true;
        return false;
    }
    if (r.done()) take({block.data(), r.size});
    return true;
}

void Session::take(std::string_view bytes) {
    in_turn_ = true;  // one follows
    ssize_t used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    in_turn_ = false;
    if (used < 0) broken_ = true;  // not HTTP/2 at all, or a flood that nghttp2 knows itself
}

void Session::turn() {
    in_turn_ = true;
    do {
        pump();
    } while (work_news());
    flush();
    // Writing may have set free who waited for room.
    while (work_news())
        pump();
    in_turn_ = false;
    flush();
    rearm();
}

void Session::turn_later() {
    if (in_turn_ || turn_due_) return;
    turn_due_ = true;
    if (!self_) self_ = std::make_shared<Session*>(this);
    worker().post([self = self_] {
        Session* session = *self;
        if (!session) return;
        session->turn_due_ = false;
        session->turn();
        if (session->over()) session->kick();
    });
}

void Session::rearm() {
    worker().deadlines().set(*this, next_deadline());
}

void Session::stop() {
    stop_ = true;
    kick_.cancel();
}

void Session::pump() {
    if (pumping_ || broken_) return;
    pumping_ = true;
    while (fill() && !broken_ && !blocked_ && write_out()) {
    }
    pumping_ = false;
    turn_later();
}

/// Everything that is serialised, or could be, to the kernel.
void Session::flush() {
    if (pumping_ || broken_) return;
    pumping_ = true;
    while (true) {
        bool more = fill();
        if (broken_ || blocked_ || !write_out() || !more) break;
    }
    if (begin_ == end_) out_.reset();
    pumping_ = false;
}

/// Serialises frames while there is room for one. True if there may be more of them.
bool Session::fill() {
    if (!nghttp2_session_want_write(session_)) return false;
    while (true) {
        if (!out_) {
            out_ = worker().blocks().take();
            begin_ = end_ = 0;
        }
        if (room() < kFrameRoom) return true;
        no_room_ = false;
        const uint8_t* frame = nullptr;
        ssize_t size = nghttp2_session_mem_send(session_, &frame);
        if (size < 0) broken_ = true;
        if (size <= 0) return no_room_;
        WEIR_ASSERT(static_cast<std::size_t>(size) <= room());
        std::memcpy(out_.data() + end_, frame, static_cast<std::size_t>(size));
        end_ += static_cast<std::size_t>(size);
    }
}

/// True once all is with the kernel.
bool Session::write_out() {
    while (begin_ < end_) {
        iovec piece{out_.data() + begin_, end_ - begin_};
        net::IoResult r = stream_->write({&piece, 1});
        if (r.closed()) {
            broken_ = true;
            worker().deadlines().set(*this, std::chrono::steady_clock::now());
            return false;
        }
        if (r.again()) {
            blocked_ = true;
            if (begin_ > 0) {
                std::memmove(out_.data(), out_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            }
            return false;
        }
        begin_ += r.size;
        wrote_at_ = std::chrono::steady_clock::now();
    }
    begin_ = end_ = 0;
    return true;
}

void Session::consume(int32_t id, std::size_t size) {
    if (size > 0 && !broken_) nghttp2_session_consume(session_, id, size);
}

int Session::send_data(const uint8_t* frame_head, std::size_t length, Outbox& outbox) {
    if (room() < kFrameHead + length) {
        no_room_ = true;
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    if (outbox.size() < length) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // given up since
    std::memcpy(out_.data() + end_, frame_head, kFrameHead);
    outbox.move_to(out_.data() + end_ + kFrameHead, length);
    end_ += kFrameHead + length;
    if (outbox.last() && outbox.size() == 0) outbox.end();
    return 0;
}

ssize_t Session::read_outbox(Outbox& outbox, std::size_t length, uint32_t* flags) {
    std::size_t size = std::min(length, outbox.size());
    if (size == 0 && !outbox.last()) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (outbox.last() && size == outbox.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
}

}  // namespace weir::http::h2
