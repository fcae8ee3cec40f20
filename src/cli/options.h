/// The command line: verbs, flags, and the environment variables that stand for them.
///
/// Every flag also reads WEIR_<FLAG> (upper case, dashes as underscores); the command line wins.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace weir::cli {

/// Exit statuses (docs/cli.md).
enum class Exit : int { done = 0, refused = 1, usage = 2, listen = 3 };

struct RunOptions {
    std::vector<std::string> paths;
    bool mock = false;
    std::string mock_script;
    std::vector<std::string> listen;  ///< HOST:PORT or NAME=HOST:PORT
    std::string admin = "127.0.0.1:1064";
    unsigned workers = 0;  ///< 0: one per core
    std::string log_level = "info";
    std::string access_log = "-";
    std::string ready_file;
    std::chrono::milliseconds drain_timeout{30'000};
    std::vector<std::string> allow_unenforced;
    std::string state_dir;  ///< folder where limits keep their counters; empty: in memory
    std::string redis;      ///< URL of the Redis through which instances share limits; empty: none
    std::string takeover;   ///< Unix socket over which a new Weir gets the listening sockets
    bool watch = true;      ///< read the configuration again when its files change
};

struct CheckOptions {
    std::vector<std::string> paths;
    bool schema = false;
    bool mock = false;
};

struct ExplainOptions {
    std::vector<std::string> paths;
    std::string path;
    std::string method = "POST";
    std::string host = "localhost";
    std::vector<std::string> headers;  ///< "k: v"
    std::string body_file;             ///< "-" for standard input
    std::string model;
};

struct MockOptions {
    std::string listen = "127.0.0.1:8080";
    std::string script;
    std::string ready_file;
    unsigned workers = 1;
    std::string log_level = "info";
};

struct HealthOptions {
    std::string admin = "127.0.0.1:1064";
    std::chrono::milliseconds timeout{2'000};
};

Exit run(const RunOptions& options);
Exit check(const CheckOptions& options);
Exit explain(const ExplainOptions& options);
Exit mock(const MockOptions& options);
Exit healthcheck(const HealthOptions& options);
Exit version();

}  // namespace weir::cli
