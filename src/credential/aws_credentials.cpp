#include "credential/aws_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.h"

namespace weir::credential {
namespace {

/// "[name]" or "[profile name]", a comment behind it allowed; nullopt if it is no section line.
std::optional<std::string_view> section_name(std::string_view line) {
    size_t close = line.find(']');
    if (!line.starts_with('[') || close == std::string_view::npos) return std::nullopt;
    std::string_view rest = trim(line.substr(close + 1));
    if (!rest.empty() && rest[0] != '#' && rest[0] != ';') return std::nullopt;
    std::string_view name = trim(line.substr(1, close - 1));
    constexpr std::string_view kPrefix = "profile";
    if (name.size() > kPrefix.size() && name.starts_with(kPrefix) &&
        (name[kPrefix.size()] == ' ' || name[kPrefix.size()] == '\t'))
        name = trim(name.substr(kPrefix.size()));
    if (name.empty()) return std::nullopt;
    return name;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// A value up to ` #` or ` ;`.
std::string_view without_comment(std::string_view value) {
    for (size_t i = 1; i < value.size(); ++i)
        if ((value[i] == '#' || value[i] == ';') && (value[i - 1] == ' ' || value[i - 1] == '\t'))
            value = value.substr(0, i);
    return trim(value);
}

void store(AwsCredentials& credentials, std::string_view key, std::string_view value) {
    Secret* secret = iequals(key, "aws_access_key_id")       ? &credentials.access_key_id
                     : iequals(key, "aws_secret_access_key") ? &credentials.secret_access_key
                     : iequals(key, "aws_session_token")     ? &credentials.session_token
                                                             : nullptr;
    if (secret) *secret = Secret(std::string(value));
    if (iequals(key, "region")) credentials.region = value;
}

Result<void> check_complete(const AwsCredentials& credentials, std::string_view id_name,
                            std::string_view secret_name, std::string_view place) {
    std::vector<std::string_view> missing;
    if (credentials.access_key_id.empty()) missing.push_back(id_name);
    if (credentials.secret_access_key.empty()) missing.push_back(secret_name);
    if (missing.empty()) return {};
    return fail(codes::credential_missing,
                fmt::format("{}: {} not set", place, fmt::join(missing, " and ")));
}

/// Reads a credentials file line by line, keeping the values of one profile.
class ProfileReader {
public:
    ProfileReader(std::string_view profile, std::string_view source)
        : profile_(profile), source_(source) {}

    Result<void> line(std::string_view raw) {
        ++number_;
        const bool indented = raw.starts_with(' ') || raw.starts_with('\t');
        std::string_view text = trim(raw, " \t\r");
        if (text.empty() || text[0] == '#' || text[0] == ';') return {};
        if (indented && in_nested_) return {};  // "s3 =", then its settings on indented lines
        in_nested_ = false;
        return text[0] == '[' ? section(text) : setting(text);
    }

    Result<AwsCredentials> finish() {
        if (!found_)
            return fail(codes::credential_missing,
                        fmt::format("{}: no profile `{}`", source_, profile_));
        WEIR_CHECK(check_complete(credentials_, "aws_access_key_id", "aws_secret_access_key",
                                  fmt::format("{}: profile `{}`", source_, profile_)));
        return std::move(credentials_);
    }

private:
    std::unexpected<Error> refuse(std::string_view why) const {
        return fail(codes::credential_invalid,
                    fmt::format("{}: line {}: {}", source_, number_, why));
    }

    Result<void> section(std::string_view text) {
        auto name = section_name(text);
        if (!name) return refuse("expected a profile name in brackets");
        in_profile_ = *name == profile_;
        found_ = found_ || in_profile_;
        return {};
    }

    Result<void> setting(std::string_view text) {
        size_t equal = text.find('=');
        if (equal == std::string_view::npos || equal == 0)
            return refuse("expected `key = value`, `[profile]` or a comment");
        std::string_view value = without_comment(text.substr(equal + 1));
        if (has_control(value)) return refuse("control character in a value");
        in_nested_ = value.empty();
        if (in_profile_) store(credentials_, trim(text.substr(0, equal)), value);
        return {};
    }

    std::string_view profile_;
    std::string_view source_;
    size_t number_ = 0;
    bool in_profile_ = false;
    bool in_nested_ = false;
    bool found_ = false;
    AwsCredentials credentials_;
};

}  // namespace

Result<AwsCredentials> parse_aws_credentials(std::string_view text, std::string_view profile,
                                             std::string_view source) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    ProfileReader reader(profile, source);
    while (!text.empty()) {
        size_t end = std::min(text.find('\n'), text.size());
        WEIR_CHECK(reader.line(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.finish();
}

Result<std::vector<AwsCredentials>> parse_all_aws_credentials(std::string_view text,
                                                              std::string_view source) {
    std::vector<std::string_view> profiles;
    for (std::string_view rest = text; !rest.empty();) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        if (auto name = section_name(trim(rest.substr(0, end), " \t\r")))
            if (std::ranges::find(profiles, *name) == profiles.end()) profiles.push_back(*name);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (profiles.empty())
        return fail(codes::credential_missing,
                    fmt::format("{}: no profile; write one as [NAME]", source));
    std::vector<AwsCredentials> out;
    for (std::string_view profile : profiles) {
        WEIR_TRY(auto credentials, parse_aws_credentials(text, profile, source));
        out.push_back(std::move(credentials));
    }
    return out;
}

Result<AwsCredentials> aws_credentials_from(const Environment& environment) {
    auto value = [&](std::string_view name) {
        return std::string(trim(environment(name).value_or(""), " \t\r\n"));
    };
    AwsCredentials credentials{Secret(value("AWS_ACCESS_KEY_ID")),
                               Secret(value("AWS_SECRET_ACCESS_KEY")),
                               Secret(value("AWS_SESSION_TOKEN")), value("AWS_REGION")};
    if (credentials.region.empty()) credentials.region = value("AWS_DEFAULT_REGION");
    WEIR_CHECK(
        check_complete(credentials, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "environment"));
    for (const Secret* secret :
         {&credentials.access_key_id, &credentials.secret_access_key, &credentials.session_token})
        if (has_control(secret->reveal()))
            return fail(codes::credential_invalid, "environment: control character in an AWS key");
    return credentials;
}

}  // namespace weir::credential
