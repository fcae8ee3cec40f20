/// A compiled expression.
///
/// compile() parses and checks once; the Program is immutable, cheap to copy (shared) and may be
/// evaluated by any number of threads at once. An evaluation allocates only what its Arena cannot
/// hold inline: nothing for numbers, comparisons and literals, whatever they are combined with.
///
/// Failure: compile() fails with config.invalid ("column 7: …", with the remedy), evaluate() with
/// expression.failed, naming the column too. Neither text holds a value of a variable.
///
///     cel::Arena arena;
///     WEIR_TRY(cel::Value value, program.evaluate(cel::Values(values), arena));
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cel/arena.h"
#include "cel/environment.h"
#include "cel/value.h"

namespace weir::cel {

class Program {
public:
    static Result<Program> compile(std::string_view text, const Environment& environment);

    /// The Value lives as long as the Program, the arena, and what the activation gave.
    /// The arena's own limit bounds the memory; make it from memory_limit().
    Result<Value> evaluate(const Activation& activation, Arena& arena) const;
    /// The same without words: a failure is a Value. Allocates nothing for a failure either.
    Value run(const Activation& activation, Arena& arena) const;
    /// The Error that a failure means.
    Error explain(const Value& failure) const;

    const Type& result_type() const;
    const std::string& text() const;
    size_t memory_limit() const;

private:
    struct Compiled;
    explicit Program(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Compiled> compiled_;
};

}  // namespace weir::cel
