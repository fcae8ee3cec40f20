#include "credential/bedrock_signature.h"

#include <fmt/format.h>

#include <span>

namespace weir::credential {

namespace {
constexpr std::string_view kBedrockService = "bedrock";
}

SigningKeys::~SigningKeys() {
    const Entry* entry = newest_.load(std::memory_order_acquire);
    while (entry) {
        const Entry* older = entry->older;
        delete entry;
        entry = older;
    }
}

const Secret& SigningKeys::get(const AwsCredentials& credentials, std::string_view date,
                               const SigningScope& scope) const {
    const Entry* newest = newest_.load(std::memory_order_acquire);
    for (const Entry* entry = newest; entry; entry = entry->older)
        if (entry->date == date && entry->region == scope.region) return entry->key;
    auto* entry = new Entry{std::string(date), std::string(scope.region),
                            derive_signing_key(credentials, date, scope), newest};
    while (!newest_.compare_exchange_weak(entry->older, entry, std::memory_order_acq_rel)) {
    }
    return entry->key;
}

Result<void> sign_bedrock(const AwsCredentials& credentials, std::string_view region,
                          const SigningKeys* keys, std::string_view description,
                          const RequestToSign& request, HeaderSink& headers) {
    const SigningScope scope{region.empty() ? bedrock_region(request.host) : region,
                             kBedrockService};
    if (scope.region.empty())
        return fail(codes::credential_invalid,
                    fmt::format("{}: no region is configured and host {} names none", description,
                                request.host));
    const std::string timestamp = amz_timestamp(request.now);
    const std::string_view date = std::string_view(timestamp).substr(0, 8);
    Secret own;
    if (!keys) own = derive_signing_key(credentials, date, scope);
    const Secret& key = keys ? keys->get(credentials, date, scope) : own;
    const SignedHeader host{"host", request.host};
    const SignedRequest result =
        sign({request.method, request.target, std::span(&host, 1), request.body}, credentials, key,
             scope, timestamp);
    for (const auto& [name, value] : result.headers)
        headers.add(name, value);
    return {};
}

}  // namespace weir::credential
