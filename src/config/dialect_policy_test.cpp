// DialectPolicies: where what a provider cannot say is refused, and which API a backend is spoken
// to through.
#include "config/test_support.h"

namespace weir::config {
namespace {

std::string route(const std::string& name) {
    return "---\napiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIGatewayRoute\nmetadata: "
           "{name: " +
           name +
           "}\nspec:\n  parentRefs: [{name: g}]\n  rules:\n  - name: one\n    backendRefs: [{name: "
           "b}]\n  - name: two\n    backendRefs: [{name: b}]\n";
}

std::string policy(const std::string& name, const std::string& spec) {
    return "---\napiVersion: weir.dev/v1alpha1\nkind: DialectPolicy\nmetadata: {name: " + name +
           "}\nspec: " + spec + "\n";
}

constexpr const char* kBackend =
    "---\napiVersion: ai.gateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata: {name: "
    "b}\nspec: {provider: openai, endpoint: 'http://127.0.0.1:1'}\n";

TEST(DialectPolicyTest, TheClosestSaysWhetherARuleIsStrict) {
    auto loaded =
        load_text(route("first") + route("second") + kBackend +
                  policy("a", "{strict: true, targetRefs: [{kind: AIGatewayRoute, name: first}]}") +
                  policy("b",
                         "{strict: false, targetRefs: [{name: first, kind: AIGatewayRoute, "
                         "sectionName: two}]}"));
    ASSERT_EQ(loaded.configuration.routes.size(), 2u) << messages(loaded);
    EXPECT_EQ(messages(loaded).find("DialectPolicy"), std::string::npos) << messages(loaded);
    for (const Route& r : loaded.configuration.routes) {
        const bool first = r.meta.name.name == "first";
        EXPECT_EQ(r.rules[0].strict, first);
        EXPECT_FALSE(r.rules[1].strict);
    }
    auto all = load_text(route("first") + kBackend + policy("a", "{strict: true}"));
    EXPECT_TRUE(all.configuration.routes[0].rules[1].strict);
}

TEST(DialectPolicyTest, SaysWhatItsTargetLacks) {
    auto loaded = load_text(
        route("first") + kBackend +
        policy("a",
               "{strict: true, targetRefs: [{kind: AIGatewayRoute, name: frist}, {kind: "
               "AIGatewayRoute, name: first, sectionName: tow}, {kind: Gateway, name: g}]}"));
    const std::string text = messages(loaded);
    EXPECT_NE(text.find("spec.targetRefs[0]"), std::string::npos) << text;
    EXPECT_NE(text.find("spec.targetRefs[1].sectionName"), std::string::npos) << text;
    EXPECT_NE(text.find("spec.targetRefs[2].kind"), std::string::npos) << text;
}

TEST(DialectPolicyTest, SaysThroughWhichApiABackendIsSpokenTo) {
    auto loaded = load_text(
        route("first") + kBackend +
        policy("z",
               "{conversations: ChatCompletions, targetRefs: [{kind: AIServiceBackend, "
               "name: b}]}") +
        policy("a",
               "{conversations: Responses, strict: true, targetRefs: [{kind: "
               "AIServiceBackend, name: b}, {kind: AIGatewayRoute, name: first, sectionName: "
               "two}]}"));
    EXPECT_EQ(messages(loaded).find("DialectPolicy"), std::string::npos) << messages(loaded);
    ASSERT_EQ(loaded.configuration.backends.size(), 1u);
    EXPECT_EQ(loaded.configuration.backends[0].conversations, Conversations::responses);
    EXPECT_FALSE(loaded.configuration.routes[0].rules[0].strict);
    EXPECT_TRUE(loaded.configuration.routes[0].rules[1].strict);
    auto plain = load_text(route("first") + kBackend);
    EXPECT_EQ(plain.configuration.backends[0].conversations, Conversations::both);
}

TEST(DialectPolicyTest, NamesTheKeysOfClientsOfBedrock) {
    auto loaded = load_text(
        route("first") + kBackend +
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {credentials: "
        "'[a]'}\n" +
        policy("a",
               "{clientSigV4: {credentialsRef: {name: keys}}, targetRefs: [{kind: "
               "AIGatewayRoute, name: first, sectionName: two}]}"));
    EXPECT_EQ(messages(loaded).find("DialectPolicy"), std::string::npos) << messages(loaded);
    EXPECT_FALSE(loaded.configuration.routes[0].rules[0].client_keys);
    ASSERT_TRUE(loaded.configuration.routes[0].rules[1].client_keys);
    EXPECT_EQ(loaded.configuration.routes[0].rules[1].client_keys->name, "keys");
}

TEST(DialectPolicyTest, SaysWhatIsAboutNobody) {
    constexpr const char* kClaude =
        "---\napiVersion: ai.gateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata: "
        "{name: claude}\nspec: {provider: anthropic, endpoint: 'http://127.0.0.1:1'}\n";
    constexpr const char* kSecret =
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {other: x}\n";
    struct Row {
        const char* spec;
        const char* said;
    };
    const Row rows[] = {
        {"{conversations: Both}", "it is about backends"},
        {"{conversations: Both, targetRefs: [{kind: AIGatewayRoute, name: first}]}",
         "a route is told strict"},
        {"{strict: true, targetRefs: [{kind: AIServiceBackend, name: b}]}", "a backend is told"},
        {"{strict: true, targetRefs: [{kind: AIServiceBackend, name: b}]}", "it is about routes"},
        {"{conversations: Responses, targetRefs: [{kind: AIServiceBackend, name: x}]}", "x"},
        {"{conversations: Responses, targetRefs: [{kind: AIServiceBackend, name: claude}]}",
         "that of \"claude\" is Anthropic"},
        {"{conversations: Both, targetRefs: [{kind: Gateway, name: b}]}", "AIServiceBackend"},
        {"{conversations: Chat, targetRefs: [{kind: AIServiceBackend, name: b}]}", "Responses"},
        {"{}", "at least one of strict, clientSigV4 or conversations"},
        {"{clientSigV4: {credentialsRef: {name: nobody}}}", "nobody"},
        {"{clientSigV4: {credentialsRef: {name: keys}}}", "has no key \"credentials\""},
        {"{clientSigV4: {credentialsRef: {name: keys, kind: ConfigMap}}}", "must name a Secret"},
    };
    for (const Row& row : rows) {
        auto loaded =
            load_text(route("first") + kBackend + kClaude + kSecret + policy("a", row.spec));
        EXPECT_NE(messages(loaded).find(row.said), std::string::npos) << row.spec << "\n"
                                                                      << messages(loaded);
    }
}

}  // namespace
}  // namespace weir::config
