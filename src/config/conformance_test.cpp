// Upstream's CRD cases and examples, and a proof that our tables say what the CRDs say.
#include <re2/re2.h>

#include <set>

#include "config/rules.h"
#include "config/schema.h"
#include "config/test_support.h"
#include "config/yaml.h"

namespace weir::config {
namespace {

json::Value read_index(const std::filesystem::path& path) {
    auto value = json::parse(read_text(path));
    EXPECT_TRUE(value) << path;
    return value ? *value : json::Value();
}

std::string test_name(std::string_view file) {
    std::string out(file.substr(0, file.rfind('.')));
    for (char& c : out)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return out;
}

// ---- crd-validation

struct CrdCase {
    std::string file;
    bool valid = false;
    std::string message;
    friend void PrintTo(const CrdCase& c, std::ostream* out) { *out << c.file; }
};

std::vector<CrdCase> crd_cases() {
    std::vector<CrdCase> cases;
    auto folder = conformance() / "crd-validation";
    if (!std::filesystem::is_directory(folder)) return cases;
    const json::Value index = read_index(folder / "index.json");
    for (const json::Value& row : index.items())
        cases.push_back({std::string(row.string_at("file")), row.string_at("expected") == "valid",
                         std::string(row.string_at("message_contains"))});
    return cases;
}

class CrdValidationTest : public testing::TestWithParam<CrdCase> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CrdValidationTest);

TEST_P(CrdValidationTest, IsJudgedAsTheApiServerJudgesIt) {
    const CrdCase& c = GetParam();
    const Document document{c.file, read_text(conformance() / "crd-validation" / c.file)};
    Options options;
    options.schema_only = true;
    Loaded loaded = load(std::span(&document, 1), options);
    EXPECT_EQ(loaded.ok(), c.valid) << messages(loaded);
    // The API server's own preamble (`Kind.group "name" is invalid: `) is not ours to print.
    std::string_view wanted = c.message;
    if (auto preamble = wanted.find(" is invalid: "); preamble != std::string_view::npos)
        wanted.remove_prefix(preamble + 13);
    EXPECT_NE(errors(loaded).find(wanted), std::string::npos) << wanted << "\n" << messages(loaded);
}

INSTANTIATE_TEST_SUITE_P(Cases, CrdValidationTest, testing::ValuesIn(crd_cases()),
                         [](const auto& param) { return test_name(param.param.file); });

TEST(CrdValidationFolderTest, IsThereAndNotEmpty) {
    if (conformance_missing("crd-validation")) GTEST_SKIP() << "conformance data missing";
    EXPECT_GT(crd_cases().size(), 40u);
}

// ---- tables against the CRDs

/// Compares a table with an OpenAPI schema; differences are named by path.
class TableComparison {
public:
    std::vector<std::string> differences;
    size_t fields = 0;

    void compare(const Node& crd, const Type& type, const std::string& path) {
        ++fields;
        rules(crd, type, path);
        std::string_view kind = crd.text_at("type");
        if (crd.find("x-kubernetes-int-or-string"))
            return expect(type.base == Type::Base::int_or_string, path, "int_or_string");
        if (kind == "string") return string(crd, type, path);
        if (kind == "integer") return number(crd, type, path);
        if (kind == "boolean") return expect(type.base == Type::Base::boolean, path, "boolean");
        if (kind == "array") return list(crd, type, path);
        if (kind == "object" && crd.find("properties")) return object(crd, type, path);
        if (kind == "object" && crd.find("additionalProperties"))
            return expect(type.base == Type::Base::map, path, "map");
        expect(type.base == Type::Base::any, path, "any");
    }

private:
    void expect(bool fits, const std::string& path, std::string_view what) {
        if (!fits) differences.push_back(path + ": " + std::string(what));
    }

    static std::optional<int64_t> bound(const Node& crd, std::string_view key) {
        const Node* node = crd.find(key);
        return node ? std::optional(static_cast<int64_t>(std::stod(node->text))) : std::nullopt;
    }

    void rules(const Node& crd, const Type& type, const std::string& path) {
        std::set<std::string> wanted, have;
        if (const Node* list = crd.find("x-kubernetes-validations"))
            for (const Node& rule : list->items)
                wanted.emplace(rule.text_at("message"));
        for (const CrossFieldRule* rule : type.rules)
            have.emplace(rule->message);
        expect(wanted == have, path, "rules");
    }

