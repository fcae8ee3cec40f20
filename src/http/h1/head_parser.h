/// Parsing of HTTP/1.1 heads, with the strictness a gateway needs.
///
/// A head that two parsers could read differently is how requests are smuggled, so whatever is
/// ambiguous is refused: bare LF or CR, NUL, line folding, Content-Length with Transfer-Encoding,
/// several or malformed Content-Length, any Transfer-Encoding but one `chunked`, no or several
/// Host, an absolute-form target that disagrees with Host (RFC 9112 §2.2, §3.2, §5.2, §6). Pure
/// functions over a complete head; views in the result point into it.
#pragma once
#include <cstddef>

#include "http/message.h"

namespace weir::http::h1 {

inline constexpr std::size_t kMaxHeaderFields = 128;

/// The end of the head (just after its empty line) in `bytes`, or npos if it has not arrived yet.
/// `from` is where the previous search stopped; it is moved. A bare LF CR-less line end is found
/// too, so that the parser can refuse it.
std::size_t find_head_end(std::string_view bytes, std::size_t& from);

/// Parses one request head, ending with its empty line. Fails with http.bad_request,
/// http.head_too_large (too many fields), http.not_implemented or http.version.
Result<void> parse_request_head(std::string_view head, RequestHead& out);

/// Parses one response head to a request of `method`. Fails with upstream.protocol.
Result<void> parse_response_head(std::string_view head, std::string_view method, ResponseHead& out);

}  // namespace weir::http::h1
