// The cases of conformance/cel, one test each. What is not run is listed with its reason in
// testdata/conformance_exceptions.txt; a line that matches no case fails.
#include <fnmatch.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <set>
#include <sstream>

#include "base/encoding.h"
#include "cel/cost.h"
#include "cel/run.h"
#include "cel/test_support.h"

namespace weir::cel::test {
namespace {

struct Case {
    std::string id;
    json::Value value;
    bool cost = false;  ///< of aigw-llm-cost.jsonl
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.id;
}

struct Exception {
    std::string pattern;
    std::string reason;
};

std::vector<Exception> exceptions() {
    std::vector<Exception> out;
    std::istringstream lines(read_file(std::filesystem::path(WEIR_SOURCE_DIR) /
                                       "src/cel/testdata/conformance_exceptions.txt"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        const size_t space = line.find(' ');
        out.push_back(
            {line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1)});
    }
    return out;
}

/// Every case; its id is file/section/name, numbered where that is not unique.
std::vector<Case> all_cases() {
    std::vector<Case> out;
    if (!has_conformance()) return out;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(conformance()))
        if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::set<std::string> seen;
    for (const auto& file : files) {
        const bool cost = file.stem() == "aigw-llm-cost";
        for (auto& value : read_lines(file)) {
            std::string id = file.stem().string();
            if (!cost) id += "/" + std::string(value.string_at("section"));
            id += "/" + std::string(value.string_at("name"));
            std::string unique = id;
            for (int i = 2; !seen.insert(unique).second; ++i)
                unique = id + "_" + std::to_string(i);
            out.push_back({unique, std::move(value), cost});
        }
    }
    return out;
}

bool excepted(const std::vector<Exception>& list, const std::string& id) {
    for (const auto& entry : list)
        if (fnmatch(entry.pattern.c_str(), id.c_str(), 0) == 0) return true;
    return false;
}

std::vector<Case> cases_to_run() {
    const auto list = exceptions();
    std::vector<Case> out = all_cases();
    std::erase_if(out, [&](const Case& c) { return excepted(list, c.id); });
    return out;
}

/// Every bit of it.
std::string spell(double d) {
    char text[64];
    std::snprintf(text, sizeof text, "double %a", d);
    return std::isnan(d) ? "double nan" : text;
}

/// A value of the cases' own spelling, {type, value}, as the text that `print` gives for ours.
std::string spell(const json::Value& value) {
    const std::string type(value.string_at("type"));
    const json::Value* given = value.find("value");
    if (type == "bytes")
        return "bytes " + hex_encode(base64_decode(value.string_at("base64")).value());
    if (type == "list") {
        std::string out = "[";
        for (const auto& item : given->items())
            out += spell(item) + ",";
        return out + "]";
    }
    if (type == "map") {
        std::set<std::string> entries;
        for (const auto& entry : value.find("entries")->items())
            entries.insert(spell(*entry.find("key")) + ":" + spell(*entry.find("value")));
        std::string out = "{";
        for (const auto& entry : entries)
            out += entry + ",";
        return out + "}";
    }
    if (type == "bool") return given->as_bool() ? "bool true" : "bool false";
    if (type == "null") return "null";
    if (type == "double") {
        const double d =
            given->is_string() ? std::stod(std::string(given->text())) : given->as_double().value();
        return spell(d);
    }
    return type + " " + std::string(given->text());
}

std::string print(const Value& value, Arena& arena) {
    switch (value.kind()) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return value.as_boolean() ? "bool true" : "bool false";
        case Kind::integer:
            return "int " + std::to_string(value.as_integer());
        case Kind::natural:
            return "uint " + std::to_string(value.as_natural());
        case Kind::real:
            return spell(value.as_real());
        case Kind::string:
            return "string " + std::string(value.text());
        case Kind::bytes:
            return "bytes " + hex_encode(value.text());
        case Kind::list: {
            std::string out = "[";
            for (size_t i = 0; i < value.as_list().size(); ++i)
                out += print(value.as_list().at(i, arena), arena) + ",";
            return out + "]";
        }
        case Kind::map: {
            std::set<std::string> entries;
            const MapView& map = value.as_map();
            for (size_t i = 0; i < map.size(); ++i)
                entries.insert(print(map.key(i, arena), arena) + ":" +
                               print(map.value(i, arena), arena));
            std::string out = "{";
            for (const auto& entry : entries)
                out += entry + ",";
            return out + "}";
        }
        case Kind::type:
            return "type " + std::string(type_name(value.as_type()));
        default:
            return "something of type " + std::string(type_name(value.kind()));
    }
}

