#include "proxy/body_reader.h"

namespace weir::proxy {

net::Task<Result<std::string_view>> BodyReader::next(net::TimePoint deadline) {
    if (!early_.empty() && !early_given_) {
        early_given_ = true;
        co_return early_;
    }
    while (true) {
        if (decoder_) {
            WEIR_CO_TRY(std::string_view decoded, decoder_->decode(input_));
            if (!decoded.empty()) co_return decoded;
        }
        WEIR_CO_TRY(std::string_view piece, co_await upstream_.read_body(deadline));
        if (!decoder_) co_return piece;
        if (piece.empty()) {
            if (!decoder_->complete())
                co_return fail(codes::upstream_truncated, "the compressed body is not complete");
            co_return piece;
        }
        input_ = piece;
    }
}

}  // namespace weir::proxy
