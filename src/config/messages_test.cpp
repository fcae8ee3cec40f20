// Golden files: each testdata/messages/NAME.yaml is loaded as a whole configuration, and everything
// said about it, beside what standing.h lists, is NAME.golden.txt. WEIR_UPDATE_GOLDEN=1 rewrites.
#include "config/test_support.h"

namespace weir::config {
namespace {

std::vector<std::string> inputs() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(test_data() / "messages"))
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}

class MessagesTest : public testing::TestWithParam<std::string> {};

TEST_P(MessagesTest, AreAllReportedAtOnceInOrderOfPlace) {
    auto folder = test_data() / "messages";
    const Document document{GetParam() + ".yaml", read_text(folder / (GetParam() + ".yaml"))};
    std::string actual = messages(beside_pending(load(std::span(&document, 1), {})));
    auto golden = folder / (GetParam() + ".golden.txt");
    if (std::getenv("WEIR_UPDATE_GOLDEN")) std::ofstream(golden, std::ios::binary) << actual;
    EXPECT_EQ(actual, read_text(golden));
    EXPECT_EQ(actual.find("planted"), std::string::npos) << "a secret value was printed";
}

INSTANTIATE_TEST_SUITE_P(Files, MessagesTest, testing::ValuesIn(inputs()),
                         [](const auto& param) { return param.param; });

TEST(DiagnosticTest, LeavesOutWhatItDoesNotKnow) {
    Diagnostic d;
    d.message = "wrong; be right";
    EXPECT_EQ(to_string(d), "wrong; be right");
    d.place = {std::make_shared<const std::string>("a.yaml"), 3, 5};
    d.subject = "Gateway/edge";
    EXPECT_EQ(to_string(d), "a.yaml:3:5: Gateway/edge: wrong; be right");
    d.field = "spec.listeners";
    EXPECT_EQ(to_string(d), "a.yaml:3:5: Gateway/edge: spec.listeners: wrong; be right");
}

}  // namespace
}  // namespace weir::config
