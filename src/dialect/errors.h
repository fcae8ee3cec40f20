/// One table: each failure's body in each client dialect.
///
/// Status comes from the Code itself; this room adds the dialect's words for it. What a client
/// reads is the Error's detail for faults of the client and of policy, and a fixed sentence for the
/// provider's and our own (their details are for operators). Pure functions; any thread.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "dialect/names.h"

namespace weir::dialect {

/// The dialect's own words for a Code.
struct ErrorWords {
    std::string_view
        type;  ///< OpenAI, Anthropic `error.type`; Gemini `error.status`; Bedrock exception name
    std::string_view code;     ///< OpenAI `error.code`
    std::string_view message;  ///< what a client reads when the detail is not for it
};
/// Total over kAllCodes (a test proves it).
ErrorWords error_words(Dialect dialect, const Code& code);

/// `type` if the Messages API knows it, else upstream's word for the status.
std::string_view anthropic_error_type(std::string_view type, int status);

/// The same for Google's google.rpc.Code ("INVALID_ARGUMENT") and Bedrock's exceptions
/// ("ValidationException"). Views into `type` or constants.
std::string_view google_status(std::string_view type, int status);
std::string_view bedrock_exception(std::string_view type, int status);

/// The text a client may read about this error.
std::string public_message(const Error& error);

/// The whole JSON body.
///   openai:    {"error":{"message":…,"type":…,"param":null,"code":…}}
///   anthropic: {"type":"error","error":{"type":…,"message":…}}, and where its SDKs act on it
///              "details":{"error_code":…}
///   gemini:    {"error":{"code":404,"message":…,"status":…}}
///   bedrock, cohere: {"message":…}
std::string encode_error(Dialect dialect, const Error& error);
/// For a failure that has its own words (a policy's message, a translated provider error).
std::string encode_error(Dialect dialect, int status, std::string_view type, std::string_view code,
                         std::string_view message);

}  // namespace weir::dialect
