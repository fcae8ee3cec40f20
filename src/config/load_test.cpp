#include "config/load.h"

#include "config/test_support.h"

namespace weir::config {
namespace {

TEST(LoadTest, JudgesObjectsAloneWithSchemaOnly) {
    Options options;
    options.schema_only = true;
    Loaded loaded = load_text(
        "apiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIGatewayRoute\nmetadata: {name: r}\n"
        "spec: {parentRefs: [{name: nowhere}], rules: [{backendRefs: [{name: nobody}]}]}\n",
        options);
    EXPECT_TRUE(loaded.diagnostics.empty()) << messages(loaded);
    EXPECT_EQ(loaded.accepted_objects, std::vector<std::string>{"AIGatewayRoute/r"});
}

TEST(LoadTest, AListHoldsObjects) {
    Loaded loaded = load_text(R"({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"k": "v"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"k": "v"}}]})");
    EXPECT_TRUE(loaded.ok()) << messages(loaded);
    EXPECT_EQ(loaded.accepted, 2u);
}

TEST(LoadTest, AnUnreadableDocumentDoesNotMakeOthersLookWrong) {
    Loaded loaded = load_text(
        "apiVersion: aigateway.envoyproxy.io/v1beta1\nkind: AIGatewayRoute\nmetadata: {name: r}\n"
        "spec: {rules: [{backendRefs: [{name: b}]}]}\n---\nkind: [AIServiceBackend\n");
    EXPECT_EQ(errors(loaded).find("does not exist"), std::string::npos) << errors(loaded);
    EXPECT_NE(errors(loaded).find("not valid YAML"), std::string::npos);
}

TEST(LoadTest, SecretsTakeValuesFromTheEnvironmentAndFiles) {
    Options options;
    options.env = environment({{"TOKEN", "from-env"}, {"KEY", "${NOT_AGAIN}"}});
    options.read_file = [](std::string_view path) -> Result<std::string> {
        if (path == "/run/key") return std::string("from-file");
        return fail(codes::config_io, "no such file");
    };
    Loaded loaded = load_text(R"(
apiVersion: v1
kind: Secret
metadata:
  name: s
  annotations:
    substitution.aigw.run/env/a: TOKEN
    substitution.aigw.run/file/b: /run/key
    substitution.aigw.run/file/c: /run/none
stringData: {a: placeholder, d: "${KEY}", e: "${UNSET}"}
)",
                              options);
    EXPECT_EQ(
        errors(loaded),
        "test.yaml:9:35: Secret/s: metadata.annotations[substitution.aigw.run/file/c]: cannot read "
        "\"/run/none\": no such file; name a readable file\n");
    const SecretResource& secret = loaded.configuration.secrets.at(0);
    EXPECT_EQ(secret.values.at("a").reveal(), "from-env");
    EXPECT_EQ(secret.values.at("b").reveal(), "from-file");
    EXPECT_EQ(secret.values.at("d").reveal(), "${NOT_AGAIN}") << "substituted once";
    EXPECT_EQ(secret.values.at("e").reveal(), "");
}

TEST(LoadTest, AnEmptyCredentialRefusesToRun) {
    std::string text = read_text(test_data() / "seed.yaml") +
                       "---\napiVersion: v1\nkind: Secret\nmetadata: {name: api-keys}\nstringData: "
                       "{apiKey: \"${UNSET}\"}\n";
    Options options;
    Loaded loaded = load_text(text, options);
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
    EXPECT_FALSE(loaded.may_run());
    options.mock = true;
    EXPECT_TRUE(beside_pending(load_text(text, options)).may_run());
}

TEST(LoadTest, WhatIsNotInForceYetIsSaidOfEachFeatureThatIsListed) {
    for (const PendingFeature& feature : kPendingFeatures) {
        std::string group =
            feature.kind == "BackendTrafficPolicy" || feature.kind == "ClientTrafficPolicy"
                ? "gateway.envoyproxy.io"
                : "aigateway.envoyproxy.io";
        // "spec.a.b" as {a: {b: }}: present, whatever else is wrong with it.
        std::string spec = "{}", field(feature.field);
        for (size_t dot; (dot = field.rfind('.')) != std::string::npos; field.resize(dot))
            spec = "{" + field.substr(dot + 1) + ": " + spec + "}";
        Loaded loaded =
            load_text("apiVersion: " + group + "/v1alpha1\nkind: " + std::string(feature.kind) +
                      "\nmetadata: {name: n}\nspec: " + spec + "\n");
        auto said = std::ranges::find_if(loaded.diagnostics, [&](const Diagnostic& d) {
            return of_pending_feature(d) && d.field == feature.field;
        });
        EXPECT_EQ(said == loaded.diagnostics.end(), feature.in_force)
            << feature.kind << " " << feature.field << "\n"
            << messages(loaded);
        if (said != loaded.diagnostics.end()) {
            EXPECT_EQ(said->refuses_run, feature.protects);
        }
    }
}

TEST(LoadTest, SecretValuesAreNeverPrinted) {
    Options options;
    options.env = environment({{"PLANTED", "planted-4"}});
    Loaded loaded = load_text(R"(
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: planted-1, b: cGxhbnRlZC0y}
stringData: {c: planted-3}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {c: planted-other, d: "${PLANTED}"}
---
apiVersion: aigateway.envoyproxy.io/v1beta1
kind: AIServiceBackend
metadata: {name: "${PLANTED}!"}
spec:
  schema: {name: "${PLANTED}"}
  backendRef: {name: x, kind: Backend, group: gateway.envoyproxy.io}
  headerMutation: {set: [{name: authorization, value: Bearer planted-5}]}
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: {name: url}
spec: {provider: openai, endpoint: "https://user:planted-6@host"}
)",
                              options);
    std::string said = messages(loaded);
    for (const char* value :
         {"planted-1", "planted-2", "planted-3", "planted-other", "planted-5", "planted-6"})
        EXPECT_EQ(said.find(value), std::string::npos) << said;
    std::string dump = json::serialize(to_json(loaded.configuration));
    EXPECT_EQ(dump.find("planted-"), dump.find("planted-4!")) << dump;
    EXPECT_NE(dump.find("[REDACTED]"), std::string::npos);
}

TEST(LoadTest, AThousandRulesLoadQuickly) {
    std::string text =
        "apiVersion: ai.gateway.envoyproxy.io/v1alpha1\nkind: AIGatewayRoute\nmetadata: {name: "
        "r}\nspec:\n  routes:\n";
    for (int i = 0; i < 1000; ++i)
        text += "  - backends: [{name: b}]\n    matches: [{path: {value: /v1/agent" +
                std::to_string(i) + "}}]\n";
    text +=
        "---\napiVersion: ai.gateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata: "
        "{name: b}\n"
        "spec: {provider: openai, endpoint: \"https://api.openai.com\"}\n";
    Loaded loaded = load_text(text);
    EXPECT_TRUE(loaded.ok()) << messages(loaded);
    EXPECT_EQ(loaded.configuration.routes.at(0).rules.size(), 1000u);
}

}  // namespace
}  // namespace weir::config
