/// HTTP messages as they are parsed: views into the buffer that holds the head.
///
/// Ownership: every string_view points into the connection's buffer and is valid until the next
/// message is read from it. Threads: plain values of one worker.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/error.h"

namespace weir::http {

struct HeaderField {
    std::string_view name;
    std::string_view value;
};

/// Header fields in the order received. Names compare without case (RFC 9110 §5.1).
class Headers {
public:
    void clear() { fields_.clear(); }
    void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
    template <class F>
    void remove_if(F&& unwanted) {
        std::erase_if(fields_, std::forward<F>(unwanted));
    }
    template <class F>
    bool any_of(F&& wanted) const {
        for (const HeaderField& field : fields_)
            if (wanted(field)) return true;
        return false;
    }
    std::size_t size() const { return fields_.size(); }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    /// The first field of that name, or null.
    const HeaderField* find(std::string_view name) const;
    /// Its value, or empty.
    std::string_view value(std::string_view name) const;
    /// True if a list-valued field (Connection, TE) names `token` (RFC 9110 §5.6.1).
    bool has_token(std::string_view name, std::string_view token) const;

private:
    std::vector<HeaderField> fields_;
};

/// How long a body is (RFC 9112 §6.3).
struct Framing {
    enum class Kind : uint8_t { none, length, chunked, until_close };
    Kind kind = Kind::none;
    uint64_t length = 0;
    bool empty() const { return kind == Kind::none || (kind == Kind::length && length == 0); }
};

struct RequestHead {
    std::string_view method;
    std::string_view target;     ///< as sent
    std::string_view path;       ///< without query; an absolute-form target's path
    std::string_view query;      ///< without '?'
    std::string_view authority;  ///< the Host field's value (empty for HTTP/1.0 without one)
    int minor = 1;               ///< HTTP/1.minor
    bool keep_alive = true;
    bool expect_continue = false;
    Framing framing;
    Headers headers;
};

struct ResponseHead {
    int status = 0;
    std::string_view reason;
    int minor = 1;
    bool keep_alive = true;
    Framing framing;
    Headers headers;
};

/// Appends "name: value" and a line end.
void append_field(std::string& head, std::string_view name, std::string_view value);

/// The standard reason phrase, or "" (RFC 9110 §15).
std::string_view reason_phrase(int status);

/// True for a field that concerns one connection only (RFC 9110 §7.6.1): Connection and what it
/// names, Keep-Alive, Proxy-Connection, Proxy-Authenticate, Proxy-Authorization, TE, Trailer,
/// Transfer-Encoding, Upgrade. `headers` is the message.
bool is_hop_by_hop(std::string_view name, const Headers& headers);

/// The host without port of an authority, in lower case; brackets of an IPv6 literal kept.
std::string host_of(std::string_view authority);

}  // namespace weir::http
