#include "proxy/inspect.h"

namespace weir::proxy {
namespace {

/// Form and plain text too: that is what curl -d and careless clients call their JSON.
bool is_json(std::string_view content_type) {
    auto type = trim(content_type.substr(0, content_type.find(';')));
    return type.empty() || iequals(type, "application/json") || iequals(type, "text/json") ||
           iequals(type, "text/plain") || iequals(type, "application/x-www-form-urlencoded") ||
           (type.size() > 5 && iequals(type.substr(type.size() - 5), "+json"));
}

Result<void> read_model(const json::Peek& peek, Inspection& out) {
    std::size_t models = peek.count("model");
    if (models == 0) return {};
    if (models > 1) return fail(codes::body_model, "the body names `model` twice; name it once");
    const json::PeekMember* model = peek.find("model");
    if (model->kind != json::Kind::string)
        return fail(codes::body_model, "`model` is not a string; write the model's name in quotes");
    out.model = model->text(out.model_buffer);
    if (out.model.empty()) return fail(codes::body_model, "`model` is empty; name a model");
    return {};
}

/// `name` of a part's Content-Disposition, or empty.
std::string_view part_name(std::string_view head) {
    auto at = head.find("name=\"");
    while (at != std::string_view::npos && at > 0 && head[at - 1] != ' ' && head[at - 1] != ';')
        at = head.find("name=\"", at + 1);
    if (at == std::string_view::npos) return {};
    auto value = head.substr(at + 6);
    return value.substr(0, value.find('"'));
}

}  // namespace

Result<void> inspect(json::Peeker& peeker, const http::RequestHead& request, std::string_view body,
                     Inspection& out) {
    std::string_view type = request.headers.value("content-type");
    if (istarts_with(type, "multipart/form-data")) {
        out.model = multipart_field(body, multipart_boundary(type), "model");
        return {};
    }
    if (!is_json(type) || (body.empty() && !iequals(request.method, "POST"))) return {};
    WEIR_TRY(out.peek, peeker.peek(body));
    if (!out.peek.is_object())
        return fail(codes::body_invalid_json, "the body is not a JSON object");
    out.json = true;
    WEIR_CHECK(read_model(out.peek, out));
    for (const auto& member : out.peek.members()) {
        if (member.is_named("stream")) out.stream = member.is_true();
        if (member.is_named("messages")) out.has_messages = true;
        if (member.is_named("stream_options") && member.kind == json::Kind::object) {
            auto asked = json::find_member(member.raw, "include_usage");
            out.include_usage = asked && asked->is_true();
        }
    }
    return {};
}

std::string_view multipart_boundary(std::string_view content_type) {
    auto at = content_type.find("boundary=");
    if (at == std::string_view::npos) return {};
    auto value = content_type.substr(at + 9);
    if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
    return trim(value.substr(0, value.find(';')));
}

std::string_view multipart_field(std::string_view body, std::string_view boundary,
                                 std::string_view name) {
    if (boundary.empty()) return {};
    std::string delimiter = "--";
    delimiter += boundary;
    std::size_t at = body.find(delimiter);
    while (at != std::string_view::npos) {
        std::size_t head = at + delimiter.size();
        std::size_t end = body.find("\r\n\r\n", head);
        if (end == std::string_view::npos) return {};
        std::size_t next = body.find("\r\n" + delimiter, end + 2);
        if (next == std::string_view::npos) return {};
        if (part_name(body.substr(head, end - head)) == name)
            return next >= end + 4 ? body.substr(end + 4, next - end - 4) : std::string_view();
        at = next + 2;
    }
    return {};
}

}  // namespace weir::proxy
