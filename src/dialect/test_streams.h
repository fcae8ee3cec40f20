/// For tests and fuzz targets: streams written as text, and streams in which no event repeats.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "dialect/eventstream.h"

namespace weir::dialect::test {

/// Lines "EVENT JSON" and "!EXCEPTION JSON" as the messages of an AWS event stream.
inline std::string frames(std::string_view lines) {
    std::string out;
    while (!lines.empty()) {
        const size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        const size_t space = std::min(line.find(' '), line.size());
        const std::string_view payload = line.substr(std::min(space + 1, line.size()));
        if (line.starts_with('!'))
            append_eventstream_exception(out, line.substr(1, space - 1), payload);
        else
            append_eventstream_event(out, line.substr(0, space), payload);
    }
    return out;
}

/// The same events of a text as frames() takes it, or of server-sent events, with white space that
/// differs from one to the next: an EventPattern recognises none of them, each is read as JSON.
inline std::string unrepeated(std::string_view text) {
    std::string out;
    size_t spaces = 0;
    while (!text.empty()) {
        const size_t end = std::min(text.find_first_of("\r\n"), text.size() - 1);
        const std::string_view line = text.substr(0, end + 1);
        text.remove_prefix(line.size());
        const size_t open = line.find('{');
        const std::string_view before = line.substr(0, std::min(open, line.size()));
        const bool event =
            before == "data:" || (before.ends_with(' ') && before.find(' ') == before.size() - 1);
        if (open == std::string_view::npos || !event) {
            out.append(line);
            continue;
        }
        out.append(before).append("{").append(1 + spaces++ % 3, ' ').append(line.substr(open + 1));
    }
    return out;
}

}  // namespace weir::dialect::test
