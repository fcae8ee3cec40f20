// Runs upstream's translator cases (conformance/translator) against this room, one test per case.
// What is not run is listed with its reason in testdata/conformance_out_of_scope.txt.
#include <gtest/gtest.h>

#include <map>

#include "base/encoding.h"
#include "dialect/conformance_framing.h"
#include "dialect/conformance_match.h"
#include "dialect/errors.h"
#include "dialect/sse.h"
#include "dialect/stream.h"
#include "dialect/test_conformance.h"
#include "dialect/test_support.h"
#include "dialect/translate.h"
#include "dialect/watcher.h"

namespace weir::dialect::test {
namespace {

class Translator : public testing::TestWithParam<Case> {
protected:
    void SetUp() override {
        const Case& c = GetParam();
        target_.schema = c.schema;
        const auto* version = c.value.find("backendVersion");
        // A backend that names no version has the default, as in the snapshot.
        version_ = version ? version->text() : default_version(c.schema);
        prefix_ = c.value.string_at("backendPrefix");
        if (c.value.find("backendPrefix") && prefix_.empty()) prefix_ = "/";  // said to be empty
        override_ = c.value.string_at("modelNameOverride");
        if (c.whole_program) configure_backend(c.value.string_at("backend"));
        target_.version = version_;
        target_.prefix = prefix_;
        target_.model_override = override_;
        const json::Value& request = member(c.value, "request");
        body_ = text_of(request.find("body"));
        const std::string path(c.whole_program ? request.string_at("path")
                                               : c.value.string_at("endpoint"));
        request_.operation = operation_of(path);
        if (path.starts_with("/anthropic/")) request_.dialect = Dialect::anthropic;
        if (path.starts_with("/cohere/")) request_.dialect = Dialect::cohere;
        request_.body = body_;
        const json::Value parsed = body_.empty() ? json::Value() : parse(body_);
        model_ = parsed.string_at("model");
        request_.model = model_;
        request_.stream = member(parsed, "stream").as_bool();
    }

    void configure_backend(std::string_view name) {
        const json::Value backends =
            parse(read_file(conformance() / "translator/e2e-backends.json"));
        const json::Value& backend = member(member(backends, "backends"), name);
        version_ = backend.string_at("version");
        prefix_ = backend.string_at("prefix");
        override_ = backend.string_at("modelNameOverride");
        const json::Value& gcp = member(member(backend, "auth"), "gcp");
        if (gcp.is_object())
            prefix_ = "/v1/projects/" + std::string(gcp.string_at("project")) + "/locations/" +
                      std::string(gcp.string_at("region"));
    }

    Context context(const json::Value& headers) const {
        Context out{.operation = request_.operation,
                    .dialect = request_.dialect,
                    .schema = target_.schema,
                    .created = 123};
        out.model = override_.empty() ? model_ : override_;
        out.request_id = headers.string_at("x-amzn-requestid");
        return out;
    }

    bool passes() const {
        return passes_through(request_.operation, request_.dialect, target_.schema);
    }
    bool answer_passes() const {
        return answer_passes_through(request_.operation, request_.dialect, target_.schema,
                                     request_.stream);
    }

    void check_upstream(const json::Value& expected);
    void check_upstream_body(const json::Value& expected, const ProviderRequest& sent);
    void check_rejected(const json::Value& expected);
    void check_response(const json::Value& upstream, const json::Value& expected);
    void check_error(const json::Value& upstream, const json::Value& expected);
    void check_stream(const std::string& bytes, const json::Value& headers,
                      const json::Value& expected);
    void check_watched(const std::string& bytes);
    void check_events(const json::Value& expected, const std::string& body);
    void check_pass_through(const std::string& body);
    void check_client(const json::Value& expected, const std::string& body);
    void check_stream_event();
    void check_whole_program();
    void check_usage(const Usage& usage) {
        if (const auto* expected = GetParam().value.find("expectUsage")) {
            EXPECT_EQ(usage_difference(*expected, usage), "");
        }
    }

