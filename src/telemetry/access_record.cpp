#include "telemetry/access_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

#include "telemetry/utf8.h"

namespace weir::telemetry {
namespace {

// What a byte needs inside a JSON string: 0 nothing, 'u' \u00XX, '8' a look at UTF-8, else the
// letter after the backslash (RFC 8259 §7).
constexpr std::array<char, 256> kEscapes = [] {
    std::array<char, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c)
        table[c] = 'u';
    for (std::size_t c = 0x80; c < 0x100; ++c)
        table[c] = '8';
    table[0x7F] = 'u';
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}();

constexpr std::size_t kWorstByte = 6;    // \u00XX
constexpr std::size_t kNumberRoom = 24;  // digits of any integer, and a fraction

/// How many bytes at the front of `text` need no escape.
std::size_t plain_size(std::string_view text) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    constexpr uint64_t kHigh = 0x8080808080808080;
    auto has_zero = [](uint64_t w) { return (w - kOnes) & ~w & kHigh; };
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        // Any byte over 0x7E, under 0x20, a quote or a backslash. (A false alarm costs time only.)
        if (((word | (word + kOnes)) & kHigh) | ((word - kOnes * 0x20) & kHigh) |
            has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')))
            break;
    }
    while (at < text.size() && kEscapes[static_cast<unsigned char>(text[at])] == 0)
        ++at;
    return at;
}

/// Writes members of one object into a string whose size is the capacity in use.
class Line {
public:
    explicit Line(std::string& out) : out_(out), at_(0) {}

    void raw(std::string_view text) {
        room(text.size());
        put(text);
    }
    /// `name` is the member's beginning as it stands in the line: `,"name":`.
    void text(std::string_view name, std::string_view value) {
        if (value.empty()) return;
        value = value.substr(0, kMaxText);
        room(name.size() + 2 + value.size() * kWorstByte);
        put(name);
        put_quoted(value);
    }
    void integer(std::string_view name, std::optional<int64_t> value) {
        if (!value) return;
        room(name.size() + kNumberRoom);
        put(name);
        put_integer(*value);
    }
    /// Milliseconds with three digits after the point.
    void milliseconds(std::string_view name, std::optional<std::chrono::nanoseconds> value) {
        if (!value) return;
        room(name.size() + kNumberRoom);
        put(name);
        int64_t micros = std::max<int64_t>(
            0, std::chrono::duration_cast<std::chrono::microseconds>(*value).count());
        put_integer(micros / 1000);
        auto rest = static_cast<int>(micros % 1000);
        const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                               static_cast<char>('0' + rest / 10 % 10),
                               static_cast<char>('0' + rest % 10)};
        put({digits, sizeof digits});
    }
    void texts(std::string_view name, std::span<const std::string> values) {
        if (values.empty()) return;
        values = values.first(std::min<std::size_t>(values.size(), 16));
        raw(name);
        char separator = '[';
        for (std::string_view value : values) {
            value = value.substr(0, kMaxText);
            room(3 + value.size() * kWorstByte);
            out_[at_++] = separator;
            separator = ',';
            put_quoted(value);
        }
        raw("]");
    }
    std::string_view view() const { return {out_.data(), at_}; }

private:
    void room(std::size_t size) {
        if (out_.size() - at_ < size) out_.resize(std::max(out_.size() * 2, at_ + size));
    }
    void put(std::string_view text) {
        std::memcpy(out_.data() + at_, text.data(), text.size());
        at_ += text.size();
    }
    void put_integer(int64_t value) {
        auto [end, error] = std::to_chars(out_.data() + at_, out_.data() + out_.size(), value);
        at_ = static_cast<std::size_t>(end - out_.data());
    }
    void put_quoted(std::string_view text) {
        out_[at_++] = '"';
        while (true) {
            std::size_t size = plain_size(text);
            put(text.substr(0, size));
            text.remove_prefix(size);
            if (text.empty()) break;
            text.remove_prefix(put_escaped(text));
        }
        out_[at_++] = '"';
    }
    /// One character of `text`; returns how many bytes it was.
    std::size_t put_escaped(std::string_view text) {
        char c = text.front();
        char escape = kEscapes[static_cast<unsigned char>(c)];
        if (escape == 0) {
            out_[at_++] = c;
            return 1;
        }
        if (escape == '8') {
            std::size_t size = utf8_sequence(text);
            put(size ? text.substr(0, size) : kReplacement);
            return size ? size : 1;
        }
        out_[at_++] = '\\';
        out_[at_++] = escape;
        if (escape == 'u') {
            constexpr std::string_view kHex = "0123456789abcdef";
            auto byte = static_cast<unsigned char>(c);
            const char digits[] = {'0', '0', kHex[byte >> 4], kHex[byte & 15]};
            put({digits, sizeof digits});
        }
        return 1;
    }

    std::string& out_;
    std::size_t at_;
};

void put_limit(Line& line, const AccessRecord& r) {
    if (r.limit_rule.empty()) return;
    line.text(",\"weir.limit.rule\":", r.limit_rule);
    line.integer(",\"weir.limit.reserved\":", static_cast<int64_t>(r.limit_reserved));
    line.integer(",\"weir.limit.charged\":", static_cast<int64_t>(r.limit_charged));
    line.integer(",\"weir.limit.remaining\":", static_cast<int64_t>(r.limit_remaining));
    if (r.limit_estimated) line.raw(",\"weir.limit.estimated\":true");
}

