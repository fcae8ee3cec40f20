#include "credential/sigv4.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/ascii.h"
#include "json/value.h"

namespace weir::credential {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A raw request cut into its parts; header lines may continue on the next line.
struct RawRequest {
    std::string method, target, body;
    std::vector<std::pair<std::string, std::string>> headers;

    explicit RawRequest(const std::string& text) {
        size_t line_end = text.find('\n');
        size_t first = text.find(' ');
        size_t last = text.rfind(" HTTP/", line_end);
        method = text.substr(0, first);
        target = text.substr(first + 1, last - first - 1);
        std::istringstream rest(text.substr(line_end + 1));
        for (std::string line; std::getline(rest, line) && !trim(line, " \r").empty();) {
            if (line[0] == ' ' || line[0] == '\t') {
                headers.back().second += "\n" + line;
                continue;
            }
            size_t colon = line.find(':');
            headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
        }
        body.assign(std::istreambuf_iterator<char>(rest), {});
    }
};

struct Case {
    RawRequest request;
    AwsCredentials credentials;
    std::string region, service, timestamp;
    SigningOptions options;
};

Case load(const fs::path& folder) {
    json::Value context = *json::parse(read(folder / "context.json"));
    const json::Value& keys = *context.find("credentials");
    auto flag = [&](std::string_view name) {
        const json::Value* value = context.find(name);
        return value && value->as_bool();
    };
    std::string timestamp;
    for (char c : context.string_at("timestamp"))
        if (c != '-' && c != ':') timestamp += c;
    return {RawRequest(read(folder / "request.txt")),
            {Secret(std::string(keys.string_at("access_key_id"))),
             Secret(std::string(keys.string_at("secret_access_key"))),
             Secret(std::string(keys.string_at("token"))), ""},
            std::string(context.string_at("region")),
            std::string(context.string_at("service")),
            timestamp,
            {flag("normalize"), flag("sign_body"), flag("omit_session_token")}};
}

/// The headers that signing added, by what the expected request has more than the given one.
std::vector<std::pair<std::string, std::string>> added(const RawRequest& before,
                                                       const RawRequest& after) {
    std::vector<std::pair<std::string, std::string>> out;
    for (size_t i = before.headers.size(); i < after.headers.size(); ++i)
        out.emplace_back(to_lower(after.headers[i].first), after.headers[i].second);
    return out;
}

class SigV4Conformance : public testing::TestWithParam<fs::path> {};

TEST_P(SigV4Conformance, EveryStage) {
    const fs::path& folder = GetParam();
    Case c = load(folder);
    std::vector<SignedHeader> headers;
    for (const auto& [name, value] : c.request.headers)
        headers.push_back({name, value});
    SigningScope scope{c.region, c.service};
    Secret key = derive_signing_key(c.credentials, c.timestamp.substr(0, 8), scope);
    SignedRequest result = sign({c.request.method, c.request.target, headers, c.request.body},
                                c.credentials, key, scope, c.timestamp, c.options);
    EXPECT_EQ(result.canonical_request, read(folder / "header-canonical-request.txt"));
    EXPECT_EQ(result.string_to_sign, read(folder / "header-string-to-sign.txt"));
    EXPECT_EQ(result.signature, read(folder / "header-signature.txt"));
    std::vector<std::pair<std::string, std::string>> ours;
    for (const auto& [name, value] : result.headers)
        ours.emplace_back(name, value);
    EXPECT_EQ(ours, added(c.request, RawRequest(read(folder / "header-signed-request.txt"))));
}

std::vector<fs::path> folders() {
    std::vector<fs::path> out;
    fs::path root = fs::path(WEIR_CONFORMANCE_DIR) / "sigv4";
    if (!fs::is_directory(root)) return out;
    for (const auto& entry : fs::directory_iterator(root))
        if (entry.is_directory()) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

std::string folder_name(const testing::TestParamInfo<fs::path>& info) {
    std::string name = info.param.filename().string();
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SigV4Conformance);
INSTANTIATE_TEST_SUITE_P(Aws, SigV4Conformance, testing::ValuesIn(folders()), folder_name);

TEST(SigV4Test, ConformanceDataIsThere) {
    if (!folders().empty()) return;
    const char* ci = std::getenv("CI");
    if (ci && std::string_view(ci) == "true") FAIL() << "conformance data missing";
    GTEST_SKIP() << "conformance data missing: " << WEIR_CONFORMANCE_DIR << "/sigv4";
}

TEST(SigV4Test, TheEscapedPathIsEscapedAgain) {
    AwsCredentials credentials{Secret("a"), Secret("b"), {}, ""};
    SigningScope scope{"r", "bedrock"};
    SignedHeader host{"Host", "h:443"};
    auto result =
        sign({"POST", "/model/a%3A1%2Fx/converse", std::span(&host, 1), "{}"}, credentials,
             derive_signing_key(credentials, "20150830", scope), scope, "20150830T123600Z");
    EXPECT_TRUE(result.canonical_request.starts_with(
        "POST\n/model/a%253A1%252Fx/converse\n\nhost:h:443\nx-amz-date:20150830T123600Z\n\n"))
        << result.canonical_request;
}

TEST(SigV4Test, Timestamp) {
    using namespace std::chrono;
    EXPECT_EQ(amz_timestamp(system_clock::time_point(seconds(1'440'938'160))), "20150830T123600Z");
    EXPECT_EQ(amz_timestamp(system_clock::time_point(seconds(951'782'399))), "20000228T235959Z");
}

}  // namespace
}  // namespace weir::credential
