#include "credential/aws_issuers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/encoding.h"
#include "credential/bedrock_signature.h"
#include "credential/oauth.h"

namespace weir::credential {
namespace {

constexpr std::string_view kMetadata = "http://169.254.169.254";
constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kRolePath = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view kMetadataTokenLife = "21600";

Result<Issued> session(std::string_view id, std::string_view secret, std::string_view token,
                       std::string_view expires, std::string_view issuer) {
    for (std::string_view part : {id, secret, token})
        if (std::ranges::any_of(part, is_control))
            return fail(codes::credential_invalid,
                        fmt::format("{} answers with a control character in a key", issuer));
    if (id.empty() || secret.empty())
        return fail(codes::credential_invalid,
                    fmt::format("{} answers without an access key", issuer));
    Issued issued;
    issued.keys = std::make_unique<AwsCredentials>(AwsCredentials{
        Secret(std::string(id)), Secret(std::string(secret)), Secret(std::string(token)), {}});
    auto end = parse_utc(expires);
    if (!end)
        return fail(codes::credential_invalid, fmt::format("{}: {}", issuer, end.error().detail()));
    issued.expires = *end;
    return issued;
}

/// The text of the first <name> element; what STS answers needs no more (keys hold no entities).
std::string_view element(std::string_view xml, std::string_view name) {
    const std::string open = fmt::format("<{}>", name);
    const std::size_t begin = xml.find(open);
    if (begin == std::string_view::npos) return {};
    const std::size_t from = begin + open.size();
    const std::size_t end = xml.find("</", from);
    return end == std::string_view::npos ? std::string_view()
                                         : trim(xml.substr(from, end - from), " \r\n\t");
}

HttpCall get(std::string url) {
    HttpCall call;
    call.method = "GET";
    call.url = std::move(url);
    return call;
}

Result<Secret> read_token(const ReadFile& read_file, const std::string& path) {
    auto text = read_file(path);
    if (!text)
        return fail(codes::credential_missing,
                    fmt::format("token file {}: {}", path, text.error().detail()));
    const Secret whole(std::move(*text));
    std::string_view token = trim(whole.reveal(), " \t\r\n");
    if (token.empty() || std::ranges::any_of(token, is_control))
        return fail(codes::credential_invalid, fmt::format("token file {} holds no token", path));
    return Secret(std::string(token));
}

class WebIdentityIssuer final : public Issuer {
public:
    WebIdentityIssuer(std::string url, std::string role, std::string name, std::string path,
                      ReadFile read_file)
        : url_(std::move(url)),
          role_(std::move(role)),
          name_(std::move(name)),
          path_(std::move(path)),
          read_file_(std::move(read_file)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime) override {
        WEIR_CO_TRY(const Secret token, read_token(read_file_, path_));
        WEIR_CO_TRY(const HttpReply reply,
                    co_await http.call(assume_role_call(url_, role_, name_, token)));
        co_return parse_sts_answer(reply);
    }

private:
    std::string url_, role_, name_, path_;
    ReadFile read_file_;
};

class ContainerIssuer final : public Issuer {
public:
    ContainerIssuer(std::string url, Secret token, std::string token_file, ReadFile read_file)
        : url_(std::move(url)),
          token_(std::move(token)),
          token_file_(std::move(token_file)),
          read_file_(std::move(read_file)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime) override {
        HttpCall call = get(url_);
        Secret token = token_;
        if (!token_file_.empty()) {
            WEIR_CO_TRY(token, read_token(read_file_, token_file_));
        }
        if (!token.empty()) call.headers.emplace_back("authorization", std::move(token));
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(call)));
        co_return parse_container_answer(reply, "the container's credentials endpoint");
    }

private:
    std::string url_;
    Secret token_;
    std::string token_file_;
    ReadFile read_file_;
};

/// IMDSv2: a session token first, then the role's name, then its keys.
class InstanceIssuer final : public Issuer {
public:
    explicit InstanceIssuer(std::string base) : base_(std::move(base)) {}
    net::Task<Result<Issued>> fetch(HttpCaller& http, WallTime) override {
        constexpr std::string_view kName = "the instance metadata service";
        HttpCall ask;
        ask.method = "PUT";
        ask.url = base_ + "/latest/api/token";
        ask.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds",
                                 Secret(std::string(kMetadataTokenLife)));
        WEIR_CO_TRY(const HttpReply token, co_await http.call(std::move(ask)));
        if (token.status != 200 || std::ranges::any_of(token.body.reveal(), is_control))
            co_return fail(
                codes::credential_invalid,
                fmt::format("{} gives no session token (status {})", kName, token.status));
        HttpCall list = get(base_ + std::string(kRolePath));
        list.headers.emplace_back("x-aws-ec2-metadata-token", token.body);
        WEIR_CO_TRY(const HttpReply roles, co_await http.call(std::move(list)));
        std::string_view names = roles.body.reveal();
        std::string_view role = trim(names.substr(0, names.find('\n')), " \r");
        if (roles.status != 200 || role.empty())
            co_return fail(
                codes::credential_missing,
                fmt::format("{} names no role of this instance (status {})", kName, roles.status));
        HttpCall keys = get(base_ + std::string(kRolePath) + percent_encode(role, "+=,@"));
        keys.headers.emplace_back("x-aws-ec2-metadata-token", token.body);
        WEIR_CO_TRY(const HttpReply reply, co_await http.call(std::move(keys)));
        co_return parse_container_answer(reply, kName);
    }

