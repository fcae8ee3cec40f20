#include "credential/token_source.h"

#include <fmt/format.h>

#include "credential/bedrock_signature.h"

namespace weir::credential {
namespace {

std::unexpected<Error> unavailable(const TokenSource& source, std::string_view why) {
    return fail(codes::credential_unavailable, fmt::format("{}: {}", source.description(), why));
}

/// Calls `use` with the current token if it is valid at `now`.
template <class Use>
Result<void> with_valid(const TokenSource& source, WallTime now, Use&& use) {
    return source.slot().with([&](const Issued* issued) -> Result<void> {
        if (!issued) return unavailable(source, "no token has been issued yet");
        if (issued->expires <= now)
            return unavailable(source, "the token has ended and its issuer gives no new one");
        return use(*issued);
    });
}

class BearerFrom final : public Credential {
public:
    explicit BearerFrom(std::shared_ptr<TokenSource> source)
        : Credential(source->description()), source_(std::move(source)) {}
    Result<void> apply(const RequestToSign& request, HeaderSink& headers) const override {
        return with_valid(*source_, request.now, [&](const Issued& issued) -> Result<void> {
            headers.add("authorization", issued.authorization.reveal());
            return {};
        });
    }

private:
    std::shared_ptr<TokenSource> source_;
};

class SigV4From final : public Credential {
public:
    SigV4From(std::shared_ptr<TokenSource> source, std::string region)
        : Credential(source->description()),
          source_(std::move(source)),
          region_(std::move(region)) {}
    bool needs_body() const override { return true; }
    Result<void> apply(const RequestToSign& request, HeaderSink& headers) const override {
        return with_valid(*source_, request.now, [&](const Issued& issued) -> Result<void> {
            if (!issued.keys) return unavailable(*source_, "the issuer gave no AWS keys");
            return sign_bedrock(*issued.keys, region_, nullptr, description(), request, headers);
        });
    }

private:
    std::shared_ptr<TokenSource> source_;
    std::string region_;
};

}  // namespace

std::unique_ptr<Credential> bearer_from(std::shared_ptr<TokenSource> source) {
    return std::make_unique<BearerFrom>(std::move(source));
}

std::unique_ptr<Credential> sigv4_from(std::shared_ptr<TokenSource> source, std::string region) {
    return std::make_unique<SigV4From>(std::move(source), std::move(region));
}

}  // namespace weir::credential
