/// JSON Schema → the subset of OpenAPI's schema that Gemini models before 2.5 understand.
///
/// References are put in place of what names them (a cycle has no such form and is refused), null
/// among the types becomes `nullable`, a single allOf is merged. Keywords without a word there are
/// reported as dropped. Source: Vertex AI, "Schema". Pure, any thread.
#pragma once
#include <string>

#include "dialect/encode_common.h"

namespace weir::dialect::gemini {

/// `where` is the schema's pointer in the client's body. Fails with dialect.unsupported.
Result<json::Value> to_openapi(const json::Value& schema, std::string where, Dropped& dropped);

/// The way back, for clients that write OpenAPI's: types in small letters, `nullable` as a type.
json::Value from_openapi(const json::Value& schema);

}  // namespace weir::dialect::gemini