private:
    std::string base_;
};

/// A variable that is set and not empty.
std::string variable(const Environment& environment, std::string_view name) {
    return environment ? environment(name).value_or("") : std::string();
}

Result<AwsChoice> web_identity(const Environment& environment, std::string_view region,
                               std::string path, std::string role, ReadFile read_file) {
    WEIR_TRY(std::string url, sts_url(variable(environment, "AWS_ENDPOINT_URL_STS"), region));
    std::string name = variable(environment, "AWS_ROLE_SESSION_NAME");
    if (name.empty()) name = "weir";
    AwsChoice choice{fmt::format("sts {} {} {} {}", url, role, name, path),
                     fmt::format("role {} by web identity", role), nullptr};
    choice.issuer = std::make_unique<WebIdentityIssuer>(
        std::move(url), std::move(role), std::move(name), std::move(path), std::move(read_file));
    return choice;
}

}  // namespace

Result<std::string> sts_url(std::string given, std::string_view region) {
    if (given.empty())
        given = region.empty() ? std::string("https://sts.amazonaws.com/")
                               : fmt::format("https://sts.{}.amazonaws.com{}/", region,
                                             region.starts_with("cn-") ? ".cn" : "");
    WEIR_CHECK(parse_endpoint(given, "AWS_ENDPOINT_URL_STS"));
    return given;
}

HttpCall assume_role_call(const std::string& url, std::string_view role, std::string_view session,
                          const Secret& token) {
    return form_call(url, form({{"Action", "AssumeRoleWithWebIdentity"},
                                {"Version", "2011-06-15"},
                                {"RoleArn", role},
                                {"RoleSessionName", session},
                                {"WebIdentityToken", token.reveal()}}));
}

Result<Issued> parse_sts_answer(const HttpReply& reply) {
    std::string_view xml = reply.body.reveal();
    if (reply.status != 200) {
        std::string code;
        for (char c : element(xml, "Code").substr(0, 100))
            code += is_control(c) ? ' ' : c;
        return fail(codes::credential_invalid,
                    fmt::format("STS refuses with status {}{}{}", reply.status,
                                code.empty() ? "" : ": ", code));
    }
    return session(element(xml, "AccessKeyId"), element(xml, "SecretAccessKey"),
                   element(xml, "SessionToken"), element(xml, "Expiration"), "STS");
}

Result<Issued> parse_container_answer(const HttpReply& reply, std::string_view issuer) {
    WEIR_TRY(json::Value object, answer_object(reply, issuer));
    return session(object.string_at("AccessKeyId"), object.string_at("SecretAccessKey"),
                   object.string_at("Token"), object.string_at("Expiration"), issuer);
}

Result<AwsChoice> aws_chain(const Environment& environment, std::string_view region,
                            ReadFile read_file) {
    std::string path = variable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
    std::string role = variable(environment, "AWS_ROLE_ARN");
    if (!path.empty() && !role.empty())
        return web_identity(environment, region, std::move(path), std::move(role),
                            std::move(read_file));
    std::string url = variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (std::string relative = variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        !relative.empty())
        url = std::string(kContainerHost) + relative;
    if (!url.empty()) {
        WEIR_CHECK(parse_endpoint(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
        std::string file = variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        Secret token(variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
        AwsChoice choice{fmt::format("container {} {}", url, file), "the container's role",
                         nullptr};
        choice.issuer = std::make_unique<ContainerIssuer>(std::move(url), std::move(token),
                                                          std::move(file), std::move(read_file));
        return choice;
    }
    if (iequals(variable(environment, "AWS_EC2_METADATA_DISABLED"), "true"))
        return fail(codes::credential_missing,
                    "AWS_EC2_METADATA_DISABLED is true, and neither keys, AWS_ROLE_ARN with "
                    "AWS_WEB_IDENTITY_TOKEN_FILE nor a container's endpoint is set");
    std::string base = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (base.empty()) base = kMetadata;
    while (base.ends_with('/'))
        base.pop_back();
    WEIR_CHECK(parse_endpoint(base, "AWS_EC2_METADATA_SERVICE_ENDPOINT"));
    AwsChoice choice{"instance " + base, "the instance's role", nullptr};
    choice.issuer = std::make_unique<InstanceIssuer>(std::move(base));
    return choice;
}

}  // namespace weir::credential
