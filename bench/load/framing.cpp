#include "framing.h"

#include <strings.h>

#include <charconv>

namespace weir::bench {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view header(std::string_view head, std::string_view name) {
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos && at + 2 < head.size()) {
        at += 2;
        const auto end = head.find("\r\n", at);
        const auto line = head.substr(at, end - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            same_ignoring_case(line.substr(0, name.size()), name)) {
            const auto value = line.substr(name.size() + 1);
            const auto first = value.find_first_not_of(' ');
            return first == std::string_view::npos ? std::string_view() : value.substr(first);
        }
        at = end;
    }
    return {};
}

int status_of(std::string_view head) {
    int status = 0;
    if (head.starts_with("HTTP/1.1 ") && head.size() > 12)
        std::from_chars(&head[9], &head[12], status);
    return status;
}

void MessageReader::reset() {
    state_ = State::head;
    closes_ = false;
    partial_.clear();
}

void MessageReader::fail(const char* reason) {
    state_ = State::broken;
    reason_ = reason;
}

void MessageReader::read_head(std::string_view head) {
    closes_ = same_ignoring_case(header(head, "connection"), "close");
    if (same_ignoring_case(header(head, "transfer-encoding"), "chunked")) {
        state_ = State::chunk_size;
        return;
    }
    const auto length = header(head, "content-length");
    left_ = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), left_);
    if (length.empty() && !head.starts_with("HTTP/"))
        left_ = 0;  // a request without either has no body
    else if (length.empty())
        return fail("response without Content-Length or chunks");
    else if (error != std::errc() || end != length.data() + length.size())
        return fail("bad Content-Length");
    state_ = State::sized;
}

bool MessageReader::take_line(std::string_view in, std::size_t& at, std::string_view& line) {
    const auto end = in.find('\n', at);
    const auto piece = in.substr(at, end == std::string_view::npos ? end : end - at);
    at = end == std::string_view::npos ? in.size() : end + 1;
    if (end == std::string_view::npos) {
        partial_.append(piece);
        if (partial_.size() > 4096) fail("endless line in chunk framing");
        return false;
    }
    line = piece;
    if (!partial_.empty()) {
        complete_ = partial_.append(piece);
        partial_.clear();
        line = complete_;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
}

void MessageReader::take_size(std::string_view line) {
    left_ = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    const bool extension = end != line.data() + line.size() && *end == ';';
    if (error != std::errc() || (end != line.data() + line.size() && !extension))
        return fail("bad chunk size");
    state_ = left_ == 0 ? State::trailers : State::chunk_data;
}

}  // namespace weir::bench
