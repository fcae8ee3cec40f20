/// Where the content of a stream begins, so that what comes before it can be held back.
///
/// A provider that fails before its first token has told the client nothing that another provider
/// could not tell as well. So the relay keeps a pass-through stream's events to itself until this
/// says that content has begun: a token, a part of a tool call or of reasoning, or a reason to
/// stop. Roles, empty deltas, pings and `message_start` are no content.
///
///     FirstContent first({Dialect::openai, Operation::chat});
///     switch (first.look(whole_events)) { … }
///
/// Parses each event until the first content only. Threads: one stream, one thread.
#pragma once
#include <string_view>

#include "dialect/names.h"

namespace weir::dialect {

class FirstContent {
public:
    enum class Seen : uint8_t {
        nothing,  ///< yet
        content,
        garbage,  ///< an event whose data is no JSON
    };

    FirstContent(Dialect dialect, Operation operation) : dialect_(dialect), operation_(operation) {}

    /// The next events, whole ones; a piece of an event counts as content.
    Seen look(std::string_view events);

private:
    Seen judge(std::string_view data) const;
    Dialect dialect_;
    Operation operation_;
};

}  // namespace weir::dialect
