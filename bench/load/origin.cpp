#include "origin.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace weir::bench {
namespace {

constexpr std::uint64_t kListener = ~0ULL;

std::string chunk(std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string sized_response(std::string_view status, std::string_view body) {
    return fmt::format(
        "HTTP/1.1 {}\r\nDate: Fri, 10 Oct 2025 08:00:00 GMT\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\nopenai-processing-ms: 412\r\nopenai-version: 2020-10-01\r\n"
        "x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999700\r\n"
        "x-request-id: req_4f0d5c7be1a94d39a7\r\n\r\n{}",
        status, body.size(), body);
}

std::string stream_head(Dialect dialect) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nDate: Fri, 10 Oct 2025 08:00:00 GMT\r\nContent-Type: {}\r\n"
        "Transfer-Encoding: chunked\r\nCache-Control: no-cache\r\nopenai-processing-ms: 412\r\n"
        "openai-version: 2020-10-01\r\nx-request-id: req_4f0d5c7be1a94d39a7\r\n\r\n",
        dialect == Dialect::bedrock ? "application/vnd.amazon.eventstream"
                                    : "text/event-stream; charset=utf-8");
}

/// What a request asks for, found without parsing: the requests are ours.
struct Asked {
    Dialect dialect = Dialect::openai;
    std::string_view model;
    bool streamed = false;
    bool allowed = false;
    bool known = false;  ///< there is such a path
};

std::string error_body(std::string_view message) {
    return fmt::format(
        R"({{"error":{{"message":"{}","type":"invalid_request_error","param":null,"code":null}}}})",
        message);
}

/// The value of the body's "model".
std::string_view model_of(std::string_view body) {
    constexpr std::string_view kKey = "\"model\":\"";
    const auto at = body.find(kKey);
    if (at == std::string_view::npos) return {};
    const auto begin = at + kKey.size();
    return body.substr(begin, body.find('"', begin) - begin);
}

Asked read_request(std::string_view head, std::string_view body, std::string_view key) {
    std::string_view path = head.substr(0, head.find(" HTTP/"));
    const auto take = [&](std::string_view start) {
        if (!path.starts_with(start)) return false;
        path.remove_prefix(start.size());
        return true;
    };
    Asked out{.model = model_of(body),
              .streamed = body.find("\"stream\":true") != std::string_view::npos,
              .known = true};
    std::string_view credential = header(head, "authorization");
    if (take("POST /v1beta/models/")) {
        out.dialect = Dialect::gemini;
        const auto verb = path.find(':');
        out.model = path.substr(0, verb);
        out.streamed = path.substr(std::min(verb, path.size())).starts_with(":stream");
        credential = header(head, "x-goog-api-key");
    } else if (take("POST /model/")) {
        out.dialect = Dialect::bedrock;
        out.model = path.substr(0, path.find('/'));
        out.streamed = path.ends_with("/converse-stream");
        out.allowed = credential.starts_with("AWS4-HMAC-SHA256 Credential=") &&
                      credential.find("Signature=") != std::string_view::npos;
        return out;
    } else if (take("POST /v1/messages")) {
        out.dialect = Dialect::anthropic;
        credential = header(head, "x-api-key");
    } else {
        out.known = take("POST /v1/chat/completions");
    }
    if (credential.starts_with("Bearer ")) credential.remove_prefix(7);
    out.allowed = credential == key;
    return out;
}

}  // namespace

Origin::Origin(const sockaddr_in& address, std::string key)
    : listener_(listen_on(address)), key_(std::move(key)), buffer_(256 * 1024) {
    poller_.add(listener_, EPOLLIN, kListener);
}

void Origin::run(const volatile std::sig_atomic_t& stop) {
    while (stop == 0) {
        const auto until =
            beats_.empty() ? Steady::now() + std::chrono::seconds(1) : beats_.top().due;
        for (const auto& event : poller_.wait(until)) {
            if (event.data.u64 == kListener) {
                accept_all();
                continue;
            }
            const auto slot = static_cast<std::size_t>(event.data.u64);
            if (connections_[slot] && (event.events & EPOLLOUT) != 0) flush(slot);
            if (connections_[slot] && (event.events & ~EPOLLOUT) != 0) read_from(slot);
        }
        play_due_beats();
    }
}

