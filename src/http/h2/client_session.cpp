#include "http/h2/client_session.h"

#include <algorithm>
#include <array>

namespace weir::http::h2 {
namespace {

constexpr std::size_t kHeadLimit = 60 * 1024;  // of a response, as of HTTP/1.1

net::TimePoint now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

struct ClientSession::Callbacks : SharedCallbacks<ClientSession> {
    static int invalid_frame(nghttp2_session*, const nghttp2_frame*, int, void* user) {
        of(user).on_malformed();
        return 0;
    }
    static int send_data(nghttp2_session* session, nghttp2_frame* frame, const uint8_t* head,
                         size_t size, nghttp2_data_source*, void* user) {
        ClientSession& self = of(user);
        auto* stream = static_cast<ClientStream*>(
            nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
        if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        int outcome = self.Session::send_data(head, size, stream->outbox_);
        if (outcome != 0) return outcome;
        self.guard_.sent_data();
        if (stream->outbox_.delivered() && stream->bell_.waited_for()) self.note(*stream);
        return 0;
    }
    static ssize_t read(nghttp2_session* session, int32_t id, uint8_t*, size_t length,
                        uint32_t* flags, nghttp2_data_source*, void*) {
        auto* stream =
            static_cast<ClientStream*>(nghttp2_session_get_stream_user_data(session, id));
        if (!stream) return NGHTTP2_ERR_DEFERRED;  // given up: its reset is on the way
        return Session::read_outbox(stream->outbox_, length, flags);
    }

    static nghttp2_session_callbacks* all() {
        static nghttp2_session_callbacks* const made = [] {
            nghttp2_session_callbacks* out = make();
            nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(out, invalid_frame);
            nghttp2_session_callbacks_set_send_data_callback(out, send_data);
            return out;
        }();
        return made;
    }
    static nghttp2_option* options() {
        static nghttp2_option* const made = [] {
            nghttp2_option* out = nullptr;
            nghttp2_option_new(&out);
            nghttp2_option_set_no_auto_window_update(out, 1);
            nghttp2_option_set_max_continuations(out, UINT32_MAX);  // FloodGuard counts them
            return out;
        }();
        return made;
    }
};

ClientSession::ClientSession(const Origin& origin, net::StreamPtr stream,
                             net::Duration idle_timeout, ClientCounters& counters, Owner& owner)
    : Session(std::move(stream)),
      options_(origin.http2),
      tls_(origin.target.tls != nullptr),
      exchanges_left_(origin.max_exchanges ? origin.max_exchanges : UINT32_MAX),
      idle_timeout_(origin.idle.count() > 0 ? origin.idle : idle_timeout),
      counters_(counters),
      owner_(owner),
      guard_(Limits{}, now()),
      idle_since_(now()),
      keepalive_(options_.keepalive, idle_since_, reinterpret_cast<uintptr_t>(this)) {
    if (origin.max_age.count() > 0) retires_ = now() + origin.max_age;
    nghttp2_session* session = nullptr;
    if (nghttp2_session_client_new2(&session, Callbacks::all(), this, Callbacks::options()) != 0)
        throw std::bad_alloc();
    adopt(session);
    const std::array<nghttp2_settings_entry, 3> settings{{
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(kHeadLimit)},
    }};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                          static_cast<int32_t>(options_.connection_window));
    ++counters_.connections;
    ++counters_.open;
}

/// Nobody is left that could be answered; who waits has been told by serve(), or waits no more.
ClientSession::~ClientSession() {
    while (ClientStream* stream = first_) {
        first_ = stream->next_;
        stream->previous_ = nullptr;
        stream->session_ = nullptr;
        stream->closed_ = true;
    }
    --counters_.open;
    retire();
}

net::Task<void> ClientSession::serve() {
    co_await drive({});
    retire();
    owner_.settled();
    while (ClientStream* stream = first_) {
        first_ = stream->next_;
        if (first_) first_->previous_ = &first_;
        stream->previous_ = nullptr;
        stream->session_ = nullptr;
        stream->closed_ = true;
        stream->bell_.ring();  // its coroutine may destroy it
    }
}

void ClientSession::retire() {
    if (retired_) return;
    retired_ = settled_due_ = true;
    owner_.retired(*this);
}

bool ClientSession::takes_streams() const {
    if (settling() && open_ > 0) return false;
    if (retired_ || lost() || exchanges_left_ == 0 || now() >= retires_) return false;
    uint32_t most = std::min(
        options_.max_streams,
        nghttp2_session_get_remote_settings(native(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
    return open_ < most && nghttp2_session_check_request_allowed(native()) != 0;
}

std::unique_ptr<ClientStream> ClientSession::open() {
    const bool reused = std::exchange(used_, true);
    auto stream = std::make_unique<ClientStream>(*this, reused);
    if (exchanges_left_ != UINT32_MAX) --exchanges_left_;
    if (open_++ == 0) {
        const net::TimePoint at = now();
        if (reused && keepalive_.stale(at) && !broken()) ping(at);
        keepalive_.watch(at);
    }
    ++counters_.streams;
    stream->next_ = first_;
    stream->previous_ = &first_;
    if (first_) first_->previous_ = &stream->next_;
    first_ = stream.get();
    return stream;
}

bool ClientSession::submit(ClientStream& stream, std::span<char> head, bool has_body) {
    if (!to_request_fields(head, tls_ ? "https" : "http", stream.fields_)) return false;
    nghttp2_data_provider provider{};
    provider.read_callback = Callbacks::read;
    int32_t id =
        nghttp2_submit_request(native(), nullptr, stream.fields_.data(), stream.fields_.size(),
                               has_body ? &provider : nullptr, &stream);
    if (id < 0) return false;
    stream.id_ = id;
    if (!has_body) stream.outbox_.end();
    rearm();
    return true;
}

/// The stream's owner has gone.
void ClientSession::forget(ClientStream& stream) {
    if (stream.previous_) {
        *stream.previous_ = stream.next_;
        if (stream.next_) stream.next_->previous_ = stream.previous_;
        --open_;
    }
    if (stream.in_news_) std::ranges::replace(news_, &stream, nullptr);
    if (broken()) return;
    consume(0, stream.inbox_.unsettled());
    if (stream.id_ != 0 && !stream.closed_) {
        nghttp2_session_set_stream_user_data(native(), stream.id_, nullptr);
        nghttp2_submit_rst_stream(native(), NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
    }
    pump();
    if (open_ > 0) return;
    idle_since_ = now();
    if (exchanges_left_ == 0) retire();
    rearm();
}

void ClientSession::note(ClientStream& stream) {
    if (!stream.in_news_) {
        stream.in_news_ = true;
        news_.push_back(&stream);
    }
    turn_later();
}

bool ClientSession::work_news() {
    if (news_.empty() && !settled_due_) return false;
    if (std::exchange(settled_due_, false)) owner_.settled();
    // They may grow, and lose streams, meanwhile. NOLINTNEXTLINE(modernize-loop-convert)
    for (std::size_t i = 0; i < news_.size(); ++i) {
        ClientStream* stream = std::exchange(news_[i], nullptr);
        if (!stream) continue;
        stream->in_news_ = false;
        stream->bell_.ring();
    }
    news_.clear();
    return true;
}

net::TimePoint ClientSession::next_deadline() const {
    if (open_ == 0 && retired_) return now();
    net::TimePoint at = std::min(keepalive_.deadline(open_ > 0), retires_);
    return open_ == 0 ? std::min(at, idle_since_ + idle_timeout_) : at;
}

void ClientSession::on_deadline() {
    net::TimePoint at = now();
    if (broken()) return kick();
    const Keepalive::Due due = keepalive_.due(at, open_ > 0);
    if (due == Keepalive::Due::lost) {
        ++counters_.pings_lost;
        return stop();
    }
    if (at >= retires_) {
        retires_ = net::kNever;
        exchanges_left_ = 0;
        retire();
    }
    if (open_ == 0 && (retired_ || at >= idle_since_ + idle_timeout_)) {
        nghttp2_session_terminate_session(native(), NGHTTP2_NO_ERROR);
        retire();
    } else if (due == Keepalive::Due::ping) {
        ping(at);
    }
    turn_later();
}

void ClientSession::ping(net::TimePoint at) {
    nghttp2_submit_ping(native(), NGHTTP2_FLAG_NONE, Keepalive::kPayload);
    keepalive_.pinged(at);
}

ClientStream* ClientSession::find(int32_t id) {
    return static_cast<ClientStream*>(nghttp2_session_get_stream_user_data(native(), id));
}

int ClientSession::on_begin_frame(const nghttp2_frame_hd& head) {
    const net::TimePoint at = now();
    keepalive_.heard(at);
    if (!guard_.frame(head.type, head.flags, head.length, at)) return 0;
    ++counters_.misuse;
    nghttp2_session_terminate_session(native(), NGHTTP2_ENHANCE_YOUR_CALM);
    retire();
    return 0;
}

/// nghttp2 breaks a stream off for what was sent on it.
void ClientSession::on_malformed() {
    if (!options_.end_connection || retired_) return;
    ++counters_.misuse;
    nghttp2_session_terminate_session(native(), NGHTTP2_PROTOCOL_ERROR);
    retire();
}

int ClientSession::on_header(const nghttp2_frame& frame, std::string_view name,
                             std::string_view value) {
    ClientStream* stream = find(frame.hd.stream_id);
    if (!stream) return 0;
    stream->received_ += name.size() + value.size();
    if (stream->head_complete_) {  // trailers
        constexpr std::size_t kMost = 16 * 1024;
        if (stream->trailers_.size() + name.size() + value.size() < kMost)
            stream->trailers_.append(name).append(": ").append(value).append("\r\n");
        return 0;
    }
    if (name == ":status" && value.size() == 3)
        stream->status_ = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    if (stream->collector_.add(name, value, kHeadLimit) == HeadCollector::Fit::absurd) {
        ++counters_.misuse;
        nghttp2_session_terminate_session(native(), NGHTTP2_ENHANCE_YOUR_CALM);
        retire();
    }
    return 0;
}

/// A head is complete; the final one unless it is informational (RFC 9110 §15.2).
void ClientSession::end_head(ClientStream& stream, const nghttp2_frame& frame) {
    if (stream.head_complete_) return;
    if (stream.status_ / 100 == 1) {
        stream.collector_.clear();
        return;
    }
    stream.head_complete_ = true;
    stream.no_body_ = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
}

int ClientSession::on_frame(const nghttp2_frame& frame) {
    if (frame.hd.type == NGHTTP2_SETTINGS && !(frame.hd.flags & NGHTTP2_FLAG_ACK) &&
        !settings_seen_)
        settings_seen_ = settled_due_ = true;
    if (frame.hd.type == NGHTTP2_GOAWAY) {
        ++counters_.goaways;
        retire();
        return 0;
    }
    if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
    ClientStream* stream = find(frame.hd.stream_id);
    if (!stream) return 0;
    if (frame.hd.type == NGHTTP2_HEADERS) end_head(*stream, frame);
    if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) stream->ended_ = true;
    note(*stream);
    return 0;
}

int ClientSession::on_data(int32_t id, std::string_view bytes) {
    if (keepalive_.waiting()) keepalive_.heard(now());  // a frame that is still arriving
    ClientStream* stream = find(id);
    if (!stream) {
        nghttp2_session_consume(native(), id, bytes.size());
        return 0;
    }
    stream->received_ += bytes.size();
    stream->inbox_.put(bytes);
    note(*stream);
    return 0;
}

int ClientSession::on_close(int32_t id, uint32_t error) {
    ClientStream* stream = find(id);
    if (!stream) return 0;
    stream->closed_ = true;
    stream->error_ = error;
    stream->unheard_ = error == NGHTTP2_REFUSED_STREAM;
    if (stream->unheard_) ++counters_.refused;
    note(*stream);
    return 0;
}

}  // namespace weir::http::h2
