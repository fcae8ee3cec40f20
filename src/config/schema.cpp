#include "config/schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "config/rules.h"
#include "config/tables.h"

namespace weir::config {

const Field* Type::field(std::string_view field_name) const {
    auto found = std::ranges::find(fields, field_name, &Field::name);
    return found == fields.end() ? nullptr : &*found;
}

namespace {

[[noreturn]] void broken(std::string_view what, std::string_view at) {
    fmt::print(stderr, "schema table: {} at: {}\n", what, at.substr(0, 60));
    std::abort();
}

bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

/// Reads one table's text into a Schema.
class NotationReader {
public:
    NotationReader(Schema& schema, std::string_view text) : schema_(schema), rest_(text) {}

    void read() {
        while (skip(), !rest_.empty()) {
            std::string_view what = word();
            Type& type = named(word());
            if (what == "alias") {
                expect("=");
                std::string name = type.name;
                type = expression();
                type.name = std::move(name);
            } else if (what == "type") {
                object(type);
            } else {
                broken("neither alias nor type", what);
            }
        }
    }

private:
    void skip() {
        while (!rest_.empty()) {
            auto first = rest_.find_first_not_of(" \t\n,");
            rest_.remove_prefix(std::min(first, rest_.size()));
            if (rest_.empty() || rest_[0] != '#') return;
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        }
    }

    bool take(std::string_view token) {
        skip();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    void expect(std::string_view token) {
        if (!take(token)) broken(fmt::format("expected {}", token), rest_);
    }

    std::string_view word() {
        skip();
        size_t length = 0;
        while (length < rest_.size() && word_char(rest_[length]))
            ++length;
        if (length == 0) broken("expected a word", rest_);
        std::string_view out = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return out;
    }

    /// Text up to `end`, which is taken too; `\` before `end` escapes it.
    std::string until(char end) {
        std::string out;
        while (!rest_.empty() && rest_[0] != end) {
            if (rest_[0] == '\\' && rest_.size() > 1 && rest_[1] == end) rest_.remove_prefix(1);
            out += rest_[0];
            rest_.remove_prefix(1);
        }
        rest_.remove_prefix(1);
        return out;
    }

    std::vector<std::string> names() {
        std::vector<std::string> out;
        std::string inside = until(')');
        for (std::string_view left = inside; !left.empty();) {
            auto comma = std::min(left.find(','), left.size());
            std::string_view name = left.substr(0, comma);
            while (name.starts_with(' '))
                name.remove_prefix(1);
            out.emplace_back(name == "\"\"" ? std::string_view() : name);
            left.remove_prefix(std::min(comma + 1, left.size()));
        }
        return out;
    }

    std::optional<int64_t> number() {
        int64_t value = 0;
        auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc()) return std::nullopt;
        rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
        return value;
    }

    Type& named(std::string_view name) {
        auto& slot = schema_.named_[std::string(name)];
        if (!slot) {
            slot = std::make_unique<Type>();
            slot->name = name;
        }
        return *slot;
    }

    /// A type where one is used: the named one, or one of its own.
    const Type* use() {
        skip();
        std::string_view before = rest_;
        if (word_char(rest_[0]) && rest_[0] >= 'A' && rest_[0] <= 'Z') return &named(word());
        rest_ = before;
        auto type = std::make_unique<Type>(expression());
        schema_.anonymous_.push_back(std::move(type));
        return schema_.anonymous_.back().get();
    }

    Type expression() {
        Type type;
        if (take("[")) {
            type.base = Type::Base::list;
            type.item = use();
            expect("]");
        } else if (take("{")) {
            type.base = Type::Base::map;
            type.item = use();
            expect("}");
        } else {
            base(type, word());
        }
        suffixes(type);
        return type;
    }

    void base(Type& type, std::string_view name) {
        static const std::map<std::string_view, Type::Base> kBases = {
            {"any", Type::Base::any},         {"string", Type::Base::string},
            {"int", Type::Base::integer},     {"number", Type::Base::number},
            {"bool", Type::Base::boolean},    {"int_or_string", Type::Base::int_or_string},
            {"enum", Type::Base::enumeration}};
        auto found = kBases.find(name);
        if (found == kBases.end()) broken("unknown type", name);
        type.base = found->second;
        if (type.base == Type::Base::enumeration) {
            expect("(");
            type.choices = names();
        }
    }

    void suffixes(Type& type) {
        while (true) {
            skip();
            if (rest_.empty()) return;
            bool range =
                rest_[0] == '-' || (rest_[0] >= '0' && rest_[0] <= '9') || rest_.starts_with("..");
            if (range) {
                type.min = number();
                expect("..");
                type.max = number();
            } else if (take("/")) {
                type.pattern = until('/');
                type.regex = std::make_shared<const re2::RE2>(type.pattern, re2::RE2::Quiet);
                if (!type.regex->ok()) broken("bad pattern", type.pattern);
            } else if (take("format(")) {
                type.format = until(')');
            } else if (take("one_of(")) {
                for (const std::string& n : names())
                    type.numbers.push_back(std::stoll(n));
            } else if (take("key(")) {
                type.keys = names();
            } else if (take("!")) {
                type.rules.push_back(&find_rule(word()));
            } else if (type.base == Type::Base::list && rest_.starts_with("set") &&
                       (rest_.size() == 3 ||
                        !(word_char(rest_[3]) || rest_[3] == ':' || rest_[3] == '*'))) {
                rest_.remove_prefix(3);
                type.set = true;
            } else {
                return;
            }
        }
    }

    void object(Type& type) {
        type.base = Type::Base::object;
        suffixes(type);
        expect("{");
        while (!take("}")) {
            Field field;
            field.name = word();
            field.required = take("*");
            expect(":");
            field.type = use();
            skip();
            if (take("@")) field.standing = standing(word());
            type.fields.push_back(std::move(field));
        }
    }

    static Standing standing(std::string_view name) {
        if (name == "later") return Standing::later;
        if (name == "guard") return Standing::guard;
        if (name == "gone") return Standing::gone;
        if (name == "quiet") return Standing::quiet;
        broken("unknown standing", name);
    }

    Schema& schema_;
    std::string_view rest_;
};

Schema::Schema(std::vector<std::string_view> sources) {
    for (std::string_view text : sources)
        NotationReader(*this, text).read();
    for (const auto& [name, type] : named_)
        if (type->base == Type::Base::any) broken("type used but not defined", name);
}

const Type& Schema::type(std::string_view name) const {
    auto found = named_.find(name);
    if (found == named_.end()) broken("no such type", name);
    return *found->second;
}

const Schema& schema() {
    static const Schema kSchema({tables::kCommon, tables::kRoute, tables::kCredential,
                                 tables::kCluster, tables::kMcp, tables::kSeed, tables::kGatewayApi,
                                 tables::kEnvoyGateway, tables::kClients, tables::kLimits,
                                 tables::kWeir});
    return kSchema;
}

}  // namespace weir::config
