#include "telemetry/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "json/value.h"

namespace weir::telemetry {
namespace {

using namespace std::chrono_literals;

AccessRecord full_record() {
    static const std::vector<std::string> kReasons{"stop", "tool_calls"};
    AccessRecord r;
    r.time = std::chrono::system_clock::time_point(1'700'000'000'123ms);
    r.request_id = "req-1";
    r.listener = "http";
    r.client_address = "127.0.0.1:50000";
    r.principal = "spiffe://test/agent";
    r.user_agent = "OpenAI/Python 1.0";
    r.session_id = "s-1";
    r.method = "POST";
    r.path = "/v1/chat/completions?key=SECRET";
    r.status = 200;
    r.duration = 12'345'678ns;
    r.time_to_first_token = 2ms;
    r.request_bytes = 1000;
    r.response_bytes = 2000;
    r.operation = "chat";
    r.provider = "openai";
    r.original_model = "fast";
    r.request_model = "gpt-4o";
    r.response_model = "gpt-4o-2024";
    r.response_id = "chatcmpl-1";
    r.finish_reasons = kReasons;
    r.input_tokens = 10;
    r.output_tokens = 5;
    r.cache_read_tokens = 4;
    r.cache_creation_tokens = 0;
    r.reasoning_tokens = 1;
    r.error_type = "upstream.reset";
    r.fault = "upstream";
    r.route = "ns/agents";
    r.rule = "0";
    r.backend = "openai";
    r.upstream_address = "10.0.0.1:443";
    r.attempts = 2;
    r.streamed = true;
    r.dropped = "/seed";
    return r;
}

class AccessLogTest : public ::testing::Test {
protected:
    AccessLogTest()
        : folder_(std::filesystem::temp_directory_path() / fmt::format("weir-log-{}", ::getpid())) {
        std::filesystem::create_directories(folder_);
    }
    ~AccessLogTest() override { std::filesystem::remove_all(folder_); }
    std::string path(std::string_view name) const { return (folder_ / name).string(); }
    static std::vector<std::string> lines(const std::string& path) {
        std::ifstream in(path);
        std::vector<std::string> out;
        for (std::string line; std::getline(in, line);)
            out.push_back(line);
        return out;
    }
    std::filesystem::path folder_;
};

TEST(AccessLineTest, FullRecordIsOneJsonObjectWithConventionalNames) {
    AccessLine line;
    std::string text(line.format(full_record()));
    EXPECT_EQ(
        text,
        R"({"time":"2023-11-14T22:13:20.123Z","request_id":"req-1","weir.listener":"http",)"
        R"("client.address":"127.0.0.1:50000","weir.principal":"spiffe://test/agent",)"
        R"("user_agent.original":"OpenAI/Python 1.0","session.id":"s-1",)"
        R"("http.request.method":"POST","url.path":"/v1/chat/completions","http.response.status_code":200,)"
        R"("weir.duration_ms":12.345,"weir.time_to_first_token_ms":2.000,)"
        R"("http.request.body.size":1000,"http.response.body.size":2000,)"
        R"("gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.original.model":"fast",)"
        R"("gen_ai.request.model":"gpt-4o","gen_ai.response.model":"gpt-4o-2024",)"
        R"("gen_ai.response.id":"chatcmpl-1","gen_ai.response.finish_reasons":["stop","tool_calls"],)"
        R"("gen_ai.usage.input_tokens":10,"gen_ai.usage.output_tokens":5,)"
        R"("gen_ai.usage.cache_read.input_tokens":4,"gen_ai.usage.cache_creation.input_tokens":0,)"
        R"("gen_ai.usage.reasoning.output_tokens":1,"error.type":"upstream.reset","weir.fault":"upstream",)"
        R"("weir.route":"ns/agents","weir.rule":"0","weir.backend":"openai",)"
        R"("weir.upstream.address":"10.0.0.1:443","weir.attempts":2,"weir.stream":true,"weir.dropped":"/seed"})"
        "\n");
    EXPECT_TRUE(json::parse(text));
}

TEST(AccessLineTest, AbsentValuesAreLeftOut) {
    AccessRecord record;
    record.time = std::chrono::system_clock::time_point(1'700'000'001'000ms);
    record.method = "GET";
    record.path = "/nothing";
    record.status = 404;
    AccessLine line;
    EXPECT_EQ(
        line.format(record),
        R"({"time":"2023-11-14T22:13:21.000Z","http.request.method":"GET","url.path":"/nothing",)"
        R"("http.response.status_code":404,"weir.duration_ms":0.000,)"
        R"("http.request.body.size":0,"http.response.body.size":0})"
        "\n");
}

TEST(AccessLineTest, AQueryIsNeverWritten) {
    AccessLine line;
    EXPECT_EQ(std::string(line.format(full_record())).find("SECRET"), std::string::npos);
}

TEST(AccessLineTest, HostileTextIsEscapedAndStaysJson) {
    struct Case {
        std::string name, text, expected;
    } cases[] = {
        {"quote and backslash", "a\"b\\c", "a\"b\\c"},
        {"controls", std::string("\0\x01\x1f\b\f\n\r\t\x7f", 9),
         std::string("\0\x01\x1f\b\f\n\r\t\x7f", 9)},
        {"a forged line", "x\"}\n{\"request_id\":\"forged\"}", "x\"}\n{\"request_id\":\"forged\"}"},
        {"valid UTF-8", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"invalid byte", "a\xFFz", "a\xEF\xBF\xBDz"},
        {"over-long", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"cut sequence", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    AccessLine line;
    for (const Case& c : cases) {
        for (std::size_t shift = 0; shift < 9; ++shift) {  // every place in the eight-byte stride
            std::string padding(shift, 'p');
            std::string text = padding + c.text + "tail-of-the-value";
            AccessRecord record;
            record.request_id = text;
            std::string out(line.format(record));
            ASSERT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << c.name;
            auto parsed = json::parse(out);
            ASSERT_TRUE(parsed) << c.name << " " << out;
            EXPECT_EQ(parsed->string_at("request_id"), padding + c.expected + "tail-of-the-value")
                << c.name;
        }
    }
}

TEST(AccessLineTest, EveryByteAloneStaysJson) {
    AccessLine line;
    for (int byte = 0; byte < 256; ++byte) {
        std::string text(20, static_cast<char>(byte));
        AccessRecord record;
        record.user_agent = text;
        EXPECT_TRUE(json::parse(line.format(record))) << byte;
    }
}

TEST(AccessLineTest, LongTextIsCutAndTheLineStaysBounded) {
    std::string huge(1 << 20, '\x01');
    AccessRecord record = full_record();
    record.user_agent = record.path = record.request_model = huge;
    AccessLine line;
    std::string out(line.format(record));
    EXPECT_LT(out.size(), 3 * kMaxText * 6 + 2000);
    EXPECT_TRUE(json::parse(out));
}

TEST(AccessLineTest, ALineIsCheap) {
    AccessLine line;
    AccessRecord record = full_record();
    std::size_t bytes = 0;
    constexpr int kLines = 20'000;
    auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < kLines; ++i)
        bytes += line.format(record).size();
    auto each = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
                    .count() /
                kLines;
    RecordProperty("microseconds_per_line", std::to_string(each));
    std::printf("%.3f us per line of %zu bytes\n", each, bytes / kLines);
    EXPECT_LT(each, 50.0);  // generous: sanitizers and a busy machine
}

TEST_F(AccessLogTest, LinesOfAllWorkersReachTheFile) {
    constexpr int kWorkers = 3, kLines = 2000;
    {
        auto log = AccessLog::open(path("a.log"), kWorkers);
        ASSERT_TRUE(log);
        std::vector<std::thread> threads;
        for (int w = 0; w < kWorkers; ++w)
            threads.emplace_back([&, w] {
                AccessRecord record = full_record();
                for (int i = 0; i < kLines; ++i) {
                    std::string id = fmt::format("{}-{}", w, i);
                    record.request_id = id;
                    (*log)->writer(static_cast<std::size_t>(w)).append(record);
                    if (i % 100 == 0) (*log)->flush();
                }
            });
        for (auto& thread : threads)
            thread.join();
        EXPECT_EQ((*log)->lines(), static_cast<uint64_t>(kWorkers * kLines));
        EXPECT_EQ((*log)->dropped(), 0U);
    }
    auto all = lines(path("a.log"));
    ASSERT_EQ(all.size(), static_cast<std::size_t>(kWorkers * kLines));
    std::array<int, kWorkers> next{};
    for (const auto& line : all) {
        auto parsed = json::parse(line);
        ASSERT_TRUE(parsed) << line;
        std::string id(parsed->string_at("request_id"));
        auto worker = static_cast<std::size_t>(id[0] - '0');
        EXPECT_EQ(id, fmt::format("{}-{}", worker, next[worker]++))
            << "lines of a worker keep their order";
    }
}

TEST_F(AccessLogTest, LinesAreWrittenWithoutBeingAskedFor) {
    auto log = AccessLog::open(path("soon.log"), 1);
    ASSERT_TRUE(log);
    (*log)->writer(0).append(full_record());
    auto limit = std::chrono::steady_clock::now() + 5s;
    while (lines(path("soon.log")).empty() && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    EXPECT_EQ(lines(path("soon.log")).size(), 1U);
}

TEST_F(AccessLogTest, AFullRingDropsAndCounts) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::string pipe_path = fmt::format("/proc/self/fd/{}", ends[1]);
    auto begun = std::chrono::steady_clock::now();
    uint64_t lost = 0;
    constexpr uint64_t kLines = 5000;
    {
        auto log =
            AccessLog::open(pipe_path, 1, {.buffer = 1 << 18, .interval = 10ms, .drain = 100ms});
        ASSERT_TRUE(log);
        AccessRecord record = full_record();
        for (uint64_t i = 0; i < kLines; ++i)
            (*log)->writer(0).append(record);  // nobody reads the pipe
        EXPECT_EQ((*log)->lines() + (*log)->dropped(), kLines);
        lost = (*log)->dropped();
    }
    EXPECT_GT(lost, 1000U);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s)
        << "neither appending nor closing waits for the reader";
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(AccessLogTest, AReaderThatLeavesIsAnErrorNotTheEnd) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    auto log = AccessLog::open(fmt::format("/proc/self/fd/{}", ends[1]), 1);
    ASSERT_TRUE(log);
    ::close(ends[0]);
    ::close(ends[1]);
    (*log)->writer(0).append(full_record());
    (*log)->flush();
    EXPECT_EQ((*log)->dropped(), 1U);
}

TEST_F(AccessLogTest, AFullDiskDropsAndCounts) {
    auto log = AccessLog::open("/dev/full", 1);
    ASSERT_TRUE(log);
    for (int i = 0; i < 3; ++i)
        (*log)->writer(0).append(full_record());
    (*log)->flush();
    EXPECT_EQ((*log)->dropped(), 3U);
}

TEST_F(AccessLogTest, ReopenFollowsARotation) {
    auto log = AccessLog::open(path("now.log"), 1);
    ASSERT_TRUE(log);
    (*log)->writer(0).append(full_record());
    (*log)->flush();
    std::filesystem::rename(path("now.log"), path("old.log"));
    (*log)->reopen();
    (*log)->flush();
    (*log)->writer(0).append(full_record());
    (*log)->writer(0).append(full_record());
    (*log)->flush();
    EXPECT_EQ(lines(path("old.log")).size(), 1U);
    EXPECT_EQ(lines(path("now.log")).size(), 2U);
    struct stat info{};
    ASSERT_EQ(::stat(path("now.log").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0007, 0U) << "not for everyone to read";
}

TEST_F(AccessLogTest, OffTakesNothingAndABadPathIsAnError) {
    auto off = AccessLog::open("off", 2);
    ASSERT_TRUE(off);
    EXPECT_FALSE((*off)->writer(1).enabled());
    (*off)->writer(1).append(full_record());
    (*off)->flush();
    EXPECT_EQ((*off)->lines() + (*off)->dropped(), 0U);
    auto bad = AccessLog::open(path("no/such/folder.log"), 1);
    ASSERT_FALSE(bad);
    EXPECT_EQ(&bad.error().code(), &codes::config_io);
}

TEST(RingTest, TextsComeOutInOrderAcrossTheEdge) {
    Ring ring(16);
    std::string in, out;
    for (int i = 0; i < 100; ++i) {
        std::string text(static_cast<std::size_t>(i % 11), static_cast<char>('a' + i % 26));
        while (!ring.push(text)) {
            auto [first, second] = ring.peek();
            out.append(first).append(second);
            ring.take(first.size() + second.size());
        }
        in += text;
    }
    auto [first, second] = ring.peek();
    out.append(first).append(second);
    EXPECT_EQ(out, in);
    EXPECT_FALSE(ring.push(std::string(17, 'x')));
}

}  // namespace
}  // namespace weir::telemetry
