/// How Gemini is shown an image, a document or a sound.
#pragma once
#include <string>

#include "base/error.h"
#include "dialect/conversation.h"
#include "dialect/writer.h"

namespace weir::dialect::gemini {

/// Writes the member "inlineData" or "fileData" of an open part. `where` is the medium's pointer.
/// Fails with dialect.invalid_request.
Result<void> write_media_member(Writer& w, const Media& media, std::string where);

}  // namespace weir::dialect::gemini
