/// Phase 4, inspect: what the request's body says that routing needs.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "json/peek.h"

namespace weir::proxy {

/// Views into the body, the Peeker or `model_buffer`; valid as long as those.
struct Inspection {
    bool json = false;  ///< the body is a JSON object, and `peek` describes it
    json::Peek peek{json::Kind::null, {}, {}};
    std::string_view model;  ///< empty: none was named
    bool stream = false;
    bool include_usage = false;  ///< stream_options.include_usage
    bool has_messages = false;
    std::string model_buffer;
};

/// Validates a JSON body whole and reads its model, or finds the `model` field of a multipart form.
/// Other content types and empty bodies are left alone. Fails with body.invalid_json (400) or
/// body.model (400): two models, or one that is no string or empty.
Result<void> inspect(json::Peeker& peeker, const http::RequestHead& request, std::string_view body,
                     Inspection& out);

/// The value of a form's text field (RFC 7578), or empty. `boundary` as the content type names it.
std::string_view multipart_field(std::string_view body, std::string_view boundary,
                                 std::string_view name);

/// The boundary parameter of a multipart content type, or empty.
std::string_view multipart_boundary(std::string_view content_type);

}  // namespace weir::proxy
