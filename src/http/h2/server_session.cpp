#include "http/h2/server_session.h"

#include <algorithm>

#include "base/log.h"
#include "http/linger.h"

namespace weir::http::h2 {
namespace {

constexpr std::chrono::seconds kNoticeTime{1};  // between the two GOAWAYs, if no ping comes back

net::TimePoint now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

struct ServerSession::Callbacks : SharedCallbacks<ServerSession> {
    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return of(user).on_begin_headers(*frame);
    }
    static int invalid_frame(nghttp2_session*, const nghttp2_frame*, int error, void* user) {
        ServerSession& self = of(user);
        if (error == NGHTTP2_ERR_REFUSED_STREAM)
            ++self.host_.counters.http2.refused;  // sent before our settings were known
        else
            self.broken_off(Misuse::malformed);
        return 0;
    }
    static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        of(user).on_sent(*frame);
        return 0;
    }
    static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t* head, size_t size,
                         nghttp2_data_source* source, void* user) {
        auto* stream = static_cast<ServerStream*>(source->ptr);
        ServerSession& self = of(user);
        int outcome = self.Session::send_data(head, size, stream->outbox_);
        if (outcome != 0) return outcome;
        self.guard_.sent_data();
        if (stream->outbox_.delivered() && stream->bell_.waited_for()) self.note(*stream);
        return 0;
    }

    static nghttp2_session_callbacks* all() {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* out = make();
            nghttp2_session_callbacks_set_on_begin_headers_callback(out, begin_headers);
            nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(out, invalid_frame);
            nghttp2_session_callbacks_set_on_frame_send_callback(out, sent);
            nghttp2_session_callbacks_set_send_data_callback(out, send_data);
            nghttp2_session_callbacks_set_unpack_extension_callback(
                out, [](nghttp2_session*, void**, const nghttp2_frame_hd*, void*) -> int {
                    return NGHTTP2_ERR_CANCEL;
                });
            return out;
        }();
        return made;
    }
    static nghttp2_option* options() {
        static nghttp2_option* const made = [] {
            nghttp2_option* out = nullptr;
            nghttp2_option_new(&out);
            nghttp2_option_set_no_auto_window_update(out, 1);
            nghttp2_option_set_no_closed_streams(out, 1);
            // FloodGuard counts these, to a bound that is configured.
            nghttp2_option_set_stream_reset_rate_limit(out, UINT32_MAX, UINT32_MAX);
            nghttp2_option_set_max_continuations(out, UINT32_MAX);
            // So that frames of unknown kinds are told of, and counted.
            for (int type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; ++type)
                nghttp2_option_set_user_recv_extension_type(out, static_cast<uint8_t>(type));
            return out;
        }();
        return made;
    }
};

ServerSession::ServerSession(Host host, net::StreamPtr stream, Client client)
    : Session(std::move(stream)),
      host_(host),
      client_(client),
      guard_(host.options.http2, now()),
      idle_since_(now()),
      keepalive_(host.options.http2.keepalive, idle_since_, reinterpret_cast<uintptr_t>(this)) {
    nghttp2_session* session = nullptr;
    if (nghttp2_session_server_new2(&session, Callbacks::all(), this, Callbacks::options()) != 0)
        throw std::bad_alloc();
    adopt(session);
    ++host_.counters.http2.connections;
    ++host_.counters.http2.open;
}

ServerSession::~ServerSession() {
    handlers_.destroy_all();
    --host_.counters.http2.open;
}

