// OpenAI: requests to every provider, answers and streams of an OpenAI provider, and the
// pass-through watcher. Whatever goes out is JSON; the neutral model is a fixed point; a split
// changes nothing.
#include <cstdint>

#include "dialect/watcher.h"
#include "dialect_fuzz.h"

namespace {

using namespace weir::dialect;

void check_request(std::string_view body) {
    for (Schema schema :
         {Schema::Anthropic, Schema::AWSAnthropic, Schema::GCPAnthropic, Schema::AWSBedrock}) {
        auto sent = translate_request({.body = body}, {.schema = schema});
        if (sent) fuzz::require(weir::json::parse(sent->body).has_value());
    }
    auto once = translate_request({.body = body}, {.schema = Schema::OpenAI});
    if (!once) return;
    auto twice = translate_request({.body = once->body}, {.schema = Schema::OpenAI});
    fuzz::require(twice.has_value() && twice->body == once->body);
}

std::string watch(std::string_view bytes, size_t piece, bool withhold) {
    PassthroughWatcher watcher({.withhold_usage = withhold, .hold_limit = 512});
    std::string sent;
    std::string_view all = bytes;
    while (!bytes.empty()) {
        const std::string part(bytes.substr(0, piece));
        bytes.remove_prefix(part.size());
        for (auto view : watcher.feed(part))
            sent += view;
    }
    for (auto view : watcher.finish())
        sent += view;
    if (!withhold) fuzz::require(sent == all);
    return (withhold ? std::string() : sent) + "|" + std::string(watcher.response_model()) + "|" +
           std::to_string(watcher.usage().input.value_or(-1)) + (watcher.terminated() ? "T" : "") +
           (watcher.provider_error() ? "E" + watcher.provider_error()->message : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const size_t piece = 1 + data[0] / 4;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            check_request(bytes);
            break;
        case 1:
            fuzz::check_reply(Schema::OpenAI, bytes);
            break;
        case 2:
            fuzz::check_stream(Schema::OpenAI, bytes, piece);
            break;
        default:
            for (bool withhold : {false, true}) {
                const std::string whole = watch(bytes, bytes.size(), withhold);
                fuzz::require(whole == watch(bytes, 1, withhold));
                fuzz::require(whole == watch(bytes, piece, withhold));
            }
    }
    return 0;
}
