/// What the mock provider is told to do besides answering: delays, faults, sizes.
///
/// Actions come from request headers (`x-mock-NAME: value`) and from the rules of a script; the
/// names and values are the same in both, and a header wins over a rule. docs/mock.md lists them
/// for users. A Script is immutable but for its rules' counters (`nth`), which are atomic, so that
/// one Script serves all workers.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/value.h"

namespace weir::mock {

/// A request's `x-mock-` headers are looked up through this: value of a name, or empty.
using HeaderLookup = std::function<std::string_view(std::string_view name)>;

/// Counts a fault comes after: events of a stream, bytes of a whole answer's body.
using After = std::optional<uint64_t>;

struct Actions {
    std::chrono::milliseconds delay{0};  ///< delay-ms: before the first byte of the answer
    std::chrono::milliseconds pace{0};   ///< pace-ms: between the events of a stream
    After stall_after;                   ///< stall-after: then silence, until the client goes away
    After reset_after;                   ///< reset-after: then the connection is reset (RST)
    After cut_after;      ///< cut-after: then it is closed (FIN), the answer unfinished
    After error_after;    ///< error-after: then an error event of the dialect, and a clean end
    After garbage_after;  ///< garbage: N: then bytes that are no event (or no JSON)
    bool garbage_head = false;        ///< garbage: head: the answer's first line is no HTTP
    bool no_terminal = false;         ///< no-terminal: a clean end without the terminal event
    int status = 0;                   ///< status: an error answer of the dialect with that status
    std::string retry_after;          ///< retry-after: that header, with status
    std::optional<std::string> text;  ///< text: the answer's text
    uint64_t events = 0;              ///< events: the text comes in that many pieces
    uint64_t body_bytes = 0;          ///< body-bytes: the text has that many bytes
    uint64_t slow_read = 0;           ///< slow-read: bytes a second that the request is read at
    std::optional<int64_t>
        input;  ///< usage: "input=100,output=20,cached=50,creation=0,reasoning=5"
    std::optional<int64_t> output;
    std::optional<int64_t> cached;
    std::optional<int64_t> creation;
    std::optional<int64_t> reasoning;
};

/// Every name, without "x-mock-".
const std::vector<std::string_view>& action_names();
/// Sets one. Fails with body.invalid if the name is unknown or the value makes no sense.
Result<void> set_action(Actions& actions, std::string_view name, std::string_view value);

class Script {
public:
    /// Answers plainly.
    Script() = default;
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    /// {"rules":[{"match":{…},"then":{…}},…]}; see docs/mock.md. Fails with config.invalid, naming
    /// the place.
    static Result<std::shared_ptr<const Script>> from(const json::Value& document);
    /// The same as JSON text.
    static Result<std::shared_ptr<const Script>> parse(std::string_view text);

    /// The actions of the first rule that matches, then (if `asked`: there are any) those of the
    /// headers. Counts the request for `nth`. Fails with body.invalid.
    Result<Actions> actions(std::string_view path, std::string_view model,
                            const HeaderLookup& header, bool asked = true) const;
    /// How fast to read a request whose body is not known yet: its header, or the first rule that
    /// says so and asks for neither model nor nth. 0: as fast as it comes.
    uint64_t slow_read(std::string_view path, const HeaderLookup& header) const;

private:
    struct Rule {
        std::string path;   // with '*' at either end; empty: any
        std::string model;  // likewise
        std::vector<std::pair<std::string, std::string>> headers;
        std::vector<uint64_t> nth;  // empty: every
        Actions then;
        mutable std::atomic<uint64_t> seen{0};
        bool fits(std::string_view path, const HeaderLookup& header) const;
    };
    static Result<void> read_match(const json::Value& match, const std::string& place, Rule& rule);
    static Result<std::unique_ptr<Rule>> read_rule(const json::Value& value,
                                                   const std::string& place);
    std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace weir::mock
