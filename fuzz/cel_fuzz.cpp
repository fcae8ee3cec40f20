// Expressions: what parses prints and parses to the same again; whatever compiles is evaluated
// within its limits, checked or not, and means the same when it is printed first.
#include <cstdint>
#include <string>

#include "cel/cost.h"
#include "cel/json_document.h"
#include "cel/parser.h"
#include "cel/program.h"
#include "json/value.h"

namespace {

using namespace weir::cel;

const weir::json::Value& document() {
    static const weir::json::Value kDocument =
        weir::json::parse(R"({"s": "text", "n": 3, "l": [1, "a", [true], null], "m": {"k": {}}})")
            .value();
    return kDocument;
}

class Fixed final : public Activation {
public:
    Value variable(uint32_t index, Arena& arena) const override {
        if (index == 0) return Value::string("gpt-4o");
        if (index == 1) return Value::natural(7);
        return json_document(document(), arena);
    }
};

Environment environment(bool checked) {
    Environment out;
    out.declare("s", Type::string());
    out.declare("n", Type::natural());
    out.declare("d", Type::dyn());
    out.set_checked(checked);
    out.set_limits({.length = 4096, .nesting = 64, .steps = 5'000, .memory = 256 * 1024});
    return out;
}

/// What an evaluation comes to, without the parts that depend on the text.
std::string outcome(std::string_view text, const Environment& in) {
    auto program = Program::compile(text, in);
    if (!program) return "refused";
    Arena arena(program->memory_limit());
    const Value value = program->run(Fixed(), arena);
    std::string out(type_name(value.kind()));
    switch (value.kind()) {
        case Kind::boolean:
            return out + (value.as_boolean() ? " true" : " false");
        case Kind::integer:
        case Kind::duration:
            return out + std::to_string(value.as_integer());
        case Kind::natural:
            return out + std::to_string(value.as_natural());
        case Kind::string:
        case Kind::bytes:
            return out + std::string(value.text());
        case Kind::list:
            return out + std::to_string(value.as_list().size());
        case Kind::map:
            return out + std::to_string(value.as_map().size());
        case Kind::failure:
            if (program->explain(value).detail().empty()) __builtin_trap();
            return out + std::to_string(static_cast<int>(value.as_failure()));
        default:
            return out;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const Environment kChecked = environment(true);
    static const Environment kUnchecked = environment(false);
    auto cost = CostExpression::compile(text);
    if (cost) (void)cost->evaluate({.model = "m", .input_tokens = UINT64_MAX, .output_tokens = 3});
    auto ast = parse(text, kChecked.limits());
    if (!ast) {
        if (ast.error().detail().find("column ") == std::string::npos) __builtin_trap();
        return 0;
    }
    const std::string printed = to_text(*ast);
    if (printed.size() > kChecked.limits().length) return 0;  // parentheses made it longer
    auto again = parse(printed, kChecked.limits());
    if (!again || to_text(*again) != printed) __builtin_trap();
    for (const Environment* in : {&kChecked, &kUnchecked})
        if (outcome(text, *in) != outcome(printed, *in)) __builtin_trap();
    return 0;
}
