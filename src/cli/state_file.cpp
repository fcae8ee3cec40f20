#include "cli/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"

namespace weir::cli {
namespace {

constexpr char kMagic[16] = "weir limits 1\n";
constexpr std::size_t kHead = 4096;
constexpr std::size_t kLargest = std::size_t{8} << 30;  // of address space; the file is as needed
constexpr std::size_t kAhead = 1 << 20;
constexpr std::size_t kStep = 4 << 20;

std::unexpected<Error> failed(const std::string& path, std::string_view what) {
    return fail(codes::config_io,
                fmt::format("--state-dir: {}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

struct StateFile::Head {
    char magic[16];
    uint64_t secret[2];
    uint64_t end;  ///< behind the last block; atomic, as two processes may add blocks
};

StateFile::Head& StateFile::head() const {
    return *reinterpret_cast<Head*>(base_);
}

Result<std::unique_ptr<StateFile>> StateFile::open(const std::string& folder, bool takeover) {
    std::unique_ptr<StateFile> self(new StateFile());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return failed(folder, "cannot be made");
    WEIR_CHECK(self->begin(folder + "/limits.state", takeover));
    return self;
}

Result<void> StateFile::begin(const std::string& path, bool takeover) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) return failed(path, "cannot be opened");
    alone_ = ::flock(file_, LOCK_EX | LOCK_NB) == 0;
    if (!alone_ && !takeover)
        return fail(codes::config_io,
                    fmt::format("--state-dir: {}: another Weir counts here; give each instance a "
                                "folder of its own",
                                path));
    return map(path);
}

Result<void> StateFile::map(const std::string& path) {
    struct stat info{};
    if (::fstat(file_, &info) != 0) return failed(path, "cannot be read");
    size_ = static_cast<std::size_t>(info.st_size);
    bool fresh = size_ == 0;
    if (fresh && !grow(kHead + kAhead)) return failed(path, "has no room");
    void* base =
        ::mmap(nullptr, kLargest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file_, 0);
    if (base == MAP_FAILED) return failed(path, "cannot be mapped");
    base_ = static_cast<std::byte*>(base);
    if (fresh) {
        if (::getrandom(head().secret, sizeof head().secret, 0) < 0)
            return failed(path, "has no secret");
        head().end = kHead;
        std::memcpy(head().magic, kMagic, sizeof kMagic);  // last: the file is whole
    }
    if (size_ < kHead || std::memcmp(head().magic, kMagic, sizeof kMagic) != 0)
        return fail(codes::config_io,
                    fmt::format("--state-dir: {}: not the state of this version of Weir; move it "
                                "away to begin with counters at zero",
                                path));
    quota::Scan found = quota::scan({at(kHead), size_ - kHead});
    if (found.damaged)
        log::warn("{}: damaged {} bytes in; what lies behind is not counted", path,
                  kHead + found.end);
    if (alone_) head().end = kHead + found.end;
    kept_ = std::move(found.used);
    if (alone_) free_ = std::move(found.free);
    return {};
}

StateFile::~StateFile() {
    if (base_) ::munmap(base_, kLargest);
    if (file_ >= 0) ::close(file_);
}

quota::KeyHasher StateFile::hasher() const {
    return {head().secret[0], head().secret[1]};
}

bool StateFile::grow(std::size_t size) {
    if (size > kLargest) return false;
    errno = ::posix_fallocate(file_, 0, static_cast<off_t>(size));
    if (errno != 0) return false;
    size_ = size;
    return true;
}

quota::Block StateFile::take(std::size_t bytes) {
    std::lock_guard guard(lock_);
    for (auto& block : free_) {
        if (block.size() != bytes) continue;
        quota::Block found = block;
        block = free_.back();
        free_.pop_back();
        std::memset(found.data() + quota::kNodesAt, 0, bytes - quota::kNodesAt);
        return found;
    }
    std::size_t offset = std::atomic_ref(head().end).fetch_add(bytes);
    if (offset + bytes > size_ && !grow(offset + bytes + kAhead)) {
        log::error("--state-dir has no room: limits go on in memory only");
        return heap_.take(bytes);
    }
    std::memset(at(offset), 0, bytes);  // of a damaged file, something may lie here
    new (at(offset)) quota::BlockHeader{.granules = static_cast<uint32_t>(bytes / quota::kGranule)};
    return {at(offset), bytes};
}

bool StateFile::is_mine(quota::Block block) const {
    return block.data() >= base_ && block.data() < base_ + kLargest;
}

void StateFile::give_back(quota::Block block) {
    if (!is_mine(block)) return heap_.give_back(block);
    if (sealed_ || !alone_) return;
    std::lock_guard guard(lock_);
    quota::header_of(block).used = 0;
    free_.push_back(block);
}

void StateFile::tend() {
    std::lock_guard guard(lock_);
    if (!alone_) alone_ = ::flock(file_, LOCK_EX | LOCK_NB) == 0;
    std::size_t end = std::atomic_ref(head().end).load();
    if (size_ < end + kAhead) grow(end + kStep);
}

void StateFile::sync() {
    std::size_t end = std::atomic_ref(head().end).load();
    ::msync(base_, std::min(end, size_), MS_SYNC);
}

}  // namespace weir::cli
