#include "dialect/gemini/media.h"

#include "base/encoding.h"

namespace weir::dialect::gemini {
namespace {

struct MimeType {
    std::string_view ending;
    std::string_view mime;
};
constexpr MimeType kMimeTypes[] = {
    {".png", "image/png"},       {".gif", "image/gif"},   {".webp", "image/webp"},
    {".heic", "image/heic"},     {".heif", "image/heif"}, {".bmp", "image/bmp"},
    {".pdf", "application/pdf"}, {".mp3", "audio/mp3"},   {".wav", "audio/wav"},
    {".mp4", "video/mp4"},       {".txt", "text/plain"}};

// Google wants the type of what it shall fetch.
std::string_view mime_of_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    for (const auto& row : kMimeTypes)
        if (url.ends_with(row.ending)) return row.mime;
    return "image/jpeg";
}

}  // namespace

Result<void> write_media_member(Writer& w, const Media& media, std::string where) {
    const std::string_view mime = media.mime;
    if (!media.url.empty()) {
        w.key("fileData").begin_object();
        w.key("mimeType").string(mime.empty() ? mime_of_url(media.url) : mime);
        w.key("fileUri").string(media.url).end_object();
        return {};
    }
    if (media.data.empty() || mime.find('/') == std::string_view::npos)
        return fail(codes::dialect_request,
                    std::move(where.append(": must be data:TYPE;base64,DATA or a URL")));
    w.key("inlineData").begin_object();
    w.key("mimeType").string(mime);
    w.key("data").string(media.plain ? base64_encode(media.data) : media.data).end_object();
    return {};
}

}  // namespace weir::dialect::gemini
