#include <fmt/format.h>

#include "config/load.h"

namespace weir::config {

namespace {

/// A provider that the environment asks for.
struct Provider {
    std::string_view name;
    std::string_view key_variable;
    std::string backend;  ///< the AIServiceBackend's spec, in YAML
    std::string models;   ///< a pattern of the models it serves when it is not alone
};

bool present(const EnvLookup& env, std::string_view name) {
    auto value = env ? env(name) : std::nullopt;
    return value && !value->empty();
}

/// Azure wins over OpenAI, as upstream has it; Anthropic stands beside either and takes Claude's
/// models.
std::vector<Provider> providers(const EnvLookup& env) {
    std::vector<Provider> out;
    if (present(env, "ANTHROPIC_API_KEY"))
        out.push_back({"anthropic", "ANTHROPIC_API_KEY",
                       "  provider: anthropic\n"
                       "  endpoint: ${ANTHROPIC_BASE_URL:-https://api.anthropic.com}\n",
                       "claude.*"});
    if (present(env, "AZURE_OPENAI_API_KEY")) {
        out.push_back({"azure-openai", "AZURE_OPENAI_API_KEY",
                       "  schema: {name: AzureOpenAI, version: \"${OPENAI_API_VERSION}\"}\n"
                       "  endpoint: ${AZURE_OPENAI_ENDPOINT}\n",
                       ".*"});
    } else if (present(env, "OPENAI_API_KEY")) {
        std::string backend =
            "  provider: openai\n  endpoint: ${OPENAI_BASE_URL:-https://api.openai.com/v1}\n";
        bool organisation = present(env, "OPENAI_ORG_ID");
        bool project = present(env, "OPENAI_PROJECT_ID");
        if (organisation || project) backend += "  headerMutation:\n    set:\n";
        if (organisation)
            backend += "    - {name: OpenAI-Organization, value: \"${OPENAI_ORG_ID}\"}\n";
        if (project) backend += "    - {name: OpenAI-Project, value: \"${OPENAI_PROJECT_ID}\"}\n";
        out.push_back({"openai", "OPENAI_API_KEY", std::move(backend), ".*"});
    }
    return out;
}

constexpr std::string_view kApiVersion = "ai.gateway.envoyproxy.io/v1alpha1";

std::string manifest(const std::vector<Provider>& providers) {
    std::string rules;
    std::string objects;
    for (const Provider& p : providers) {
        rules += fmt::format(
            "  - matches: [{{headers: [{{type: RegularExpression, name: x-ai-eg-model, value: "
            "'{}'}}]}}]\n"
            "    backends: [{{name: {}}}]\n",
            providers.size() == 1 ? ".*" : p.models, p.name);
        objects += fmt::format(
            "---\napiVersion: {0}\nkind: AIServiceBackend\nmetadata: {{name: {1}}}\nspec:\n{2}"
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {1}}}\nstringData:\n  apiKey: "
            "\"${{{3}}}\"\n"
            "---\napiVersion: {0}\nkind: BackendSecurityPolicy\nmetadata: {{name: {1}}}\nspec:\n"
            "  targetRefs: [{{name: {1}}}]\n  authenticationRefs: [{{name: {1}}}]\n",
            kApiVersion, p.name, p.backend, p.key_variable);
    }
    return fmt::format(
        "apiVersion: {}\nkind: AIGatewayRoute\nmetadata: {{name: environment}}\nspec:\n  "
        "routes:\n{}{}",
        kApiVersion, rules, objects);
}

Loaded refused(std::string message) {
    Loaded loaded;
    Diagnostic d;
    d.place.file = std::make_shared<const std::string>("(environment)");
    d.message = std::move(message);
    loaded.diagnostics.push_back(std::move(d));
    return loaded;
}

}  // namespace

Loaded from_environment(const EnvLookup& env) {
    auto found = providers(env);
    if (found.empty())
        return refused(
            "nothing to configure from; set OPENAI_API_KEY, ANTHROPIC_API_KEY or "
            "AZURE_OPENAI_API_KEY, or "
            "name a configuration file");
    if (present(env, "AZURE_OPENAI_API_KEY"))
        for (std::string_view needed : {"AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"})
            if (!present(env, needed))
                return refused(
                    fmt::format("AZURE_OPENAI_API_KEY is set but {} is not; set it too", needed));
    const Document document{"(environment)", manifest(found)};
    Options options;
    options.env = env;
    return load(std::span(&document, 1), options);
}

}  // namespace weir::config
