/// The head of one part of a multipart/form-data body (RFC 7578 §4.2). Internal to http/.
#pragma once
#include <string>
#include <string_view>

namespace weir::http {

struct PartHead {
    std::string name;   ///< unescaped; empty if the part has none
    bool file = false;  ///< it names a file
    bool extended =
        false;  ///< name* or filename*: which RFC 7578 forbids, and parsers read differently
    bool encoded = false;  ///< a Content-Transfer-Encoding that changes bytes
};

/// `text`: the lines of the head, each with its CR LF. Null, or what is wrong.
const char* parse_part_head(std::string_view text, PartHead& out);

/// One parameter of a field value, `name=token` or `name="quoted"`; takes it off the front of
/// `rest`. False at the end, or if the rest is no parameter (`bad` is then set).
bool next_parameter(std::string_view& rest, std::string_view& name, std::string& value, bool& bad);

}  // namespace weir::http
