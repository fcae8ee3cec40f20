#include "dialect/stream_decoder.h"

#include "base/ascii.h"

namespace weir::dialect {

void StreamDecoder::repeat(const Event& delta, const json::Value*, EventSink& sink) {
    sink.on(delta);
}

void StreamDecoder::end(EventSink& sink) {
    if (ended) return;
    ended = true;
    sink.on({.kind = Event::Kind::end});
}

std::unexpected<Error> StreamDecoder::report(ProviderError error) {
    std::string detail = "the provider reported " + (error.type.empty() ? "an error" : error.type);
    if (error.status == 0) error.status = status_of_error_type(error.type);
    provider_error = std::move(error);
    return fail(codes::upstream_error, std::move(detail));
}

int status_of_error_type(std::string_view type) {
    struct Row {
        std::string_view type;
        int status;
    };
    // Anthropic "Errors"; Bedrock Runtime API reference, ConverseStream (upper or lower first
    // letter).
    static constexpr Row kRows[] = {
        {"invalid_request_error", 400},
        {"authentication_error", 401},
        {"billing_error", 402},
        {"permission_error", 403},
        {"not_found_error", 404},
        {"request_too_large", 413},
        {"rate_limit_error", 429},
        {"api_error", 500},
        {"timeout_error", 504},
        {"overloaded_error", 529},
        {"validationException", 400},
        {"accessDeniedException", 403},
        {"resourceNotFoundException", 404},
        {"modelTimeoutException", 408},
        {"modelErrorException", 424},
        {"modelStreamErrorException", 424},
        {"throttlingException", 429},
        {"modelNotReadyException", 429},
        {"serviceQuotaExceededException", 400},
        {"internalServerException", 500},
        {"serviceUnavailableException", 503},
        {"server_error", 500},
        {"insufficient_quota", 429},
        {"rate_limit_exceeded", 429},
    };
    for (const auto& row : kRows)
        if (iequals(row.type, type)) return row.status;
    return 0;
}

}  // namespace weir::dialect
