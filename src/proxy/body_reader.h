/// A provider's body, pulled piece by piece, with its content-encoding undone.
#pragma once
#include <memory>

#include "http/client.h"
#include "proxy/content_decoder.h"

namespace weir::proxy {

class BodyReader {
public:
    /// `decoder` may be null. The exchange must outlive the reader. `early`: what of the body has
    /// been read already (then there is no decoder); it comes first.
    BodyReader(http::ClientExchange& upstream, std::unique_ptr<ContentDecoder> decoder,
               std::string early = {})
        : upstream_(upstream), decoder_(std::move(decoder)), early_(std::move(early)) {}

    /// The next piece, valid until the next call; empty at the end. Errors as ClientExchange's, and
    /// upstream.protocol or upstream.truncated for a damaged encoding.
    net::Task<Result<std::string_view>> next(net::TimePoint deadline);
    /// No piece is left, known without waiting.
    bool done() const {
        return upstream_.body_done() && input_.empty() && !decoder_ &&
               (early_.empty() || early_given_);
    }
    bool decodes() const { return decoder_ != nullptr; }

private:
    http::ClientExchange& upstream_;
    std::unique_ptr<ContentDecoder> decoder_;
    std::string_view input_;
    std::string early_;
    bool early_given_ = false;
};

}  // namespace weir::proxy
