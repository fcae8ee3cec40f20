#include <fmt/format.h>

#include <algorithm>

#include "config/resolve.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// One policy on one target; closer ones come later, so that the last one to speak counts.
struct Claim {
    const DialectPolicy* policy = nullptr;
    const Reference* target = nullptr;  ///< null: every route
    int closeness() const { return !target ? 0 : target->section.empty() ? 1 : 2; }
    friend bool operator<(const Claim& a, const Claim& b) {
        if (a.closeness() != b.closeness()) return a.closeness() < b.closeness();
        return b.policy->meta.name <
               a.policy->meta.name;  // of two as close the first by name counts
    }
};

bool is_backend(const Reference& target) {
    return target.kind == "AIServiceBackend";
}

bool hits(const Claim& claim, const Route& route, const Rule& rule) {
    if (!claim.target) return true;
    return claim.target->kind == "AIGatewayRoute" && claim.target->name == route.meta.name &&
           (claim.target->section.empty() || claim.target->section == rule.name);
}

void check_route(const Reference& target, const DialectPolicy& policy,
                 const Configuration& configuration, Report& report) {
    std::vector<std::string> rules;
    bool found = false;
    for (const Route& route : configuration.routes) {
        if (route.meta.name != target.name) continue;
        found = true;
        for (const Rule& rule : route.rules)
            rules.push_back(rule.name);
    }
    if (!found)
        report.error(target.place, target.field,
                     absent("AIGatewayRoute", target.name, policy.meta.name,
                            names_of(configuration.routes)));
    else if (!target.section.empty() && std::ranges::find(rules, target.section) == rules.end())
        report.error(target.place, join(target.field, "sectionName"),
                     fmt::format("AIGatewayRoute {} has no rule of this name{}",
                                 quote(target.name.name), suggest(target.section, rules)));
}

void check_backend(const Reference& target, const DialectPolicy& policy,
                   const Configuration& configuration, Report& report) {
    const Backend* backend = configuration.backend(target.name);
    if (!backend)
        report.error(target.place, target.field,
                     absent("AIServiceBackend", target.name, policy.meta.name,
                            names_of(configuration.backends)));
    else if (backend->schema.name != SchemaName::openai &&
             backend->schema.name != SchemaName::azure_openai)
        report.error(target.place, target.field,
                     fmt::format("conversations is about backends of schema OpenAI or AzureOpenAI; "
                                 "that of {} is {}",
                                 quote(target.name.name), to_string(backend->schema.name)));
}

// Each target is told something, and what is said has somebody to tell.
void check_targets(const DialectPolicy& policy, const Configuration& configuration, bool complete,
                   Report& report) {
    bool routes = policy.targets.empty();
    bool backends = false;
    for (const Reference& target : policy.targets) {
        const bool backend = is_backend(target);
        routes = routes || !backend;
        backends = backends || backend;
        if (!backend && target.kind != "AIGatewayRoute")
            report.error(target.place, join(target.field, "kind"),
                         "a DialectPolicy is about routes and backends; write AIGatewayRoute or "
                         "AIServiceBackend");
        else if (backend ? !policy.conversations : !policy.strict && !policy.client_keys)
            report.error(target.place, target.field,
                         backend ? "a backend is told conversations, and there is none"
                                 : "a route is told strict or clientSigV4, and there is neither");
        else if (complete && backend)
            check_backend(target, policy, configuration, report);
        else if (complete)
            check_route(target, policy, configuration, report);
    }
    if (policy.conversations && !backends)
        report.error(policy.place, "spec.conversations",
                     "it is about backends; name them in targetRefs (kind: AIServiceBackend)");
    if ((policy.strict || policy.client_keys) && !routes)
        report.error(policy.place, policy.strict ? "spec.strict" : "spec.clientSigV4",
                     "it is about routes; name them in targetRefs (kind: AIGatewayRoute), or write "
                     "a policy without targetRefs for all");
}

// A protection whose keys cannot be had is not quietly absent.
void check_keys(const DialectPolicy& policy, const Configuration& configuration, bool complete,
                Report& report) {
    if (!policy.client_keys) return;
    const Reference& ref = *policy.client_keys;
    if (ref.kind != "Secret" || !ref.group.empty())
        return report.error(ref.place, ref.field,
                            "must name a Secret of the core group; leave group and kind out");
    const SecretResource* secret = configuration.secret(ref.name);
    if (!secret) {
        if (complete)
            report.error(
                ref.place, ref.field,
                absent("Secret", ref.name, policy.meta.name, names_of(configuration.secrets)));
        return;
    }
    check_grant(configuration, policy.meta, "", "Secret", ref.name, ref.place, ref.field, report);
    const auto keys = secret->values.find("credentials");
    if (keys == secret->values.end() || keys->second.empty())
        report.error(ref.place, ref.field,
                     fmt::format("Secret {} has no key \"credentials\"; add the clients' keys to "
                                 "it, as in an AWS credentials file",
                                 quote(ref.name.name)));
}

void tell(const DialectPolicy& policy, Rule& rule) {
    if (policy.strict) rule.strict = *policy.strict;
    if (policy.client_keys) rule.client_keys = policy.client_keys->name;
}

Conversations conversations_of(std::string_view word) {
    for (Conversations value : {Conversations::chat_completions, Conversations::responses})
        if (to_string(value) == word) return value;
    return Conversations::both;
}

}  // namespace

std::string_view to_string(Conversations conversations) {
    switch (conversations) {
        case Conversations::both:
            return "Both";
        case Conversations::chat_completions:
            return "ChatCompletions";
        case Conversations::responses:
            return "Responses";
    }
    return {};
}

DialectPolicy decode_dialect_policy(const Object& object) {
    const Node& spec = object.spec();
    DialectPolicy policy;
    policy.meta = object.meta();
    policy.place = spec.place;
    if (const Node* strict = spec.find("strict")) policy.strict = strict->text == "true";
    if (const Node* keys = spec.at("clientSigV4.credentialsRef"))
        policy.client_keys =
            read_reference(*keys, object.name, "", "Secret", "spec.clientSigV4.credentialsRef");
    if (const Node* word = spec.find("conversations"))
        policy.conversations = conversations_of(word->text);
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        policy.targets.push_back(read_reference(targets[i], object.name, "aigateway.envoyproxy.io",
                                                "AIGatewayRoute", join("spec.targetRefs", i)));
    return policy;
}

void apply_dialect_policies(const Parts& parts, Configuration& configuration, Report& report) {
    std::vector<Claim> claims;
    for (const DialectPolicy& policy : parts.dialect_policies) {
        report.set_subject(subject(policy.meta));
        check_targets(policy, configuration, parts.complete, report);
        check_keys(policy, configuration, parts.complete, report);
        if (policy.targets.empty()) claims.push_back({&policy, nullptr});
        for (const Reference& target : policy.targets)
            claims.push_back({&policy, &target});
    }
    std::sort(claims.begin(), claims.end());
    for (const Claim& claim : claims) {
        for (Route& route : configuration.routes)
            for (Rule& rule : route.rules)
                if (hits(claim, route, rule)) tell(*claim.policy, rule);
        if (!claim.target || !is_backend(*claim.target) || !claim.policy->conversations) continue;
        for (Backend& backend : configuration.backends)
            if (backend.meta.name == claim.target->name)
                backend.conversations = *claim.policy->conversations;
    }
}

}  // namespace weir::config
