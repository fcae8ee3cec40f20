/// One nghttp2 session over one connection: bytes in, bytes out, and the order of both.
///
/// A driver coroutine (drive()) owns the reading side. Each turn it gives nghttp2 what has come,
/// lets work_news() resume the streams that have news, and writes what they and nghttp2 have to
/// send. nghttp2 may not be called from its own callbacks, and a resumed stream may do anything; so
/// callbacks only take notes. A stream that writes outside a turn calls pump(): its frames wait for
/// those of the others that the worker resumes meanwhile, and a turn of their own sends them all.
///
/// Frames are serialised into one buffer of 64 KiB, held while something is unsent; bodies stay
/// with who writes them until they fit, so a peer that does not read costs no more than that.
///
/// Ownership: owns the nghttp2 session; the driver must end before the Session goes. Threads: one
/// worker. Failure: a broken connection ends the driver; what waits is told by the derived class.
#pragma once
#include <nghttp2/nghttp2.h>

#include <memory>
#include <span>
#include <string_view>

#include "http/h2/outbox.h"
#include "net/blocks.h"
#include "net/stream.h"

namespace weir::http::h2 {

class Session : protected net::Deadlines::Node {
public:
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    nghttp2_session* native() const { return session_; }
    net::Worker& worker() { return stream_->worker(); }
    net::Stream& stream() { return *stream_; }
    /// Serialises what there is to send, as far as windows and room allow; it is sent with the turn
    /// that runs or with one that follows at once.
    void pump();
    /// Gives window credit back; the stream may be closed already.
    void consume(int32_t id, std::size_t size);
    bool broken() const { return broken_; }
    /// For a data provider: how much of `outbox` goes into the next frame.
    static ssize_t read_outbox(Outbox& outbox, std::size_t length, uint32_t* flags);
    /// Bytes received and sent on the connection.
    uint64_t received() const { return stream_->received(); }

protected:
    explicit Session(net::StreamPtr stream) : stream_(std::move(stream)) {}
    ~Session();
    void adopt(nghttp2_session* session) { session_ = session; }

    /// Serves until the connection is over: nghttp2 has nothing more to do, stop(), or a break.
    net::Task<void> drive(std::string_view first);
    /// Resumes streams that have something to hear. False if none had.
    virtual bool work_news() = 0;
    /// After each turn: a time to set for on_deadline().
    virtual net::TimePoint next_deadline() const = 0;
    /// A turn, soon, on a clean stack.
    void turn_later();
    /// Sets the time for on_deadline() anew.
    void rearm();
    /// Ends the driver. Not from within a stream's coroutine: the session may go at once.
    void stop();
    /// For on_deadline(): lets the driver look round, on the same condition.
    void kick() { kick_.cancel(); }
    /// Data of `outbox` for nghttp2_send_data_callback; NGHTTP2_ERR_WOULDBLOCK for want of room.
    int send_data(const uint8_t* frame_head, std::size_t length, Outbox& outbox);

    bool lost() const { return lost_ || broken_; }
    bool in_turn() const { return in_turn_; }
    /// The socket takes nothing; since when.
    bool blocked() const { return blocked_; }
    net::TimePoint wrote_at() const { return wrote_at_; }

private:
    void take(std::string_view bytes);
    void turn();
    void flush();
    bool over() const;
    bool read_some();
    bool fill();
    bool write_out();
    std::size_t room() const { return net::Blocks::kSize - end_; }

    nghttp2_session* session_ = nullptr;
    net::StreamPtr stream_;
    net::CancelSource kick_;
    net::Blocks::Block out_;  // [begin_, end_) is unsent
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    net::TimePoint wrote_at_{};
    bool no_room_ = false;  // a DATA frame waits for room in out_
    bool blocked_ = false;
    bool broken_ = false;  // neither reading nor writing makes sense any more
    bool lost_ = false;    // the peer has closed
    bool stop_ = false;
    bool in_turn_ = false;
    bool pumping_ = false;
    bool turn_due_ = false;
    std::shared_ptr<Session*> self_;  // for turns that are posted: null once the session is gone
};

}  // namespace weir::http::h2
