#include "telemetry/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace weir::telemetry {
namespace {

constexpr std::size_t kPipePiece = 4096;  // PIPE_BUF: what a pipe that polls writable takes at once

int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Result<int> open_target(const std::string& target) {
    if (target == "-") return ::dup(STDOUT_FILENO);
    int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd >= 0) return fd;
    return fail(codes::config_io, fmt::format("the access log {} cannot be opened: {}", target,
                                              std::strerror(errno)));
}

bool is_regular(int fd) {
    struct stat info{};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

uint64_t count_lines(std::string_view text) {
    return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

void AccessLog::Writer::append(const AccessRecord& record) {
    if (!enabled()) return;
    if (!ring_.push(line_.format(record))) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    lines_.fetch_add(1, std::memory_order_relaxed);
    bool filling = ring_.used() > ring_.capacity() / 4;
    if (filling && !woke_) log_.wake();  // once per filling, not per line
    woke_ = filling;
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(std::string target, std::size_t workers,
                                                   Options options) {
    if (target == "off")
        return std::unique_ptr<AccessLog>(new AccessLog(std::move(target), -1, workers, options));
    WEIR_TRY(int fd, open_target(target));
    return std::unique_ptr<AccessLog>(new AccessLog(std::move(target), fd, workers, options));
}

AccessLog::AccessLog(std::string target, int fd, std::size_t workers, Options options)
    : target_(std::move(target)), fd_(fd), options_(options) {
    for (std::size_t i = 0; i < workers; ++i)
        writers_.push_back(
            std::unique_ptr<Writer>(new Writer(*this, fd_ < 0 ? 0 : options_.buffer)));
    if (fd_ < 0) return;
    regular_file_ = is_regular(fd_);
    thread_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
    if (!thread_.joinable()) return;
    give_up_.store(steady_ns() + std::chrono::nanoseconds(options_.drain).count());
    stopping_.store(true);
    wake();
    thread_.join();
    ::close(fd_);
}

void AccessLog::wake() {
    wake_.release();
}

void AccessLog::reopen() {
    reopen_.store(true);
    wake();
}

void AccessLog::flush() {
    if (!thread_.joinable()) return;
    // The turn that runs now may have passed a ring already; the one after it has seen everything.
    uint64_t until = turns_.load() + 2;
    for (uint64_t seen = turns_.load(); seen < until; seen = turns_.load()) {
        wake();
        turns_.wait(seen);
    }
}

uint64_t AccessLog::lines() const {
    uint64_t sum = 0;
    for (const auto& writer : writers_)
        sum += writer->lines_.load(std::memory_order_relaxed);
    return sum;
}

uint64_t AccessLog::dropped() const {
    uint64_t sum = lost_.load(std::memory_order_relaxed);
    for (const auto& writer : writers_)
        sum += writer->dropped_.load(std::memory_order_relaxed);
    return sum;
}

void AccessLog::run() {
    // Signals are for the main thread; a reader that went away is EPIPE here, not the end of the
    // process.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), "access-log");
    while (true) {
        bool last = stopping_.load();
        if (reopen_.exchange(false)) do_reopen();
        for (auto& writer : writers_)
            write_out(*writer);
        turns_.fetch_add(1);
        turns_.notify_all();
        if (last) return;
        (void)wake_.try_acquire_for(options_.interval);
        while (wake_.try_acquire()) {
        }
    }
}

void AccessLog::write_out(Writer& writer) {
    auto [first, second] = writer.ring_.peek();
    bool cut = false;
    // Given back piece by piece, so that a filling ring has room soon.
    for (std::string_view piece : {first, second}) {
        if (piece.empty()) continue;
        std::string_view text = piece;
        if (cut) {  // the rest of a line whose beginning was lost
            text.remove_prefix(text.find('\n') + 1);
            lost_.fetch_add(1, std::memory_order_relaxed);
        }
        bool written = write_all(text);
        if (!written) lost_.fetch_add(count_lines(text), std::memory_order_relaxed);
        cut = !written && piece.back() != '\n';
        writer.ring_.take(piece.size());
    }
}

bool AccessLog::write_all(std::string_view text) {
    if (broken_ && mid_line_) {
        // What an earlier failure cut in two must not run into the next line.
        if (::write(fd_, "\n", 1) != 1) return false;
        mid_line_ = false;
    }
    while (!text.empty()) {
        std::size_t size = text.size();
        if (!regular_file_) {
            // A pipe or terminal may block: wait for it here, where giving up is possible.
            pollfd ready{fd_, POLLOUT, 0};
            int64_t limit = give_up_.load();
            if (limit && steady_ns() >= limit) return false;
            if (::poll(&ready, 1, 50) <= 0) continue;
            size = std::min(size, kPipePiece);
        }
        ssize_t written = ::write(fd_, text.data(), size);
        if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (written <= 0) {
            failed(errno);
            return false;
        }
        mid_line_ = text[static_cast<std::size_t>(written) - 1] != '\n';
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    broken_ = false;
    return true;
}

void AccessLog::failed(int error) {
    if (!broken_)
        log::error("the access log {} cannot be written: {}", target_, std::strerror(error));
    broken_ = true;
}

void AccessLog::do_reopen() {
    if (target_ == "-") return;
    auto fd = open_target(target_);
    if (!fd) {
        log::error("{}; the old file stays in use", fd.error().detail());
        return;
    }
    ::close(fd_);
    fd_ = *fd;
    regular_file_ = is_regular(fd_);
    mid_line_ = broken_ = false;
}

}  // namespace weir::telemetry
