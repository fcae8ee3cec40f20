/// The access log: one line of JSON per exchange, never waited for.
///
///     WEIR_TRY(auto log, AccessLog::open("-", workers));
///     log->writer(worker.id()).append(record);          // on that worker's thread
///
/// Each worker appends to a ring buffer of its own; one thread takes what is there at least every
/// 100 ms and writes it out. Nothing is locked: the ring has one reader and one writer. When the
/// disk or the pipe is slower than the traffic the ring fills, and lines are dropped and counted;
/// the loop never waits. Destruction writes what is left, but gives up on a pipe nobody reads after
/// a second.
///
/// Ownership: the AccessLog outlives its workers' last append. Threads: a Writer belongs to one
/// worker; everything else may be called from any thread.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "telemetry/access_record.h"
#include "telemetry/ring.h"

namespace weir::telemetry {

class AccessLog {
public:
    struct Options {
        std::size_t buffer = 1 << 20;  ///< bytes per worker, a power of two
        std::chrono::milliseconds interval{100};
        std::chrono::milliseconds drain{
            1000};  ///< how long destruction tries to write what is left
    };

    /// One worker's end of the log.
    class Writer {
    public:
        /// False when the log is off: there is no need to make a record.
        bool enabled() const { return ring_.capacity() != 0; }
        void append(const AccessRecord& record);

    private:
        friend AccessLog;
        Writer(AccessLog& log, std::size_t buffer) : log_(log), ring_(buffer) {}
        AccessLog& log_;
        Ring ring_;
        AccessLine line_;
        bool woke_ = false;  // the thread has been told of a ring filling up
        std::atomic<uint64_t> lines_{0};
        std::atomic<uint64_t> dropped_{0};
    };

    /// `target`: a file to append to (made if absent, mode 0640), "-" for standard output, "off"
    /// for none. Fails with config.io.
    static Result<std::unique_ptr<AccessLog>> open(std::string target, std::size_t workers,
                                                   Options options);
    static Result<std::unique_ptr<AccessLog>> open(std::string target, std::size_t workers) {
        return open(std::move(target), workers, Options());
    }
    ~AccessLog();
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    Writer& writer(std::size_t worker) { return *writers_[worker]; }
    /// Opens the file anew, soon (after rotation: SIGHUP). If that fails the old one stays in use.
    void reopen();
    /// Returns when every line appended before has been written or dropped. May wait on a slow
    /// disk.
    void flush();

    uint64_t lines() const;    ///< appended by all workers
    uint64_t dropped() const;  ///< not written: a ring was full or the disk failed

private:
    AccessLog(std::string target, int fd, std::size_t workers, Options options);
    void run();
    void wake();
    void write_out(Writer& writer);
    bool write_all(std::string_view text);
    void failed(int error);
    void do_reopen();

    std::string target_;
    int fd_;
    Options options_;
    bool regular_file_ = false;
    bool broken_ = false;    // the last write failed; said once
    bool mid_line_ = false;  // the last byte written was not a line's end
    std::vector<std::unique_ptr<Writer>> writers_;
    std::atomic<uint64_t> lost_{0};  // lines taken from a ring and not written
    std::atomic<bool> stopping_{false};
    std::atomic<int64_t> give_up_{0};  // steady clock, ns: no write waits longer; 0 while running
    std::atomic<bool> reopen_{false};
    std::atomic<uint64_t> turns_{0};
    std::counting_semaphore<> wake_{0};
    std::thread thread_;
};

}  // namespace weir::telemetry
