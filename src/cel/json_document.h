/// JSON documents as values of type dyn: claims of a token, arguments of a tool, a request's body.
///
/// A document is shown, not copied: objects are maps, arrays lists, and every number a double, as
/// protobuf's JSON values are in the language (`claims.level == 2` holds either way). The document
/// must outlive the Value. Of a key that an object has twice the first one counts.
#pragma once
#include "cel/arena.h"
#include "cel/value.h"
#include "json/value.h"

namespace weir::cel {

Value json_document(const json::Value& document, Arena& arena);

}  // namespace weir::cel
