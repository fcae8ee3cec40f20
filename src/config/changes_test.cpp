#include "config/changes.h"

#include <gtest/gtest.h>

#include "config/load.h"

namespace weir::config {
namespace {

Fingerprint fingerprint_of(std::string text) {
    Document document{"a.yaml", std::move(text)};
    Options options;
    options.read_file = [](std::string_view) { return Result<std::string>("from a file"); };
    options.schema_only = false;
    return load(std::span(&document, 1), options).fingerprint;
}

std::vector<std::string> said(const Fingerprint& before, const Fingerprint& after) {
    std::vector<std::string> out;
    for (const Change& change : changes(before, after))
        out.push_back(to_string(change));
    return out;
}

const std::string kSecret =
    "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: one}}\n";
const std::string kMap =
    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {x: y}}\n";

TEST(ChangesTest, NothingChangedIsNothingSaid) {
    EXPECT_TRUE(said(fingerprint_of(kSecret), fingerprint_of("# a comment\n" + kSecret)).empty());
}

TEST(ChangesTest, ObjectsComeAndGo) {
    EXPECT_EQ(said(fingerprint_of(kSecret), fingerprint_of(kSecret + kMap)),
              std::vector<std::string>{"+ ConfigMap/default/m"});
    EXPECT_EQ(said(fingerprint_of(kSecret + kMap), fingerprint_of(kSecret)),
              std::vector<std::string>{"- ConfigMap/default/m"});
}

TEST(ChangesTest, AChangedFieldIsNamedWithoutItsValue) {
    std::string other = kSecret;
    other.replace(other.find("one"), 3, "two");
    EXPECT_EQ(said(fingerprint_of(kSecret), fingerprint_of(other)),
              std::vector<std::string>{"~ Secret/default/s: stringData.a"});
}

TEST(ChangesTest, ATypeIsAValueToo) {
    auto with = [](std::string_view value) {
        return fingerprint_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {x: " +
                              std::string(value) + "}}");
    };
    EXPECT_EQ(said(with("'1'"), with("1")).size(), 1u);
}

TEST(ChangesTest, LongListsAreCut) {
    Fingerprint before, after;
    for (char c = 'a'; c < 'k'; ++c)
        add_value(after, "Kind/ns/n", std::string(1, c), "v");
    before["Kind/ns/n"];
    EXPECT_EQ(said(before, after),
              std::vector<std::string>{"~ Kind/ns/n: a, b, c, d, e, f, g, h and 2 more"});
}

}  // namespace
}  // namespace weir::config
