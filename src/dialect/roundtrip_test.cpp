// A request that is decoded and encoded in its own dialect comes back as it went, members nobody
// here knows included: over every recorded body of conformance/ (translator cases, cassettes).
#include "dialect/anthropic/messages.h"
#include "dialect/openai/chat.h"
#include "dialect/test_support.h"

namespace weir::dialect::test {
namespace {

// Absent and null are one (conformance/README.md); what is asked beside the client is left aside.
json::Value tidy(json::Value value) {
    json::Value out = value.is_array() ? json::Value::array() : json::Value::object();
    if (!value.is_array() && !value.is_object()) return value;
    for (auto& item : value.items())
        out.push_back(tidy(std::move(item)));
    for (auto& member : value.members())
        if (!member.value.is_null() && member.key != "stream_options")
            out.set(member.key, tidy(std::move(member.value)));
    return out;
}

struct Tally {
    int same = 0;
    int refused = 0;
};

template <class Decode, class Encode>
void check(const json::Value& body, const std::string& id, Tally& tally, Decode decode,
           Encode encode) {
    auto conversation = decode(body);
    if (!conversation) {
        ++tally.refused;
        return;
    }
    auto back = encode(*conversation);
    ASSERT_TRUE(back) << id << ": " << back.error().to_string();
    EXPECT_TRUE(tidy(parse(back->body)) == tidy(body))
        << id << "\n"
        << json::serialize(tidy(parse(back->body))) << "\n"
        << json::serialize(tidy(body));
    ++tally.same;
}

void check_openai(const json::Value& body, const std::string& id, Tally& tally) {
    check(body, id, tally, openai::decode_request,
          [](const Conversation& c) { return openai::encode_request(c, c.model); });
}

void check_anthropic(const json::Value& body, const std::string& id, Tally& tally) {
    check(body, id, tally, anthropic::decode_request,
          [](const Conversation& c) { return anthropic::encode_request(c, {.model = c.model}); });
}

TEST(RoundTrip, EveryRecordedBodyComesBackAsItWent) {
    require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    Tally openai, anthropic;
    for (const auto& file : files(conformance() / "translator", ".json")) {
        const std::string name = file.filename().string();
        if (name == "index.json" || name == "e2e-backends.json") continue;
        const json::Value cases = parse(read_file(file));
        for (const auto& item : cases.items()) {
            const auto* request = item.find("request");
            const auto* given = request ? request->find("body") : nullptr;
            if (!given || (given->is_string() && given->text().empty())) continue;
            const json::Value body = given->is_string() ? parse(given->text()) : *given;
            std::string_view path = request->string_at("path");
            if (path.empty()) path = item.string_at("endpoint");
            const std::string id(item.string_at("id"));
            if (path.ends_with("/chat/completions")) check_openai(body, id, openai);
            if (path.ends_with("/messages")) check_anthropic(body, id, anthropic);
        }
    }
    std::cout << "round trips: OpenAI " << openai.same << " (" << openai.refused
              << " are no requests), Anthropic " << anthropic.same << " (" << anthropic.refused
              << ")\n";
    EXPECT_GT(openai.same, 150);
    EXPECT_GT(anthropic.same, 60);
    EXPECT_EQ(anthropic.refused, 0);
}

}  // namespace
}  // namespace weir::dialect::test