    void choices(const Node& crd, const Type& type, const std::string& path) {
        const Node* list = crd.find("enum");
        if (!list && crd.find("allOf")) list = crd.find("allOf")->items.front().find("enum");
        std::vector<std::string> wanted;
        if (list)
            for (const Node& choice : list->items)
                wanted.push_back(choice.text);
        expect(wanted == type.choices, path, "choices");
    }

    void string(const Node& crd, const Type& type, const std::string& path) {
        choices(crd, type, path);
        expect((type.base == Type::Base::string) == type.choices.empty(), path,
               "string or enumeration");
        expect(bound(crd, "minLength") == type.min && bound(crd, "maxLength") == type.max, path,
               "length");
        expect(crd.text_at("pattern") == type.pattern, path, "pattern");
        expect(crd.text_at("format") == type.format, path, "format");
    }

    void number(const Node& crd, const Type& type, const std::string& path) {
        expect(type.base == Type::Base::integer, path, "integer");
        expect(bound(crd, "minimum") == type.min && bound(crd, "maximum") == type.max, path,
               "range");
        const Node* list = crd.find("enum");
        expect((list ? list->items.size() : 0) == type.numbers.size(), path, "numbers");
    }

    void list(const Node& crd, const Type& type, const std::string& path) {
        expect(type.base == Type::Base::list, path, "list");
        if (type.base != Type::Base::list) return;
        expect(bound(crd, "minItems") == type.min && bound(crd, "maxItems") == type.max, path,
               "items");
        expect((crd.text_at("x-kubernetes-list-type") == "set") == type.set, path, "set");
        std::vector<std::string> keys;
        if (const Node* names = crd.find("x-kubernetes-list-map-keys"))
            for (const Node& name : names->items)
                keys.push_back(name.text);
        expect(keys == type.keys, path, "keys");
        compare(*crd.find("items"), *type.item, path + "[]");
    }

