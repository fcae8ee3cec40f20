#include "config/check.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/encoding.h"
#include "config/rules.h"
#include "config/text.h"

namespace weir::config {

namespace {

using Base = Type::Base;

/// Code points of valid UTF-8 text: what Kubernetes counts as characters.
int64_t characters(std::string_view text) {
    return std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

std::string plural(int64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

/// What a message may show of a value: never what came from the environment.
std::string shown(const Node& node) {
    if (node.substituted) return "\"(from the environment)\"";
    bool number = node.kind == Node::Kind::integer || node.kind == Node::Kind::real;
    return number ? node.text.substr(0, 40) : quote(node.text);
}

/// What would be right, for the shared types whose pattern does not say it plainly.
std::string_view hint(const Type& type) {
    struct Hint {
        std::string_view type, text;
    };
    static constexpr Hint kHints[] = {
        {"Duration", "; write a duration such as 30s or 1m30s"},
        {"Hostname", "; write a lower-case host name, such as api.example.com or *.example.com"},
        {"SectionName", "; use lower-case letters, digits, - and ."},
        {"DnsName", "; use lower-case letters, digits, - and ."},
        {"DnsLabel", "; use lower-case letters, digits and -"},
        {"Namespace", "; use lower-case letters, digits and -"},
        {"HeaderName", "; use letters, digits and -"},
        {"Quantity", "; write a quantity such as 50Mi"},
    };
    for (const Hint& h : kHints)
        if (h.type == type.name) return h.text;
    return {};
}

bool is_uri(std::string_view text) {
    static const re2::RE2 kUri(R"([A-Za-z][A-Za-z0-9+.\-]*:[^\s]*|/[^\s]*)");
    return re2::RE2::FullMatch(text, kUri);
}

class Checker {
public:
    Checker(const CheckOptions& options, Report& report) : options_(options), report_(report) {}

    void value(const Node& node, const Type& type, const std::string& path) {
        switch (type.base) {
            case Base::any:
                break;
            case Base::string:
                string(node, type, path);
                break;
            case Base::enumeration:
                enumeration(node, type, path);
                break;
            case Base::integer:
                integer(node, type, path);
                break;
            case Base::number:
                number(node, path);
                break;
            case Base::boolean:
                if (node.kind != Node::Kind::boolean) wrong_type(node, path, "boolean");
                break;
            case Base::int_or_string:
                int_or_string(node, type, path);
                break;
            case Base::list:
                list(node, type, path);
                break;
            case Base::map:
                map(node, type, path);
                break;
            case Base::object:
                object(node, type, path);
                break;
        }
    }

private:
    void wrong_type(const Node& node, const std::string& path, std::string_view wanted) {
        std::string_view found = type_name(node);
        report_.error(
            node.place, path,
            fmt::format(R"(Invalid value: "{}": {} in body must be of type {}: "{}"{})", found,
                        path, wanted, found,
                        wanted == "string" && node.is_scalar() ? "; put it in quotes" : ""));
    }

    void invalid(const Node& node, const std::string& path, std::string_view what) {
        report_.error(node.place, path,
                      fmt::format("Invalid value: {}: {} in body {}", shown(node), path, what));
    }

    void string(const Node& node, const Type& type, const std::string& path) {
        if (!node.is_string()) return wrong_type(node, path, "string");
        int64_t length = characters(node.text);
        if (type.min && length < *type.min)
            invalid(node, path, fmt::format("should be at least {} chars long", *type.min));
        if (type.max && length > *type.max)
            report_.error(
                node.place, path,
                fmt::format("Too long: may not be more than {} bytes; it has {} characters",
                            *type.max, length));
        pattern(node, type, path);
        if (!type.format.empty()) format(node, type, path);
    }

    void pattern(const Node& node, const Type& type, const std::string& path) {
        if (type.regex && !re2::RE2::PartialMatch(node.text, *type.regex))
            invalid(node, path, fmt::format("should match '{}'{}", type.pattern, hint(type)));
    }

    void format(const Node& node, const Type& type, const std::string& path) {
        bool fits = type.format == "date-time" ? parse_time(node.text).has_value()
                    : type.format == "byte"    ? base64_decode(node.text).has_value()
                    : type.format == "uri"     ? is_uri(node.text)
                                               : true;
        if (!fits && type.format == "byte")  // a Secret's value: not shown
            report_.error(node.place, path,
                          "Invalid value: not base64; encode it, or use stringData");
        else if (!fits)
            invalid(node, path, fmt::format("must be of type {}: {}", type.format, shown(node)));
    }

    void unsupported(const Node& node, const std::string& path, const std::string& value,
                     const Type& type) {
        std::string list;
        for (const std::string& choice : type.choices) {
            if (!list.empty()) list += ", ";
            list += quote(choice);
        }
        report_.error(node.place, path,
                      fmt::format("Unsupported value: {}: supported values: {}", value, list));
    }

    void enumeration(const Node& node, const Type& type, const std::string& path) {
        if (!node.is_string()) return wrong_type(node, path, "string");
        if (std::ranges::find(type.choices, node.text) == type.choices.end())
            unsupported(node, path, shown(node), type);
    }

    void integer(const Node& node, const Type& type, const std::string& path) {
        if (node.kind != Node::Kind::integer) return wrong_type(node, path, "integer");
        std::string_view digits = node.text;
        if (digits.starts_with('+')) digits.remove_prefix(1);
        int64_t value = 0;
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc()) return invalid(node, path, "must be a 64-bit integer");
        if (type.min && value < *type.min)
            invalid(node, path, fmt::format("should be greater than or equal to {}", *type.min));
        if (type.max && value > *type.max)
            invalid(node, path, fmt::format("should be less than or equal to {}", *type.max));
        if (!type.numbers.empty() && std::ranges::find(type.numbers, value) == type.numbers.end()) {
            std::string list;
            for (int64_t n : type.numbers)
                list += fmt::format("{}{}", list.empty() ? "" : ", ", n);
            report_.error(
                node.place, path,
                fmt::format("Unsupported value: {}: supported values: {}", shown(node), list));
        }
    }

    void number(const Node& node, const std::string& path) {
        if (node.kind != Node::Kind::integer && node.kind != Node::Kind::real)
            wrong_type(node, path, "number");
    }

    void int_or_string(const Node& node, const Type& type, const std::string& path) {
        if (node.kind != Node::Kind::integer && !node.is_string())
            return wrong_type(node, path, "string");
        pattern(node, type, path);
    }

    /// Bounds on the number of items or properties.
    void size(const Node& node, const Type& type, const std::string& path, size_t count,
              std::string_view noun) {
        auto n = static_cast<int64_t>(count);
        if (type.max && n > *type.max)
            report_.error(
                node.place, path,
                fmt::format("Too many: {}: must have at most {}", n, plural(*type.max, "item")));
        if (type.min && n < *type.min)
            report_.error(
                node.place, path,
                fmt::format("Invalid value: \"{}\": {} in body should have at least {} {}",
                            type_name(node), path, *type.min, noun));
    }

    void list(const Node& node, const Type& type, const std::string& path) {
        if (!node.is_list()) return wrong_type(node, path, "array");
        size(node, type, path, node.items.size(), "items");
        duplicates(node, type, path);
        for (size_t i = 0; i < node.items.size(); ++i)
            value(node.items[i], *type.item, join(path, i));
        rules(node, type, path);
    }

    void duplicates(const Node& node, const Type& type, const std::string& path) {
        if (!type.set && type.keys.empty()) return;
        std::map<std::string, size_t> first;
        for (size_t i = 0; i < node.items.size(); ++i) {
            const Node& item = node.items[i];
            std::string key = type.set ? shown(item) : std::string();
            for (const std::string& name : type.keys)
                key += fmt::format("{}\"{}\":{}", key.empty() ? "{" : ",", name,
                                   quote(item.text_at(name)));
            if (!type.set) key += "}";
            auto [at, fresh] = first.emplace(key, i);
            if (!fresh)
                report_.error(
                    item.place, join(path, i),
                    fmt::format("Duplicate value: {}; it is also item {}", key, at->second));
        }
    }

    void map(const Node& node, const Type& type, const std::string& path) {
        if (!node.is_map()) return wrong_type(node, path, "object");
        size(node, type, path, node.entries.size(), "properties");
        for (const Entry& entry : node.entries)
            if (!entry.value.is_null())
                value(entry.value, *type.item, fmt::format("{}[{}]", path, entry.key));
    }

    void object(const Node& node, const Type& type, const std::string& path) {
        if (!node.is_map()) return wrong_type(node, path, "object");
        size(node, type, path, node.entries.size(), "properties");
        for (const Entry& entry : node.entries) {
            std::string field_path = join(path, entry.key);
            const Field* field = type.field(entry.key);
            if (!field) {
                unknown(entry, type, field_path);
            } else if (!entry.value.is_null()) {
                standing(entry, *field, field_path);
                if (field->standing != Standing::gone) value(entry.value, *field->type, field_path);
            }
        }
        for (const Field& field : type.fields)
            if (field.required && !node.has(field.name))
                missing(node, field, join(path, field.name));
        rules(node, type, path);
    }

    void unknown(const Entry& entry, const Type& type, const std::string& path) {
        std::vector<std::string> known;
        for (const Field& field : type.fields)
            if (field.standing != Standing::gone) known.push_back(field.name);
        report_.error(
            entry.key_place, path,
            fmt::format("unknown field {}{}", quote(entry.key), suggest(entry.key, known)));
    }

    /// An absent string reads as "", as it does for clients that always write the field.
    void missing(const Node& node, const Field& field, const std::string& path) {
        const Type& type = *field.type;
        if (type.base == Base::enumeration) return unsupported(node, path, "\"\"", type);
        std::string why =
            type.base == Base::string && type.min.value_or(0) > 0
                ? fmt::format(": {} in body should be at least {} chars long", path, *type.min)
                : "";
        report_.error(node.place, path, fmt::format("Required value{}; add {}", why, field.name));
    }

    void standing(const Entry& entry, const Field& field, const std::string& path) {
        if (field.standing == Standing::gone) {
            report_.warning(entry.key_place, path,
                            "no longer part of this kind and without effect; remove it");
        } else if (!options_.warn_standing) {
            return;
        } else if (field.standing == Standing::later) {
            report_.warning(entry.key_place, path,
                            "accepted but not in force yet; it has no effect");
        } else if (field.standing == Standing::guard) {
            report_.unenforced(
                entry.key_place, path,
                fmt::format("protects something but is not in force yet; remove it, or start with "
                            "--allow-unenforced {}",
                            options_.kind),
                options_.kind);
        }
    }

    void rules(const Node& node, const Type& type, const std::string& path) {
        for (const CrossFieldRule* rule : type.rules)
            if (!rule->holds(node))
                report_.error(
                    node.place, path,
                    fmt::format("Invalid value: \"{}\": {}", type_name(node), rule->message));
    }

    const CheckOptions& options_;
    Report& report_;
};

}  // namespace

void check(const Node& node, const Type& type, std::string_view path, const CheckOptions& options,
           Report& report) {
    Checker(options, report).value(node, type, std::string(path));
}

}  // namespace weir::config