void ServerSession::begin() {
    const Limits& limits = host_.options.http2;
    const std::array<nghttp2_settings_entry, 4> settings{{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(host_.options.head_limit)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    }};
    nghttp2_submit_settings(native(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(native(), NGHTTP2_FLAG_NONE, 0,
                                          static_cast<int32_t>(limits.connection_window));
}

net::Task<void> ServerSession::run(std::string_view first) {
    begin();
    co_await drive(first);
    const bool wait = !lost() && !closing_ && stream().open();
    lose_streams();
    if (wait) {
        net::CancelSource nobody;
        co_await linger(stream(), &nobody);
    }
}

/// Nobody is left to be answered.
void ServerSession::lose_streams() {
    while (ServerStream* stream = first_) {
        unlink(*stream);
        stream->closed_ = true;
        if (stream->handled_) stream->source_.cancel();
    }
}

void ServerSession::close_now() {
    closing_ = true;
    stop();
}

void ServerSession::drain() {
    if (draining_) return;
    draining_ = true;
    nghttp2_submit_shutdown_notice(native());
    nghttp2_submit_ping(native(), NGHTTP2_FLAG_NONE, nullptr);
    notice_until_ = now() + kNoticeTime;
    turn_later();
}

/// The second step: what is beyond the last stream will not be heard.
void ServerSession::last_goaway() {
    if (gone_away_) return;
    gone_away_ = true;
    notice_until_ = net::kNever;
    ++host_.counters.http2.goaways;
    nghttp2_submit_goaway(native(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(native()), NGHTTP2_NO_ERROR,
                          nullptr, 0);
}

/// Ends the connection at once, telling why.
void ServerSession::end_with(uint32_t error) {
    if (ended_) return;
    ended_ = true;
    ++host_.counters.http2.goaways;
    nghttp2_session_terminate_session(native(), error);
}

void ServerSession::misuse(Misuse what, uint32_t error) {
    if (!ended_) host_.counters.http2.count(what);
    end_with(error);
}

/// nghttp2 breaks a stream off for what was sent on it.
void ServerSession::broken_off(Misuse what) {
    block_since_ = net::kNever;
    host_.counters.http2.count(what);
    if (host_.options.http2.end_connection) end_with(NGHTTP2_PROTOCOL_ERROR);
    if (auto many = guard_.broken_off(now())) misuse(*many);
}

void ServerSession::note(ServerStream& stream) {
    if (!stream.in_news_) {
        stream.in_news_ = true;
        news_.push_back(&stream);
    }
    turn_later();
}

bool ServerSession::work_news() {
    if (news_.empty()) return false;
    std::vector<ServerStream*> work;
    work.swap(news_);
    for (ServerStream* stream : work) {
        if (!stream->in_news_) continue;  // it has ended meanwhile
        stream->in_news_ = false;
        if (stream->closed_) {
            if (!stream->handled_)
                release(*stream);
            else if (!stream->outbox_.ended())
                stream->source_.cancel();  // taken back, or broken off
            continue;
        }
        if (stream->due_) {
            stream->due_ = false;
            stream->handled_ = true;
            handlers_.spawn(run_stream(*stream));
            continue;
        }
        stream->bell_.ring();
    }
    if (news_.empty()) {
        work.clear();
        news_.swap(work);  // keeps its memory
    }
    return true;
}

net::Task<void> ServerSession::run_stream(ServerStream& stream) {
    struct Leave {
        ServerSession& session;
        ServerStream& stream;
        ~Leave() { session.leave(stream); }
    } leave{*this, stream};
    ++host_.counters.http2.streams;
    ++host_.counters.requests;
    ++host_.counters.active;
    asked_ = true;
    bool failed = false;
    try {
        auto head = stream.head_complete(stream.body_ended_, now());
        if (!head) {
            ++host_.counters.refused;
            host_.handler.on_failure(head.error());
            co_return co_await stream.answer(head.error(), false);
        }
        co_await host_.handler.handle(stream);
    } catch (const net::Cancelled&) {
        co_return;
    } catch (const std::exception& e) {
        host_.handler.on_failure(Error(codes::internal_error, e.what()));
        log::error("a handler failed: {}", e.what());
        failed = true;
    }
    if ((failed || !stream.finished()) && !stream.sent_head())
        co_await stream.answer(Error(codes::internal_error, "the request could not be handled"),
                               true);
}

/// A handler's end. A stream that is not at its end with that is broken off.
void ServerSession::leave(ServerStream& stream) {
    --host_.counters.active;
    stream.handled_ = false;
    if (client_.over_limit) last_goaway();
    if (stream.closed_)
        release(stream);
    else if (!stream.finished() || !stream.outbox_.ended())
        stream.reset(stream.source_.cancelled() ? NGHTTP2_CANCEL : NGHTTP2_INTERNAL_ERROR);
    else if (!stream.body_ended_)
        stream.reset(NGHTTP2_NO_ERROR);  // the rest of the request is not wanted (§8.1)
}

/// To be used again. Bytes that nobody took are window that others may have.
void ServerSession::release(ServerStream& stream) {
    unlink(stream);
    --open_;
    consume(0, stream.inbox_.unsettled());
    stream.in_news_ = stream.due_ = false;
    stream.recycle();
    spare_.push_back(&stream);
    if (open_ > 0) return;
    idle_since_ = now();
    rearm();
}

void ServerSession::unlink(ServerStream& stream) {
    if (!stream.previous_) return;
    *stream.previous_ = stream.next_;
    if (stream.next_) stream.next_->previous_ = stream.previous_;
    stream.previous_ = nullptr;
}

net::TimePoint ServerSession::next_deadline() const {
    if (open_ == 0 && (gone_away_ || ended_)) return now();
    net::TimePoint at = std::min(notice_until_, keepalive_.deadline(true));
    if (block_since_ != net::kNever) at = std::min(at, block_since_ + host_.options.head_timeout);
    if (blocked()) at = std::min(at, wrote_at() + host_.options.stall_timeout);
    if (open_ == 0)
        at = std::min(
            at, idle_since_ + (asked_ ? host_.options.idle_timeout : host_.options.head_timeout));
    return at;
}

void ServerSession::on_deadline() {
    net::TimePoint at = now();
    if (broken()) return kick();
    if (blocked() && at >= wrote_at() + host_.options.stall_timeout) return close_now();
    switch (keepalive_.due(at, true)) {
        case Keepalive::Due::lost:
            ++host_.counters.http2.pings_lost;
            return close_now();
        case Keepalive::Due::ping:
            nghttp2_submit_ping(native(), NGHTTP2_FLAG_NONE, Keepalive::kPayload);
            keepalive_.pinged(at);
            break;
        case Keepalive::Due::nothing:
            break;
    }
    if (at >= notice_until_) last_goaway();
    if (block_since_ != net::kNever && at >= block_since_ + host_.options.head_timeout)
        end_with(NGHTTP2_NO_ERROR);
    if (open_ == 0) {
        if (ended_ || gone_away_) return kick();
        net::Duration patience = asked_ ? host_.options.idle_timeout : host_.options.head_timeout;
        if (at >= idle_since_ + patience) end_with(NGHTTP2_NO_ERROR);
    }
    turn_later();
}

ServerStream* ServerSession::find(int32_t id) {
    return static_cast<ServerStream*>(nghttp2_session_get_stream_user_data(native(), id));
}

ServerStream* ServerSession::open_stream(int32_t id) {
    if (spare_.empty()) {
        all_.push_back(std::make_unique<ServerStream>(*this));
        spare_.push_back(all_.back().get());
    }
    ServerStream* stream = spare_.back();
    spare_.pop_back();
    stream->open(id, now());
    stream->next_ = first_;
    stream->previous_ = &first_;
    if (first_) first_->previous_ = &stream->next_;
    first_ = stream;
    ++open_;
    nghttp2_session_set_stream_user_data(native(), id, stream);
    return stream;
}

int ServerSession::on_begin_frame(const nghttp2_frame_hd& head) {
    const net::TimePoint at = now();
    keepalive_.heard(at);
    if (auto many = guard_.frame(head.type, head.flags, head.length, at)) misuse(*many);
    return 0;
}

int ServerSession::on_begin_headers(const nghttp2_frame& frame) {
    block_since_ = now();
    if (frame.hd.type != NGHTTP2_HEADERS || frame.headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    if (open_ < host_.options.http2.max_streams) {
        open_stream(frame.hd.stream_id);
        return 0;
    }
    // Of streams that were taken back some are still at work.
    ++host_.counters.http2.refused;
    nghttp2_submit_rst_stream(native(), NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                              NGHTTP2_REFUSED_STREAM);
    return 0;
}

int ServerSession::on_header(const nghttp2_frame& frame, std::string_view name,
                             std::string_view value) {
    ServerStream* stream = find(frame.hd.stream_id);
    if (!stream) return 0;
    // Trailers are judged and dropped: no provider is sent any.
    if (frame.headers.cat == NGHTTP2_HCAT_HEADERS) return 0;
    auto fit = stream->collector_.add(name, value, host_.options.head_limit);
    if (fit == HeadCollector::Fit::absurd) misuse(Misuse::header_list);
    return 0;
}

int ServerSession::on_frame(const nghttp2_frame& frame) {
    if (frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK)) {
        // The answer to the ping that went out with the notice, not to one of Keepalive's.
        if (draining_ && !std::ranges::equal(frame.ping.opaque_data, Keepalive::kPayload))
            last_goaway();
        return 0;
    }
    if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
    if (frame.hd.type == NGHTTP2_HEADERS) block_since_ = net::kNever;
    ServerStream* stream = find(frame.hd.stream_id);
    if (!stream) return 0;
    if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) stream->body_ended_ = true;
    if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST)
        stream->due_ = true;
    note(*stream);
    return 0;
}

int ServerSession::on_data(int32_t id, std::string_view bytes) {
    if (keepalive_.waiting()) keepalive_.heard(now());  // a frame that is still arriving
    ServerStream* stream = find(id);
    if (!stream || stream->reset_ || ended_) {
        nghttp2_session_consume(native(), id, bytes.size());
        return 0;
    }
    stream->body_seen_ += bytes.size();
    stream->inbox_.put(bytes);
    note(*stream);
    return 0;
}

/// nghttp2 is done with a stream; so are we, once no handler is at work on it. After an answer that
/// is whole the end is no news.
int ServerSession::on_close(int32_t id, uint32_t) {
    ServerStream* stream = find(id);
    if (!stream) return 0;
    stream->closed_ = true;
    if (stream->handled_ && !stream->outbox_.ended()) note(*stream);
    if (!stream->handled_ && !stream->in_news_) release(*stream);
    return 0;
}

void ServerSession::on_sent(const nghttp2_frame& frame) {
    if (frame.hd.type != NGHTTP2_HEADERS || !(frame.hd.flags & NGHTTP2_FLAG_END_STREAM)) return;
    if (ServerStream* stream = find(frame.hd.stream_id)) stream->outbox_.end();
}

}  // namespace weir::http::h2
