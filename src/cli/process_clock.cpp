#include "cli/process_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/log.h"

namespace weir::cli {

ProcessClock::ProcessClock() {
    const char* path = std::getenv("WEIR_TEST_CLOCK");
    if (!path) return;
    int file = ::open(path, O_RDONLY | O_CLOEXEC);
    void* page =
        file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(*shift_), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) ::close(file);
    if (page == MAP_FAILED) {
        log::error("WEIR_TEST_CLOCK: {} cannot be mapped; the clock is the machine's", path);
        return;
    }
    log::warn("the clock is shifted by {} (WEIR_TEST_CLOCK): for tests only", path);
    shift_ = static_cast<const std::atomic<int64_t>*>(page);
}

ProcessClock::~ProcessClock() {
    if (shift_) ::munmap(const_cast<std::atomic<int64_t>*>(shift_), sizeof(*shift_));
}

}  // namespace weir::cli