    void object(const Node& crd, const Type& type, const std::string& path) {
        expect(type.base == Type::Base::object, path, "object");
        expect(bound(crd, "minProperties") == type.min && bound(crd, "maxProperties") == type.max,
               path, "properties");
        std::set<std::string> required;
        if (const Node* list = crd.find("required"))
            for (const Node& name : list->items)
                required.insert(name.text);
        std::set<std::string> known;
        for (const Entry& property : crd.find("properties")->entries) {
            known.insert(property.key);
            const Field* field = type.field(property.key);
            expect(field != nullptr, path + "." + property.key, "missing in the table");
            if (!field) continue;
            expect(field->required == required.contains(property.key), path + "." + property.key,
                   "required");
            compare(property.value, *field->type, path + "." + property.key);
        }
        for (const Field& field : type.fields)
            expect(known.contains(field.name) || field.standing == Standing::gone ||
                       field.name == "usage" || field.name == "noProxy",
                   path + "." + field.name, "not in the CRD");
    }
};

struct CrdTable {
    const char* file;
    const char* version;
    const char* table;
};

class TableTest : public testing::TestWithParam<CrdTable> {};

TEST_P(TableTest, SaysWhatTheCrdSays) {
    if (conformance_missing("crd-validation/crds")) GTEST_SKIP() << "conformance data missing";
    auto path = conformance() / "crd-validation/crds" /
                (std::string("aigateway.envoyproxy.io_") + GetParam().file + ".yaml");
    std::vector<Diagnostic> diagnostics;
    Report report(diagnostics);
    bool complete = true;
    auto documents = parse_yaml(path.string(), read_text(path), report, complete);
    ASSERT_EQ(documents.size(), 1u);
    const Node* versions = documents[0].at("spec.versions");
    ASSERT_TRUE(versions);
    TableComparison comparison;
    for (const Node& version : versions->items)
        if (version.text_at("name") == GetParam().version)
            comparison.compare(*version.at("schema.openAPIV3Schema.properties.spec"),
                               schema().type(GetParam().table), "spec");
    EXPECT_GT(comparison.fields, 10u);
    EXPECT_EQ(comparison.differences, std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(
    Crds, TableTest,
    testing::Values(CrdTable{"aigatewayroutes", "v1alpha1", "AIGatewayRouteSpec"},
                    CrdTable{"aigatewayroutes", "v1beta1", "AIGatewayRouteSpec"},
                    CrdTable{"aiservicebackends", "v1alpha1", "AIServiceBackendSpec"},
                    CrdTable{"aiservicebackends", "v1beta1", "AIServiceBackendSpec"},
                    CrdTable{"backendsecuritypolicies", "v1alpha1",
                             "BackendSecurityPolicySpecAlpha"},
                    CrdTable{"backendsecuritypolicies", "v1beta1", "BackendSecurityPolicySpec"},
                    CrdTable{"quotapolicies", "v1alpha1", "QuotaPolicySpec"},
                    CrdTable{"mcproutes", "v1beta1", "MCPRouteSpec"},
                    CrdTable{"gatewayconfigs", "v1beta1", "GatewayConfigSpec"}),
    [](const auto& param) { return std::string(param.param.file) + "_" + param.param.version; });

// ---- examples

/// What an example cannot be judged by, and why: an object alone, or nothing but its text.
enum class Judge { whole, alone, refused };

struct Exception {
    const char* file;
    Judge judge;
    const char* why;
};

constexpr Exception kExceptions[] = {
    {"examples/inference-pool/aigwroute.yaml", Judge::alone, "names a backend of basic/basic.yaml"},
    {"e2e/namespaced.yaml", Judge::alone,
     "route2-backend names a Backend of another namespace as if it were its own"},
    {"aigw-cli/translate_basic.in.yaml", Judge::refused,
     "names a Service where the CRD wants a Backend"},
    {"site-docs/capabilities__gateway-config-08.yaml", Judge::refused,
     "an AIGatewayRoute without rules"},
};

struct Example {
    std::string file;
    bool fragment = false;
    friend void PrintTo(const Example& e, std::ostream* out) { *out << e.file; }
};

std::vector<Example> examples() {
    std::vector<Example> out;
    auto folder = conformance() / "examples";
    if (!std::filesystem::is_directory(folder)) return out;
    const json::Value index = read_index(folder / "index.json");
    for (const json::Value& row : index.items()) {
        const json::Value* fragment = row.find("fragment");
        out.push_back({std::string(row.string_at("file")), fragment && fragment->as_bool()});
    }
    return out;
}

class ExampleTest : public testing::TestWithParam<Example> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ExampleTest);

TEST_P(ExampleTest, Loads) {
    const auto& [file, fragment] = GetParam();
    Judge judge = file.starts_with("site-docs/") ? Judge::alone : Judge::whole;
    for (const Exception& exception : kExceptions)
        if (file == exception.file) judge = exception.judge;
    const Document document{file, read_text(conformance() / "examples" / file)};
    Options options;
    options.mock = true;
    options.schema_only = judge != Judge::whole;
    Loaded loaded = load(std::span(&document, 1), options);
    if (fragment || judge == Judge::refused) {
        EXPECT_EQ(errors(loaded).find("unknown field"), std::string::npos) << messages(loaded);
        EXPECT_EQ(errors(loaded).find("not valid YAML"), std::string::npos) << messages(loaded);
    } else {
        EXPECT_TRUE(loaded.ok()) << messages(loaded);
    }
    for (const Diagnostic& d : loaded.diagnostics)
        EXPECT_TRUE(d.place.known()) << to_string(d);
}

INSTANTIATE_TEST_SUITE_P(Files, ExampleTest, testing::ValuesIn(examples()),
                         [](const auto& param) { return test_name(param.param.file); });

TEST(ExampleFolderTest, InferencePoolFilesLoadTogether) {
    if (conformance_missing("examples")) GTEST_SKIP() << "conformance data missing";
    EXPECT_GT(examples().size(), 60u);
    std::vector<Document> documents;
    for (const char* file :
         {"inference-pool/aigwroute.yaml", "inference-pool/base.yaml", "basic/basic.yaml"})
        documents.push_back({file, read_text(conformance() / "examples/examples" / file)});
    Loaded loaded = load(documents, {});
    EXPECT_TRUE(loaded.ok()) << errors(loaded);
}

}  // namespace
}  // namespace weir::config
