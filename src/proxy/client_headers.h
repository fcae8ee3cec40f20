/// The client's own headers as matchers ask for them. The model header is never the client's.
#pragma once
#include "http/message.h"
#include "route/matcher.h"

namespace weir::proxy {

/// A view; the headers outlive it.
class ClientHeaders final : public route::HeaderLookup {
public:
    explicit ClientHeaders(const http::Headers& headers) : headers_(headers) {}
    std::optional<std::string_view> find(std::string_view name) const override {
        if (name == route::kModelHeader) return std::nullopt;
        const http::HeaderField* field = headers_.find(name);
        return field ? std::optional(field->value) : std::nullopt;
    }

private:
    const http::Headers& headers_;
};

}  // namespace weir::proxy
