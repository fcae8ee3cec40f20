/// Heads of HTTP/2 as the messages of http/: what nghttp2 decodes, judged as strictly as HTTP/1.1.
///
/// nghttp2 refuses what RFC 9113 §8.2 and §8.3 call malformed (upper case, connection-specific
/// fields, missing, repeated or late pseudo-header fields, a content-length that is not the
/// body's). Here is the rest: sizes, an authority that is one, a path that HTTP/1.1 could say too,
/// `host` in agreement with `:authority`, one cookie field (§8.2.3). Pure; heads point into their
/// collector.
#pragma once
#include <nghttp2/nghttp2.h>

#include <span>
#include <string>
#include <vector>

#include "http/message.h"

namespace weir::http::h2 {

/// The fields of one block, copied as they are decoded.
class HeadCollector {
public:
    enum class Fit : uint8_t { yes, too_large, absurd };
    /// `absurd`: several times the limit, so that not even decoding it is worth while.
    Fit add(std::string_view name, std::string_view value, std::size_t limit);
    bool too_large() const { return too_large_; }
    bool empty() const { return fields_.empty(); }
    std::size_t size() const { return size_; }
    void clear();

    struct Field {
        std::string_view name;
        std::string_view value;
    };
    std::size_t count() const { return fields_.size(); }
    Field operator[](std::size_t i) const;
    /// For values put together from several; views of it are valid until clear().
    std::string& joined() { return joined_; }

private:
    struct Span {
        uint32_t begin, name, value;
    };
    std::string text_;
    std::string joined_;
    std::vector<Span> fields_;
    std::size_t size_ = 0;  // as RFC 7541 §4.1 counts: 32 more for each field
    bool too_large_ = false;
};

/// `end_stream`: no body follows. Fails with http.bad_request, http.head_too_large,
/// http.not_implemented or http.expectation.
Result<void> make_request_head(HeadCollector& fields, bool end_stream, RequestHead& out);

/// A response to `method`. Fails with upstream.protocol.
Result<void> make_response_head(HeadCollector& fields, bool end_stream, std::string_view method,
                                ResponseHead& out);

/// A head in lines ("name: value\r\n", the last one perhaps empty) as fields for nghttp2, which
/// point into `lines`; names become lower case there. Fields that concern one connection of
/// HTTP/1.1 are left out (RFC 9113 §8.2.2). False if a line is none.
bool to_fields(std::span<char> lines, std::vector<nghttp2_nv>& out);

nghttp2_nv field(std::string_view name, std::string_view value);

/// A request head of HTTP/1.1 as fields, pointing into `head`. False if it is none.
bool to_request_fields(std::span<char> head, std::string_view scheme, std::vector<nghttp2_nv>& out);

}  // namespace weir::http::h2