/// "int", {"list": "int"}, {"map": ["string", "int"]}.
Type read_type(const json::Value& value) {
    if (const auto* element = value.find("list")) return Type::list(read_type(*element));
    if (const auto* both = value.find("map"))
        return Type::map(read_type(both->items().at(0)), read_type(both->items().at(1)));
    if (value.text() == "dyn") return Type::dyn();
    const auto kind = kind_from_type_name(value.text() == "null" ? "null_type" : value.text());
    EXPECT_TRUE(kind) << value.text();
    return Type::of(kind.value_or(Kind::null));
}

Value bind(Run& run, const json::Value& value) {
    const std::string_view type = value.string_at("type");
    const json::Value* given = value.find("value");
    if (type == "null") return Value::null();
    if (type == "bool") return Value::boolean(given->as_bool());
    if (type == "int") return Value::integer(std::stoll(std::string(given->text())));
    if (type == "uint") return Value::natural(std::stoull(std::string(given->text())));
    if (type == "double") return Value::real(given->as_double().value());
    if (type == "string") return run.string(given->text());
    if (type == "bytes") {
        const Value text = run.string(base64_decode(value.string_at("base64")).value());
        return Value::bytes(text.text());
    }
    std::vector<Value> parts;
    if (type == "list") {
        for (const auto& item : given->items())
            parts.push_back(bind(run, item));
    } else {
        EXPECT_EQ(type, "map");
        for (const auto& entry : value.find("entries")->items()) {
            parts.push_back(bind(run, *entry.find("key")));
            parts.push_back(bind(run, *entry.find("value")));
        }
    }
    auto kept = run.arena.array<Value>(parts.size());
    std::copy(parts.begin(), parts.end(), kept.begin());
    return type == "list" ? run.list(kept) : run.map(kept);
}

