/// What nghttp2 calls on both sides alike: each goes to the session, which is the user data.
///
///     struct ClientSession::Callbacks : SharedCallbacks<ClientSession> { …what only it hears… };
///
/// `Session` makes it a friend and has on_begin_frame, on_header, on_frame, on_data and on_close,
/// which return what nghttp2 wants to be returned. Threads: the session's.
#pragma once
#include <nghttp2/nghttp2.h>

#include <string_view>

namespace weir::http::h2 {

inline std::string_view view(const uint8_t* text, std::size_t size) {
    return {reinterpret_cast<const char*>(text), size};
}

template <class Session>
struct SharedCallbacks {
    static Session& of(void* user) { return *static_cast<Session*>(user); }

    static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
        return of(user).on_begin_frame(*head);
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
        return of(user).on_header(*frame, view(name, name_size), view(value, value_size));
    }
    /// RFC 9113 §8.1.1: a malformed message ends its stream.
    static int invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t*,
                              size_t, const uint8_t*, size_t, uint8_t, void*) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                  NGHTTP2_PROTOCOL_ERROR);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        return of(user).on_frame(*frame);
    }
    static int data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                    void* user) {
        return of(user).on_data(id, view(bytes, size));
    }
    static int close(nghttp2_session*, int32_t id, uint32_t error, void* user) {
        return of(user).on_close(id, error);
    }

    /// New callbacks with those above; lives as long as the program.
    static nghttp2_session_callbacks* make() {
        nghttp2_session_callbacks* out = nullptr;
        nghttp2_session_callbacks_new(&out);
        nghttp2_session_callbacks_set_on_begin_frame_callback(out, begin_frame);
        nghttp2_session_callbacks_set_on_header_callback(out, header);
        nghttp2_session_callbacks_set_on_invalid_header_callback(out, invalid_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(out, frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(out, data);
        nghttp2_session_callbacks_set_on_stream_close_callback(out, close);
        return out;
    }
};

}  // namespace weir::http::h2
