/// Which header fields cross the gateway, in either direction.
///
/// Towards a provider: everything the client sent but what concerns one connection, what is the
/// client's own credential or cookie, what only gateways may say, and what Weir says itself.
/// Towards a client: everything but what concerns one connection, the provider's cookies and
/// gateway headers. Pure functions; any thread.
#pragma once
#include <string>

#include "dialect/names.h"
#include "http/message.h"

namespace weir::proxy {

/// `target` is the wire format of the provider: fields of another vendor's API (anthropic-beta,
/// openai-project, x-goog-user-project) go only to a provider that speaks that dialect.
bool forwards_to_provider(std::string_view name, dialect::Dialect target);

/// False also for Content-Length and Content-Encoding-dependent fields, which the relay sets
/// itself.
bool forwards_to_client(std::string_view name);

/// True if the message's Connection field names tokens other than close and keep-alive, so that
/// each field must be compared with it.
bool names_extra_hops(const http::Headers& headers);

/// `query` has a parameter of that name and value, both as written.
bool names_parameter(std::string_view query, std::string_view name, std::string_view value);

/// What of a client's query a provider gets: of Gemini's clients neither their key nor `alt`.
std::string forwarded_query(std::string_view query, dialect::Dialect client);

/// A client's x-request-id may be kept: 1 to 128 visible ASCII characters without quotes or commas.
bool acceptable_request_id(std::string_view id);

}  // namespace weir::proxy
