/// Asks another model to go on where an answer broke off.
///
/// The client's request with what was said so far behind it: as the beginning of the assistant's
/// turn where the target's format knows that (Anthropic and Bedrock: a last message of the
/// assistant is continued), else as a finished turn with an instruction behind it. The result is
/// again a request in the client's dialect, to be sent or translated like any other. What the
/// client allowed to be produced is less by what has been produced.
///
/// Sources: Anthropic "Prefill Claude's response" (no white space at its end, not with thinking).
/// Pure functions, any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "dialect/names.h"
#include "json/value.h"

namespace weir::dialect {

/// The answer of this request is one text, so that two providers can share in it: not several
/// choices, no structured output, no state that only one provider has.
bool may_be_continued(Dialect dialect, Operation operation, const json::Value& request);

struct ContinuedRequest {
    std::string body;
    bool prefilled = false;  ///< no instruction: the assistant's own turn goes on
    std::string_view tail;   ///< of the text: white space at its end that was left out
};

struct SoFar {
    std::string_view text;  ///< not blank
    uint64_t tokens = 0;    ///< produced, at least about
};

/// `prefill`: the target is told by a beginning of the assistant's turn, if its format knows that.
/// `request` is one that may_be_continued().
ContinuedRequest continue_request(Dialect dialect, Operation operation, json::Value request,
                                  const SoFar& so_far, Schema target, bool prefill);

}  // namespace weir::dialect
