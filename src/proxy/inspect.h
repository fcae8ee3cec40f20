/// Phase 4, inspect: what the request's body says that routing needs.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/form_scanner.h"
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
    bool form = false;         ///< the model is a field of a multipart form,
    uint64_t model_begin = 0;  ///< whose value begins here in the body
    std::string model_buffer;
    uint64_t reading = 0;  ///< the Peeker's reading that `peek` is of
};

/// Validates a JSON body whole and reads its model, or finds the `model` field of a multipart form.
/// Other content types and empty bodies are left alone. Fails with body.invalid_json,
/// body.invalid_form or body.model (all 400): two models, or one that is no string or empty.
Result<void> inspect(json::Peeker& peeker, const http::RequestHead& request, std::string_view body,
                     Inspection& out);

/// What is read as JSON. Form and plain text too: that is what curl -d and careless clients call
/// their JSON.
bool is_json(std::string_view content_type);

/// A multipart form for an operation that names its model in the body.
bool form_names_model(const http::RequestHead& request);

/// The boundary of a form. Fails with body.invalid_form.
Result<std::string> required_boundary(const http::RequestHead& request);

/// What a form says, once the scanner has found it.
void take_model(const http::FormScanner& form, Inspection& out);

}  // namespace weir::proxy
