#include "tokens/openai_tools.h"

#include "json/lexer.h"
#include "json/peek.h"

namespace weir::tokens {
namespace {

// The recipe's constants, under its own names.
constexpr int64_t kPropInit = 3;
constexpr int64_t kPropKey = 3;
constexpr int64_t kEnumInit = -3;
constexpr int64_t kEnumItem = 3;

class Recipe {
public:
    Recipe(const RawJson& raw, const ToolCost& cost, TextMeter& meter, std::string& buffer)
        : raw_(raw), cost_(cost), meter_(meter), buffer_(buffer) {}

    int64_t list(std::string_view raw) {
        int64_t functions = 0;
        raw_.elements(raw.data(), [&](const char* p) {
            const char* behind = raw_.value_end(p);
            if (*p == '{') functions += tool(json::view(p, behind));
            return behind;
        });
        return functions ? sum_ + cost_.once : sum_;
    }

private:
    /// Chat wraps the function, Responses and `functions` do not.
    int64_t tool(std::string_view raw) {
        const auto wrapped = json::find_member(raw, "function");
        const std::string_view function = wrapped ? wrapped->raw : raw;
        if (!json::find_member(function, "name")) return 0;  // a tool of the provider's own
        sum_ += cost_.function;
        buffer_.clear();
        append(function, "name");
        buffer_.push_back(':');
        append_description(function);
        meter_.add(buffer_);
        const auto parameters = json::find_member(function, "parameters");
        const auto properties =
            parameters ? json::find_member(parameters->raw, "properties") : std::nullopt;
        if (properties) this->properties(properties->raw);
        return 1;
    }

    void properties(std::string_view raw) {
        if (!raw.starts_with('{')) return;
        bool any = false;
        raw_.members(raw.data(), [&](std::string_view name, const char* p) {
            const char* behind = raw_.value_end(p);
            if (!any) sum_ += kPropInit;
            any = true;
            property(name, json::view(p, behind));
            return behind;
        });
    }

    void property(std::string_view name, std::string_view raw) {
        sum_ += kPropKey;
        if (const auto values = json::find_member(raw, "enum")) enumeration(values->raw);
        buffer_.clear();
        json::lex::append_unescaped(buffer_, name);
        buffer_.push_back(':');
        append(raw, "type");
        buffer_.push_back(':');
        append_description(raw);
        meter_.add(buffer_);
        // Objects in objects and lists are not in the recipe; they are counted the same way.
        if (const auto nested = json::find_member(raw, "properties")) properties(nested->raw);
        const auto items = json::find_member(raw, "items");
        const auto nested = items ? json::find_member(items->raw, "properties") : std::nullopt;
        if (nested) properties(nested->raw);
    }

    void enumeration(std::string_view raw) {
        if (!raw.starts_with('[')) return;
        sum_ += kEnumInit;
        raw_.elements(raw.data(), [&](const char* p) {
            const char* behind = raw_.value_end(p);
            sum_ += kEnumItem;
            *p == '"' ? meter_.add_raw(inside(p, behind)) : meter_.add(json::view(p, behind));
            return behind;
        });
    }

    void append(std::string_view object, std::string_view key) {
        const auto found = json::find_member(object, key);
        if (!found || found->kind != json::Kind::string) return;
        json::lex::append_unescaped(buffer_, found->raw.substr(1, found->raw.size() - 2));
    }

    /// The recipe drops a full stop at the end.
    void append_description(std::string_view object) {
        append(object, "description");
        if (buffer_.ends_with('.')) buffer_.pop_back();
    }

    const RawJson& raw_;
    const ToolCost& cost_;
    TextMeter& meter_;
    std::string& buffer_;
    int64_t sum_ = 0;
};

}  // namespace

int64_t openai_tool_tokens(std::string_view list, const RawJson& raw, const ToolCost& cost,
                           TextMeter& meter, std::string& buffer) {
    return Recipe(raw, cost, meter, buffer).list(list);
}

}  // namespace weir::tokens
