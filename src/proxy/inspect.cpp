#include "proxy/inspect.h"

#include "route/operation.h"

namespace weir::proxy {
namespace {

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

Result<void> inspect_form(const http::RequestHead& request, std::string_view body,
                          Inspection& out) {
    WEIR_TRY(std::string boundary, required_boundary(request));
    http::FormScanner form(boundary, "model");
    const char* bad = form.feed(body);
    if (!bad) bad = form.finish();
    if (bad) return fail(codes::body_invalid_form, bad);
    take_model(form, out);
    return {};
}

}  // namespace

Result<void> inspect(json::Peeker& peeker, const http::RequestHead& request, std::string_view body,
                     Inspection& out) {
    std::string_view type = request.headers.value("content-type");
    if (form_names_model(request)) return inspect_form(request, body, out);
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

bool is_json(std::string_view content_type) {
    auto type = trim(content_type.substr(0, content_type.find(';')));
    return type.empty() || iequals(type, "application/json") || iequals(type, "text/json") ||
           iequals(type, "text/plain") || iequals(type, "application/x-www-form-urlencoded") ||
           (type.size() > 5 && iequals(type.substr(type.size() - 5), "+json"));
}

bool form_names_model(const http::RequestHead& request) {
    if (!istarts_with(request.headers.value("content-type"), "multipart/form-data")) return false;
    for (const auto& row : route::endpoints())
        if (row.endpoint != route::Endpoint::passthrough && row.method == request.method &&
            request.path.ends_with(row.suffix))
            return true;
    return false;
}

Result<std::string> required_boundary(const http::RequestHead& request) {
    std::string boundary = http::form_boundary(request.headers.value("content-type"));
    if (boundary.empty())
        return fail(codes::body_invalid_form,
                    "the content type of the form names no boundary, or one that is not allowed");
    return boundary;
}

void take_model(const http::FormScanner& form, Inspection& out) {
    if (!form.found()) return;
    out.form = true;
    out.model_begin = form.value_begin();
    out.model_buffer = form.value();
    out.model = out.model_buffer;
}

}  // namespace weir::proxy