void run_case(const json::Value& c) {
    Environment environment;
    environment.set_time_zones(std::make_shared<SystemZones>());
    const bool unchecked = c.find("disableCheck") && c.find("disableCheck")->as_bool();
    environment.set_checked(!unchecked);
    ASSERT_EQ(c.find("disableMacros"), nullptr) << "no case had that when this was written";
    std::vector<Value> values;
    Arena bindings;
    Run making(bindings, 100'000, nullptr);
    for (const auto& binding : c.find("bindings")->members()) {
        const auto* types = c.find("typeEnv");
        const auto* type = types ? types->find(binding.key) : nullptr;
        environment.declare(binding.key, type ? read_type(*type) : Type::dyn());
        values.push_back(bind(making, binding.value));
    }
    auto program = Program::compile(c.string_at("expr"), environment);
    if (!program && c.find("error")) return;
    ASSERT_TRUE(program) << program.error().to_string();
    Arena arena;
    auto result = program->evaluate(Values(values), arena);
    if (c.find("error")) {
        EXPECT_FALSE(result) << print(*result, arena);
        return;
    }
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(print(*result, arena), spell(*c.find("value")));
}

CostVariables cost_variables(const json::Value& vars) {
    auto count = [&](std::string_view name) {
        return static_cast<uint64_t>(vars.find(name)->as_int().value());
    };
    return {.model = vars.string_at("model"),
            .backend = vars.string_at("backend"),
            .route_name = vars.string_at("route_name"),
            .input_tokens = count("input_tokens"),
            .cached_input_tokens = count("cached_input_tokens"),
            .cache_creation_input_tokens = count("cache_creation_input_tokens"),
            .output_tokens = count("output_tokens"),
            .total_tokens = count("total_tokens"),
            .reasoning_tokens = count("reasoning_tokens")};
}

void run_cost_case(const json::Value& c) {
    const json::Value& expected = *c.find("expect");
    const std::string_view contains = c.string_at("messageContains");
    auto program = CostExpression::compile(c.string_at("expr"));
    if (expected.text() == "config-error") {
        ASSERT_FALSE(program);
        EXPECT_EQ(program.error().code().name, codes::config_invalid.name);
        EXPECT_NE(program.error().detail().find(contains), std::string::npos)
            << program.error().detail();
        return;
    }
    ASSERT_TRUE(program) << program.error().to_string();
    if (expected.text() == "accepted") return;
    auto cost = program->evaluate(cost_variables(*c.find("vars")));
    if (expected.text() == "eval-error") {
        ASSERT_FALSE(cost) << *cost;
        EXPECT_EQ(cost.error().code().name, codes::expression_failed.name);
        EXPECT_NE(cost.error().detail().find(contains), std::string::npos) << cost.error().detail();
        return;
    }
    ASSERT_TRUE(cost) << cost.error().to_string();
    EXPECT_EQ(static_cast<int64_t>(*cost), expected.as_int().value());
}

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, Case) {
    const Case& c = GetParam();
    c.cost ? run_cost_case(c.value) : run_case(c.value);
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
    std::string name = info.param.id;
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);
INSTANTIATE_TEST_SUITE_P(Cel, Conformance, testing::ValuesIn(cases_to_run()), test_name);

TEST(ConformanceScope, AWrongAnswerIsNoticed) {
    const auto parsed = json::parse(R"([{"type": "int", "value": "2"}, {"type": "double", "value":
        0.30000000000000004}, {"type": "string", "value": "a"}, {"type": "double", "value": "NaN"},
        {"type": "list", "value": [{"type": "bool", "value": true}]}])");
    ASSERT_TRUE(parsed);
    Arena arena;
    const Value near[] = {Value::integer(3), Value::natural(2), Value::real(0.3),
                          Value::real(0.0),  Value::bytes("a"), Value::boolean(true),
                          Value::null()};
    for (const auto& expected : parsed->items())
        for (const auto& value : near)
            EXPECT_NE(print(value, arena), spell(expected));
    EXPECT_EQ(print(Value::integer(2), arena), spell(parsed->items()[0]));
}

TEST(ConformanceScope, EveryCaseIsRunOrListedWithAReason) {
    require_conformance();
    if (IsSkipped() || HasFatalFailure()) return;
    const auto cases = all_cases();
    const auto list = exceptions();
    for (const auto& entry : list) {
        EXPECT_FALSE(entry.reason.empty()) << entry.pattern;
        size_t matched = 0;
        for (const auto& c : cases)
            matched += fnmatch(entry.pattern.c_str(), c.id.c_str(), 0) == 0;
        EXPECT_GT(matched, 0u) << entry.pattern << " matches no case";
    }
    // The index counts what upstream has; ours must be all of it.
    auto index = json::parse(read_file(conformance() / "index.json"));
    ASSERT_TRUE(index);
    size_t expected = 0;
    for (const auto& file : index->members())
        expected += static_cast<size_t>(file.value.find("tests")->as_int().value());
    size_t general = 0;
    for (const auto& c : cases)
        general += c.cost ? 0 : 1;
    EXPECT_EQ(general, expected);
    EXPECT_GT(cases.size(), general);
    std::cout << "conformance/cel: " << cases.size() << " cases, " << cases_to_run().size()
              << " run\n";
}

}  // namespace
}  // namespace weir::cel::test
