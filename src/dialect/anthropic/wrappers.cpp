#include "dialect/anthropic/wrappers.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/encoding.h"
#include "dialect/encode_common.h"
#include "dialect/writer.h"

namespace weir::dialect::anthropic {
namespace {

// Flags that Bedrock documents ("Anthropic Claude Messages API", beta headers); the same feature
// may have another name there.
constexpr std::string_view kBedrockFlags[] = {
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "token-efficient-tools-2025-02-19",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "dev-full-thinking-2025-05-14",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "tool-search-tool-2025-10-19",
    "tool-examples-2025-10-29",
    "compact-2026-01-12",
    "fine-grained-tool-streaming-2025-05-14",
    "prompt-caching-2024-07-31",
    "extended-cache-ttl-2025-04-11",
    "structured-outputs-2025-11-13",
};

std::string_view bedrock_flag(std::string_view flag) {
    if (flag == "advanced-tool-use-2025-11-20") return "tool-search-tool-2025-10-19";
    const bool known = std::find(std::begin(kBedrockFlags), std::end(kBedrockFlags), flag) !=
                       std::end(kBedrockFlags);
    return known ? flag : std::string_view();
}

// The flags of the header and those the body has already, each once.
void add_betas(json::Value& body, std::string_view beta, std::vector<std::string>& dropped) {
    json::Value flags = json::Value::array();
    auto add = [&](std::string_view flag) {
        for (const auto& item : flags.items())
            if (item.text() == flag) return;
        flags.push_back(json::Value::string(std::string(flag)));
    };
    if (const auto* own = body.find("anthropic_beta"))
        for (const auto& item : own->items())
            add(item.text());
    while (!beta.empty()) {
        const size_t comma = std::min(beta.find(','), beta.size());
        const std::string_view flag = trim(beta.substr(0, comma), " \t");
        beta.remove_prefix(std::min(comma + 1, beta.size()));
        if (flag.empty()) continue;
        if (const auto known = bedrock_flag(flag); !known.empty())
            add(known);
        else
            dropped.push_back("anthropic-beta:" + std::string(flag));
    }
    if (!flags.items().empty()) body.set("anthropic_beta", std::move(flags));
}

void set_version(json::Value& body, std::string_view version) {
    if (!body.find("anthropic_version"))
        body.set("anthropic_version", json::Value::string(std::string(version)));
}

}  // namespace

Result<std::string> wrap_request(json::Value body, const RequestOptions& options,
                                 std::string_view beta, std::vector<std::string>& dropped) {
    if (const auto* thread = body.find("thread"); thread && !thread->is_null()) return no_threads();
    body.erase("model");
    if (options.host == Host::aws) {
        body.erase("stream");  // the path says it
        set_version(body, options.version.empty() ? default_version(Host::aws) : options.version);
        add_betas(body, beta, dropped);
    } else {
        // Upstream wants the backend to say it; configuration does, with the only one there is.
        if (options.version.empty())
            return fail(codes::dialect_unsupported,
                        "the backend has no anthropic_version; set schema.version, for example to "
                        "vertex-2023-10-16");
        set_version(body, options.version);
    }
    return json::serialize(body);
}

std::string wrap_count(json::Value body, const RequestOptions& options) {
    if (options.host != Host::aws) {
        // Vertex names the model in the body here, without its alias of a version.
        std::string_view model = options.model;
        for (std::string_view alias : {"@default", "@latest"})
            if (model.ends_with(alias)) model.remove_suffix(alias.size());
        body.set("model", json::Value::string(std::string(model)));
        return json::serialize(body);
    }
    body.erase("model");
    body.erase("stream");
    set_version(body, options.version.empty() ? default_version(Host::aws) : options.version);
    // InvokeModel wants it, and what is counted is a body for InvokeModel.
    if (!body.find("max_tokens")) body.set("max_tokens", json::Value::integer(1));
    std::string out;
    Writer w(out);
    w.begin_object().key("input").begin_object().key("invokeModel").begin_object();
    w.key("body").string(base64_encode(json::serialize(body)));
    w.end_object().end_object().end_object();
    return out;
}

std::string_view counted_model(std::string_view model) {
    if (model.starts_with("arn:")) return model;
    const size_t family = model.find("anthropic.");
    return family == std::string_view::npos ? model : model.substr(family);
}

}  // namespace weir::dialect::anthropic