void Origin::accept_all() {
    while (Fd fd = accept_from(listener_)) {
        const auto slot = static_cast<std::size_t>(fd.get());
        if (connections_.size() <= slot) connections_.resize(slot + 1);
        poller_.add(fd, EPOLLIN, slot);
        connections_[slot] = std::make_unique<Connection>();
        connections_[slot]->fd = std::move(fd);
        connections_[slot]->serial = ++serials_;
    }
}

void Origin::read_from(std::size_t slot) {
    auto& connection = *connections_[slot];
    const auto n = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return close(slot);
    std::string_view in(buffer_.data(), static_cast<std::size_t>(n));
    while (!in.empty()) {
        in.remove_prefix(connection.reader.feed(in, connection));
        if (connection.reader.broken()) return close(slot);
        if (!connection.reader.done()) break;
        answer(slot);
        if (!connections_[slot]) return;
        connection.reader.reset();
        connection.body.clear();
    }
}

const Origin::Answer& Origin::answer_for(const Connection& connection) {
    const Asked asked = read_request(connection.head, connection.body, key_);
    const auto model = asked.model;
    const bool usage = connection.body.find("\"include_usage\":true") != std::string::npos;

    const auto name = fmt::format("{}{}{}{}{}|{}", static_cast<int>(asked.dialect), usage,
                                  asked.streamed, asked.allowed, asked.known, model);
    if (const auto found = answers_.find(name); found != answers_.end()) return found->second;
    Answer& made = answers_[name];
    const auto script = parse_script(model);
    if (!asked.allowed) {
        made.start = sized_response("401 Unauthorized", error_body("not the provider's key"));
    } else if (!asked.known) {
        made.start = sized_response("404 Not Found", error_body("no such path"));
    } else if (!script || asked.streamed != (script->kind != Script::Kind::whole)) {
        made.start = sized_response("400 Bad Request",
                                    error_body("the model's name scripts no such answer"));
    } else if (script->kind == Script::Kind::whole) {
        made.start = sized_response("200 OK", whole_answer(model, *script, asked.dialect));
    } else {
        auto stream = stream_answer(model, *script, asked.dialect, usage);
        made.pace = script->pace;
        made.start = stream_head(asked.dialect);
        if (!stream.opening.empty()) made.start += chunk(stream.opening);
        made.end = chunk(stream.closing) + "0\r\n\r\n";
        for (const auto& event : stream.content) {
            if (made.pace.count() == 0)
                made.start += chunk(event);
            else
                made.paced.push_back(chunk(event));
        }
        if (script->kind == Script::Kind::idle) made.end.clear();
        if (made.paced.empty()) made.start += std::exchange(made.end, {});
    }
    return made;
}

void Origin::answer(std::size_t slot) {
    auto& connection = *connections_[slot];
    const Answer& made = answer_for(connection);
    if (!made.paced.empty()) {
        connection.streaming = &made;
        connection.next_event = 0;
        beats_.push({Steady::now() + made.pace, slot, connection.serial});
    }
    send(slot, made.start);
}

void Origin::play_due_beats() {
    if (beats_.empty()) return;
    const auto now = Steady::now();
    while (!beats_.empty() && beats_.top().due <= now) {
        Beat due = beats_.top();
        beats_.pop();
        const auto& connection = connections_[due.slot];
        if (!connection || connection->serial != due.serial || connection->streaming == nullptr)
            continue;
        const auto pace = connection->streaming->pace;
        beat(due.slot);
        if (connection && connection->streaming != nullptr)
            beats_.push({due.due + pace, due.slot, due.serial});
    }
}

void Origin::beat(std::size_t slot) {
    auto& connection = *connections_[slot];
    const Answer& playing = *connection.streaming;
    const auto& event = playing.paced[connection.next_event++];
    if (connection.next_event < playing.paced.size()) return send(slot, event);
    connection.streaming = nullptr;
    send(slot, event + playing.end);
}

void Origin::send(std::size_t slot, std::string_view bytes) {
    auto& connection = *connections_[slot];
    if (!connection.unsent.empty()) {
        connection.unsent.append(bytes);
        return;
    }
    const auto n = ::send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return close(slot);
    bytes.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
    if (bytes.empty()) return;
    connection.unsent.assign(bytes);
    poller_.change(connection.fd, EPOLLIN | EPOLLOUT, slot);
}

void Origin::flush(std::size_t slot) {
    auto& connection = *connections_[slot];
    const auto waiting = std::exchange(connection.unsent, {});
    poller_.change(connection.fd, EPOLLIN, slot);
    send(slot, waiting);
}

void Origin::close(std::size_t slot) {
    connections_[slot].reset();
}

}  // namespace weir::bench
