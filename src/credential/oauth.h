/// The text of token requests and their answers: forms, JSON Web Tokens, OAuth 2.0 answers.
///
/// Sources: RFC 6749 §4.4 (client credentials) and §5.1, §5.2 (answers), RFC 7523 (JWT bearer
/// grant), RFC 7515 and RFC 7518 §3.3 (RS256). Errors repeat an issuer's error and description,
/// shortened, never what was sent to it. Threads: pure functions.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "credential/http_caller.h"
#include "credential/issued.h"
#include "json/value.h"

namespace weir::credential {

/// application/x-www-form-urlencoded.
Secret form(const std::vector<std::pair<std::string_view, std::string_view>>& fields);
/// A POST of a form.
HttpCall form_call(std::string url, Secret body);

/// Base64 with - and _ and without padding (RFC 7515 §2).
std::string base64url(std::string_view bytes);
/// A compact JWS over `claims`, RS256. `key` is a PEM private key, PKCS #8 or PKCS #1. Fails with
/// credential.invalid if it is not an RSA key of at least 2048 bits.
Result<Secret> signed_jwt(const json::Value& claims, std::string_view key_id, const Secret& key);
/// Whether `key` can sign.
Result<void> check_rsa_key(const Secret& key);

/// The JSON object of an answer with status 2xx; else credential.invalid with the issuer's reason.
/// `issuer` names it in errors.
Result<json::Value> answer_object(const HttpReply& reply, std::string_view issuer);
/// access_token and expires_in of an OAuth 2.0 answer (RFC 6749 §5.1).
Result<Issued> oauth_token(const HttpReply& reply, std::string_view issuer, WallTime now);
/// "2026-11-27T15:04:05Z", fractions allowed (RFC 3339, UTC).
Result<WallTime> parse_utc(std::string_view text);

}  // namespace weir::credential