void put_connection(Line& line, const AccessRecord& r) {
    line.text(",\"downstream_direct_remote_address\":", r.direct_address);
    line.text(",\"requested_server_name\":", r.tls_server_name);
    line.text(",\"downstream_tls_version\":", r.tls_version);
    line.text(",\"downstream_tls_cipher\":", r.tls_cipher);
    line.text(",\"downstream_peer_subject\":", r.peer_subject);
    line.text(",\"downstream_peer_fingerprint_256\":", r.peer_fingerprint);
    line.texts(",\"downstream_peer_uri_san\":", r.peer_uris);
    line.texts(",\"downstream_peer_dns_san\":", r.peer_dns_names);
}

void put_gen_ai(Line& line, const AccessRecord& r) {
    line.text(",\"gen_ai.operation.name\":", r.operation);
    line.text(",\"gen_ai.provider.name\":", r.provider);
    line.text(",\"gen_ai.original.model\":", r.original_model);
    line.text(",\"gen_ai.request.model\":", r.request_model);
    line.text(",\"gen_ai.response.model\":", r.response_model);
    line.text(",\"gen_ai.response.id\":", r.response_id);
    line.texts(",\"gen_ai.response.finish_reasons\":", r.finish_reasons);
    line.integer(",\"gen_ai.usage.input_tokens\":", r.input_tokens);
    line.integer(",\"gen_ai.usage.output_tokens\":", r.output_tokens);
    line.integer(",\"gen_ai.usage.cache_read.input_tokens\":", r.cache_read_tokens);
    line.integer(",\"gen_ai.usage.cache_creation.input_tokens\":", r.cache_creation_tokens);
    line.integer(",\"gen_ai.usage.reasoning.output_tokens\":", r.reasoning_tokens);
}

/// What came of attempts beside the last one.
void put_attempts(Line& line, const AccessRecord& r) {
    if (r.continuations > 0) line.integer(",\"weir.continuations\":", r.continuations);
    if (r.hedges > 0) line.integer(",\"weir.hedges\":", r.hedges);
    if (r.discarded_input == 0 && r.discarded_output == 0) return;
    line.integer(",\"weir.discarded.input_tokens\":", r.discarded_input);
    line.integer(",\"weir.discarded.output_tokens\":", r.discarded_output);
    if (r.discarded_estimated) line.raw(",\"weir.discarded.estimated\":true");
}

}  // namespace

void AccessLine::put_time(std::chrono::system_clock::time_point time) {
    auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
    int64_t second = since >= 0 ? since / 1000 : 0;
    if (second != second_) {
        second_ = second;
        auto value = static_cast<std::time_t>(second);
        std::tm parts{};
        ::gmtime_r(&value, &parts);
        std::strftime(second_text_, sizeof second_text_, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    auto millis = static_cast<int>(since >= 0 ? since % 1000 : 0);
    const char rest[] = {'.',
                         static_cast<char>('0' + millis / 100),
                         static_cast<char>('0' + millis / 10 % 10),
                         static_cast<char>('0' + millis % 10),
                         'Z',
                         '"'};
    time_text_.assign("{\"time\":\"").append(second_text_).append(rest, sizeof rest);
}

std::string_view AccessLine::format(const AccessRecord& r) {
    put_time(r.time);
    Line line(out_);
    line.raw(time_text_);
    line.text(",\"request_id\":", r.request_id);
    line.text(",\"weir.listener\":", r.listener);
    line.text(",\"client.address\":", r.client_address);
    line.text(",\"weir.principal\":", r.principal);
    if (!r.direct_address.empty() || !r.tls_version.empty()) put_connection(line, r);
    line.text(",\"user_agent.original\":", r.user_agent);
    line.text(",\"session.id\":", r.session_id);
    line.text(",\"http.request.method\":", r.method);
    line.text(",\"url.path\":", r.path.substr(0, r.path.find('?')));
    line.integer(",\"http.response.status_code\":", r.status);
    line.milliseconds(",\"weir.duration_ms\":", r.duration);
    line.milliseconds(",\"weir.time_to_first_token_ms\":", r.time_to_first_token);
    line.integer(",\"http.request.body.size\":", static_cast<int64_t>(r.request_bytes));
    line.integer(",\"http.response.body.size\":", static_cast<int64_t>(r.response_bytes));
    put_gen_ai(line, r);
    line.text(",\"error.type\":", r.error_type);
    line.text(",\"weir.fault\":", r.fault);
    line.text(",\"weir.route\":", r.route);
    line.text(",\"weir.rule\":", r.rule);
    line.text(",\"weir.backend\":", r.backend);
    line.text(",\"weir.upstream.address\":", r.upstream_address);
    if (r.attempts > 0) line.integer(",\"weir.attempts\":", r.attempts);
    if (r.streamed) line.raw(",\"weir.stream\":true");
    line.text(",\"weir.attempt_list\":", r.attempt_list);
    put_attempts(line, r);
    line.text(",\"weir.dropped\":", r.dropped);
    put_limit(line, r);
    line.raw("}\n");
    return line.view();
}

}  // namespace weir::telemetry
