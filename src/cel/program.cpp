#include "cel/program.h"

#include <fmt/format.h>

#include "cel/checker.h"
#include "cel/evaluator.h"
#include "cel/parser.h"
#include "cel/source.h"

namespace weir::cel {

struct Program::Compiled {
    Ast ast;
    Prepared prepared;
    Type result;
    Limits limits;
    std::shared_ptr<const TimeZones> zones;
};

Result<Program> Program::compile(std::string_view text, const Environment& environment) {
    auto compiled = std::make_shared<Compiled>();
    compiled->limits = environment.limits();
    compiled->zones = environment.time_zones();
    WEIR_TRY(compiled->ast, parse(text, environment.limits()));
    WEIR_TRY(compiled->result, Checker(compiled->ast, environment, compiled->prepared).run());
    return Program(std::move(compiled));
}

Value Program::run(const Activation& activation, Arena& arena) const {
    Run run(arena, compiled_->limits.steps, compiled_->zones.get());
    return Evaluator(compiled_->ast, activation, run).evaluate();
}

Result<Value> Program::evaluate(const Activation& activation, Arena& arena) const {
    const Value out = run(activation, arena);
    if (out.is_failure()) return std::unexpected(explain(out));
    return out;
}

Error Program::explain(const Value& failure) const {
    std::string text(describe(failure.as_failure()));
    if (failure.position() != Value::kNowhere)
        text = fmt::format("{}: {}", place(compiled_->ast.source, failure.position()), text);
    return Error(codes::expression_failed, std::move(text));
}

const Type& Program::result_type() const {
    return compiled_->result;
}
const std::string& Program::text() const {
    return compiled_->ast.source;
}
size_t Program::memory_limit() const {
    return compiled_->limits.memory;
}

}  // namespace weir::cel
