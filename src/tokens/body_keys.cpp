#include "tokens/body_keys.h"

namespace weir::tokens {
namespace {

template <class T>
struct Name {
    std::string_view name;
    T meaning;
};

/// Comparing lengths first, most names cost a few compares.
template <class T, size_t N>
T look_up(const Name<T> (&table)[N], std::string_view name, T otherwise) {
    for (const auto& row : table)
        if (row.name == name) return row.meaning;
    return otherwise;
}

constexpr Name<Key> kKeys[] = {
    {"content", Key::content},
    {"role", Key::role},
    {"type", Key::type},
    {"name", Key::name},
    {"id", Key::ignored},
    {"index", Key::ignored},
    {"status", Key::ignored},
    {"file_id", Key::ignored},
    {"call_id", Key::ignored},
    {"format", Key::ignored},
    {"signature", Key::ignored},
    {"cachePoint", Key::ignored},
    {"tool_call_id", Key::ignored},
    {"tool_use_id", Key::ignored},
    {"toolUseId", Key::ignored},
    {"cache_control", Key::ignored},
    {"annotations", Key::ignored},
    {"logprobs", Key::ignored},
    {"encrypted_content", Key::ignored},
    {"thoughtSignature", Key::ignored},
    {"thought_signature", Key::ignored},
    {"args", Key::shown_json},
    {"input", Key::shown_json},
    {"json", Key::shown_json},
    {"response", Key::shown_json},
    {"arguments", Key::shown_json},
    {"data", Key::data},
    {"bytes", Key::data},
    {"file_data", Key::data},
    {"b64_json", Key::data},
    {"url", Key::address},
    {"uri", Key::address},
    {"file_url", Key::address},
    {"fileUri", Key::address},
    {"file_uri", Key::address},
    {"detail", Key::detail},
    {"media_type", Key::media_type},
    {"mimeType", Key::media_type},
    {"mime_type", Key::media_type},
    {"image", Key::attachment},
    {"audio", Key::attachment},
    {"video", Key::attachment},
    {"document", Key::attachment},
    {"image_url", Key::attachment},
    {"input_audio", Key::attachment},
    {"file", Key::attachment},
    {"inlineData", Key::attachment},
    {"inline_data", Key::attachment},
    {"fileData", Key::attachment},
    {"source", Key::attachment},
};

constexpr Name<MediaKind> kKinds[] = {
    {"image", MediaKind::image},         {"image_url", MediaKind::image},
    {"input_image", MediaKind::image},   {"audio", MediaKind::audio},
    {"input_audio", MediaKind::audio},   {"video", MediaKind::video},
    {"document", MediaKind::document},   {"file", MediaKind::document},
    {"input_file", MediaKind::document},
};

constexpr Name<TopKey> kTopKeys[] = {
    {"messages", TopKey::messages},
    {"contents", TopKey::messages},
    {"chat_history", TopKey::messages},
    {"system", TopKey::system},
    {"systemInstruction", TopKey::system},
    {"system_instruction", TopKey::system},
    {"instructions", TopKey::system},
    {"preamble", TopKey::system},
    {"message", TopKey::system},
    {"prompt", TopKey::prompt},
    {"input", TopKey::prompt},
    {"inputs", TopKey::prompt},
    {"texts", TopKey::prompt},
    {"suffix", TopKey::prompt},
    {"query", TopKey::prompt},
    {"documents", TopKey::prompt},
    {"content", TopKey::prompt},
    {"requests", TopKey::prompt},
    {"instances", TopKey::prompt},
    {"inputText", TopKey::prompt},
    {"images", TopKey::prompt},
    {"tools", TopKey::tools},
    {"functions", TopKey::tools},
    {"toolConfig", TopKey::tools},
    {"response_format", TopKey::schema},
    {"text", TopKey::schema},
    {"output_config", TopKey::schema},
    {"max_tokens", TopKey::max_output},
    {"max_completion_tokens", TopKey::max_output},
    {"max_output_tokens", TopKey::max_output},
    {"maxTokens", TopKey::max_output},
    {"maxOutputTokens", TopKey::max_output},
    {"n", TopKey::choices},
    {"candidateCount", TopKey::choices},
    {"candidate_count", TopKey::choices},
    {"inferenceConfig", TopKey::generation},
    {"generationConfig", TopKey::generation},
    {"generation_config", TopKey::generation},
    {"textGenerationConfig", TopKey::generation},
    {"maxTokenCount", TopKey::max_output},
    {"responseSchema", TopKey::schema},
    {"responseJsonSchema", TopKey::schema},
    {"generateContentRequest", TopKey::request},
    {"generate_content_request", TopKey::request},
    {"previous_response_id", TopKey::state},
    {"conversation", TopKey::state},
    {"cachedContent", TopKey::state},
    {"cached_content", TopKey::state},
    {"web_search_options", TopKey::setting},
};

}  // namespace

Key key_of(std::string_view name) {
    return look_up(kKeys, name, Key::text);
}

MediaKind kind_of_name(std::string_view name) {
    return look_up(kKinds, name, MediaKind::unknown);
}

MediaKind kind_of_media_type(std::string_view type) {
    if (type.starts_with("image/")) return MediaKind::image;
    if (type.starts_with("audio/")) return MediaKind::audio;
    if (type.starts_with("video/")) return MediaKind::video;
    if (type.starts_with("application/")) return MediaKind::document;
    return MediaKind::unknown;
}

TopKey top_key_of(std::string_view name) {
    return look_up(kTopKeys, name, TopKey::setting);
}

}  // namespace weir::tokens
