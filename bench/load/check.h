/// Verifies one answer while it arrives: status, framing, and that nothing of the content is
/// missing or added.
///
/// Same dialect in and out: a whole answer must match byte for byte. Translated: its text, finish
/// reason and usage must be there. A stream must bring every content event with all of its text,
/// one finish reason, one end ([DONE], or message_stop for a client of Anthropic's API), and
/// nothing after. A usage chunk, which the client did not ask for, is wrong in the same dialect;
/// translations always have one. Reused for every answer of a connection; one thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "script.h"

namespace weir::bench {

/// What every answer of a run must be. Immutable, shared by all connections.
struct Expected {
    Expected(std::string_view model, const Script& script, bool translated,
             Dialect client = Dialect::openai);
    Script::Kind kind;
    bool translated;
    Dialect client;
    std::string body;          ///< whole, same dialect
    std::string text;          ///< whole, translated
    std::uint64_t events = 0;  ///< stream
    std::uint64_t text_bytes = 0;
};

class Check {
public:
    explicit Check(const Expected& expected) : expected_(&expected) {}

    void begin();
    void on_head(std::string_view head);
    void on_body(std::string_view bytes);
    /// After the last byte: what was wrong, or nothing.
    std::string_view verdict() const;
    /// Content events so far.
    std::uint64_t events() const { return events_; }

private:
    void on_event(std::string_view event);
    void on_chunk(std::string_view event);
    void on_message_event(std::string_view event);
    void complain(std::string_view what);

    const Expected* expected_;
    std::string_view wrong_;
    std::string detail_;
    std::string gathered_;  ///< a translated body, or an event that came in pieces
    std::size_t matched_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t text_bytes_ = 0;
    int finishes_ = 0;
    int dones_ = 0;
};

}  // namespace weir::bench
