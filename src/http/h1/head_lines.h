/// The lines of an HTTP/1.1 head, taken apart strictly and in one pass (RFC 9112 §3, §4, §5).
///
/// A line ends with CR LF and nothing else; names are tokens directly followed by a colon; values
/// are visible bytes, spaces and tabs. So a NUL, a control character, a lone CR or LF and a folded
/// line stop the reader wherever they are. Why not Beast's parser: docs/adr/0010-head-parser.md;
/// the fuzz target holds it against this one. Views point into the head. Pure.
#pragma once
#include <string_view>

namespace weir::http::h1 {

/// tchar of RFC 9110 §5.6.2, at least one.
bool is_token(std::string_view text);

class HeadLines {
public:
    /// `head` begins with its start line. Nothing is read beyond it.
    explicit HeadLines(std::string_view head) : at_(head.data()), end_(head.data() + head.size()) {}

    /// method SP request-target SP HTTP-version CR LF. Each of these returns null, or what is
    /// wrong.
    const char* request_line(std::string_view& method, std::string_view& target, int& minor);
    /// HTTP-version SP 3DIGIT SP [reason] CR LF.
    const char* status_line(int& status, std::string_view& reason, int& minor);

    /// True at the empty line that ends the head; whether it is the head's last is whole().
    bool at_empty_line() const;
    /// field-name ":" OWS field-value OWS CR LF.
    const char* field(std::string_view& name, std::string_view& value);
    /// At the empty line: true if the head ends with it.
    bool whole() const { return end_ - at_ == 2; }

private:
    bool version(int& minor);
    bool line_end();

    const char* at_;
    const char* end_;
};

}  // namespace weir::http::h1