    Target target_;
    ClientRequest request_;
    std::string body_, model_, version_, prefix_, override_;
};

void Translator::check_upstream(const json::Value& expected) {
    if (passes()) {
        auto path = provider_path(target_, request_.operation,
                                  override_.empty() ? model_ : override_, request_.stream);
        ASSERT_TRUE(path) << path.error().to_string();
        if (!expected.string_at("path").empty()) {
            EXPECT_EQ(path->substr(0, path->find('?')), expected.string_at("path"));
        }
        return;
    }
    auto sent = translate_request(request_, target_);
    ASSERT_TRUE(sent) << sent.error().to_string();
    EXPECT_EQ(sent->method, "POST");
    if (!expected.string_at("path").empty()) {
        std::string path(expected.string_at("path"));
        if (const std::string_view query = expected.string_at("rawQuery"); !query.empty())
            path.append("?").append(query);
        EXPECT_EQ(sent->path, path);
    }
    if (const std::string_view suffix = expected.string_at("pathSuffix"); !suffix.empty()) {
        EXPECT_EQ(sent->path, "/" + std::string(suffix.substr(suffix.starts_with('/'))));
    }
    if (const std::string_view part = expected.string_at("pathContains"); !part.empty()) {
        EXPECT_NE(sent->path.find(part), std::string::npos) << sent->path;
    }
    check_upstream_body(expected, *sent);
}

void Translator::check_upstream_body(const json::Value& expected, const ProviderRequest& sent) {
    const json::Value body = parse(sent.body);
    const std::string compact = json::serialize(body);
    if (const auto* given = expected.find("body")) {
        const json::Value want = given->is_string() ? parse(given->text()) : *given;
        const std::string_view only = expected.string_at("member");
        const std::string_view match =
            expected.find("match") ? expected.string_at("match") : "equal";
        if (only.empty()) {
            EXPECT_EQ(difference(match, want, body), "") << compact;
        } else {
            EXPECT_EQ(difference(match, member(want, only), member(body, only)), "") << compact;
        }
    }
    for (const auto& text : strings(expected.find("bodyContains"))) {
        EXPECT_NE(compact.find(text), std::string::npos) << text << " in " << compact;
    }
    for (const auto& text : strings(expected.find("bodyNotContains"))) {
        EXPECT_EQ(compact.find(text), std::string::npos) << text << " in " << compact;
    }
    for (const auto& path : strings(expected.find("absent")))
        EXPECT_EQ(at_dotted(body, path), nullptr) << path;
    if (const auto* parts = expected.find("lastContentParts")) {
        const json::Value& contents = member(body, "contents");
        ASSERT_FALSE(contents.items().empty()) << compact;
        EXPECT_EQ(difference("subset", without_ignored_data(*parts),
                             member(contents.items().back(), "parts")),
                  "")
            << compact;
    }
}

void Translator::check_rejected(const json::Value&) {
    auto sent = translate_request(request_, target_);
    ASSERT_FALSE(sent) << sent->body;
    EXPECT_GE(sent.error().status(), 400);
    EXPECT_LT(sent.error().status(), 500);
}

void Translator::check_pass_through(const std::string& body) {
    const BodyFacts facts = extract_facts(request_.dialect, body);
    check_usage(facts.usage);
    if (const auto* model = GetParam().value.find("expectResponseModel")) {
        EXPECT_EQ(facts.model, model->text());
    }
}

void Translator::check_client(const json::Value& expected, const std::string& body) {
    std::vector<std::string> ignore = strings(expected.find("ignore"));
    ignore.push_back("created");
    const std::string_view match = expected.string_at("match");
    if (const auto* text = expected.find("text"); text && match == "sse-json") {
        EXPECT_EQ(sse_difference(ignore, text->text(), body), "") << body;
    }
    for (const auto& text : strings(expected.find("contains")))
        EXPECT_NE(body.find(text), std::string::npos) << body;
    for (const auto& text : strings(expected.find("containsInAnyOrder"))) {
        EXPECT_NE(body.find(text), std::string::npos) << body;
    }
    check_events(expected, body);
    const auto* want = expected.find("body");
    if (!want) return;
    // Whole programs are compared without dates and ids that change.
    const bool tidy = GetParam().whole_program;
    const json::Value expected_body = tidy ? parse(undated(json::serialize(*want))) : *want;
    const json::Value actual = parse(tidy ? undated(body) : body);
    EXPECT_EQ(difference_ignoring(ignore, expected_body, actual, match), "") << body;
}

// Anthropic's streams: names of the events, some of them whole, the types of the blocks.
void Translator::check_events(const json::Value& expected, const std::string& body) {
    const auto* names = expected.find("sseEvents");
    const auto* some = expected.find("sseData");
    const auto* types = expected.find("contentBlockStartTypes");
    if (!names && !some && !types) return;
    std::vector<std::string> seen, blocks;
    std::vector<json::Value> events;
    SseReader reader;
    SseEvent event;
    std::string_view rest = body;
    while (reader.next(rest, event).value()) {
        seen.emplace_back(event.event);
        events.push_back(parse(event.data));
        if (event.event == "content_block_start")
            blocks.emplace_back(member(events.back(), "content_block").string_at("type"));
    }
    if (names) {
        EXPECT_EQ(seen, strings(names)) << body;
    }
    if (types) {
        EXPECT_EQ(blocks, strings(types)) << body;
    }
    if (!some) return;
    for (const auto& want : some->members())
        EXPECT_EQ(difference("equal", want.value, events.at(std::stoul(want.key))), "") << body;
}

void Translator::check_response(const json::Value& upstream, const json::Value& expected) {
    const std::string body =
        upstream.find("text") ? text_of(upstream.find("text")) : text_of(upstream.find("body"));
    if (answer_passes()) {
        EXPECT_FALSE(member(expected, "rejected").as_bool()) << "passes as it is: " << body;
        return check_pass_through(body);
    }
    auto answer = translate_response(context(member(upstream, "headers")), body);
    if (member(expected, "rejected").as_bool()) {
        EXPECT_FALSE(answer) << answer->body;
        return;
    }
    ASSERT_TRUE(answer) << answer.error().to_string();
    check_client(expected, answer->body);
    check_usage(answer->usage);
    if (const auto* model = GetParam().value.find("expectResponseModel")) {
        EXPECT_EQ(answer->model, model->text());
    }
}

void Translator::check_error(const json::Value& upstream, const json::Value& expected) {
    std::vector<HeaderView> headers;
    for (const auto& header : member(upstream, "headers").members())
        headers.push_back({header.key, header.value.text()});
    const int status = static_cast<int>(member(upstream, "status").as_int().value_or(0));
    const std::string body =
        upstream.find("text") ? text_of(upstream.find("text")) : error_text(upstream.find("body"));
    const ClientError error =
        translate_error(context(member(upstream, "headers")), status, headers, body);
    EXPECT_EQ(error.status, status);
    if (member(expected, "passthrough").as_bool()) {
        EXPECT_EQ(error.body, body);
    }
    check_client(expected, error.body);
}

// The bytes are the client's as they come; a watcher counts beside them.
void Translator::check_watched(const std::string& bytes) {
    PassthroughWatcher watcher(
        {.dialect = request_.dialect, .operation = request_.operation, .whole_events = true});
    std::string sent;
    for (auto piece : watcher.feed(bytes))
        sent += piece;
    for (auto piece : watcher.finish())
        sent += piece;
    EXPECT_EQ(sent, bytes);
    check_usage(watcher.usage());
}

void Translator::check_stream(const std::string& bytes, const json::Value& headers,
                              const json::Value& expected) {
    if (answer_passes()) return check_watched(bytes);
    struct Run {
        StreamTranslator stream;
        std::string out;
        std::string failure;
    };
    Usage usage;
    const std::string out = replay_every_split(
        bytes, [&] { return Run{StreamTranslator(context(headers)), {}, {}}; },
        [](Run& run, const std::string& piece) {
            if (auto ok = run.stream.feed(piece, run.out); !ok)
                run.failure = ok.error().to_string();
        },
        [&](Run& run) {
            if (auto ok = run.stream.finish(run.out); !ok) run.failure = ok.error().to_string();
            usage = run.stream.usage();
            return run.out + run.failure;
        });
    check_usage(usage);
    if (!GetParam().whole_program) {
        check_client(expected, out);
    } else {
        const auto want = std::string(expected.string_at("body"));
        auto tidy = [](const std::string& text) {
            const std::string same = undated(text);
            return same.substr(0, same.find_last_not_of(" \n") + 1);
        };
        if (request_.dialect == Dialect::anthropic) {
            EXPECT_EQ(sse_difference({}, want, out), "") << out;
        } else {
            EXPECT_EQ(tidy(out), tidy(want));
        }
    }
}

void Translator::check_stream_event() {
    const Case& c = GetParam();
    const json::Value& event = member(c.value, "upstreamEvent");
    std::string frame;
    append_eventstream_event(frame, event.string_at("eventType"),
                             json::serialize(member(event, "payload")));
    StreamTranslator stream(context({}));
    std::string out;
    auto fed = stream.feed(frame, out);
    ASSERT_TRUE(fed) << fed.error().to_string();
    const auto chunks = sse_values(out);
    ASSERT_EQ(chunks.size(), 1u) << out;
    auto ignore = strings(c.value.find("ignore"));
    ignore.push_back("created");
    EXPECT_EQ(difference_ignoring(ignore, member(c.value, "expectClientChunk"), chunks[0]), "")
        << out;
}

void Translator::check_whole_program() {
    const json::Value& c = GetParam().value;
    const json::Value& expected = member(c, "expectClient");
    const json::Value& upstream = member(c, "upstreamResponse");
    if (upstream.is_null()) {  // the gateway answers itself
        auto sent = translate_request(request_, target_);
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error().status(), member(expected, "status").as_int());
        const std::string body = dialect::encode_error(request_.dialect, sent.error());
        for (const auto& text : strings(expected.find("contains")))
            EXPECT_NE(body.find(text), std::string::npos) << body;
        return;
    }
    check_upstream(member(c, "expectUpstream"));
    const std::string body(upstream.string_at("body"));
    const std::string_view framing = upstream.string_at("framing");
    const auto status = member(upstream, "status").as_int().value_or(200);
    json::Value want = json::Value::object();
    if (status == 200 && framing != "json") {
        if (answer_passes()) return;  // bytes unchanged: the proxy's tests
        return check_stream(framing == "sse" ? frame_sse(body) : frame_lines(body),
                            member(upstream, "headers"), expected);
    }
    if (answer_passes() && status == 200) return check_pass_through(body);
    want.set("body", parse(expected.string_at("body")));
    json::Value given = upstream;
    if (status == 200)
        check_response(given, want);
    else
        check_error(given, want);
}

TEST_P(Translator, Case) {
    const Case& c = GetParam();
    if (c.whole_program) return check_whole_program();
    const std::string_view direction = c.value.string_at("direction");
    const json::Value& upstream = member(c.value, "upstreamResponse");
    const json::Value& expected = member(c.value, "expectClient");
    if (direction == "request") {
        if (const auto* rejected = c.value.find("expectRejected"))
            check_rejected(*rejected);
        else
            check_upstream(member(c.value, "expectUpstream"));
    } else if (direction == "response") {
        check_response(upstream, expected);
    } else if (direction == "error") {
        check_error(upstream, expected);
    } else if (direction == "stream-event") {
        check_stream_event();
    } else if (direction == "response-stream") {
        std::string bytes = text_of(upstream.find("text"));
        if (const auto* raw = upstream.find("base64")) bytes = base64_decode(raw->text()).value();
        if (const auto* events = upstream.find("events"))
            for (const auto& event : events->items())
                append_eventstream_event(bytes, event.string_at("eventType"),
                                         json::serialize(member(event, "payload")));
        check_stream(bytes, member(upstream, "headers"), expected);
    } else {
        FAIL() << "a direction this test does not know: " << direction;
    }
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
    std::string name = info.param.id;
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Translator);
INSTANTIATE_TEST_SUITE_P(Conformance, Translator, testing::ValuesIn(cases_in_scope()), test_name);

TEST(ConformanceScope, EveryCaseIsRunOrListedWithAReason) {
    require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto list = out_of_scope();
    std::map<std::string, int> counts;
    int all = 0;
    for_each_case([&](const json::Value& value, bool) {
        ++all;
        if (const auto* entry = excluded(list, std::string(value.string_at("id"))))
            ++counts[entry->pattern];
    });
    EXPECT_GT(all, 0);
    int left_out = 0;
    for (const auto& entry : list) {
        EXPECT_FALSE(entry.reason.empty()) << entry.pattern;
        EXPECT_GT(counts[entry.pattern], 0) << entry.pattern << " matches no case";
        left_out += counts[entry.pattern];
        std::cout << "out of scope: " << counts[entry.pattern] << " × " << entry.pattern << ": "
                  << entry.reason << "\n";
    }
    std::cout << "conformance/translator: " << all << " cases, " << all - left_out << " run here, "
              << left_out << " out of scope\n";
}

}  // namespace
}  // namespace weir::dialect::test
