// Counts what each thread of this test program takes from the heap. The replaced operators stand
// alone in a file, so that no caller sees through them.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace weir::cel {
namespace {
thread_local size_t allocations = 0;
}
size_t allocations_of_this_thread() {
    return allocations;
}
}  // namespace weir::cel

#ifndef WEIR_SANITIZED  // a sanitizer has operators of its own
void* operator new(size_t size) {
    ++weir::cel::allocations;
    if (void* out = std::malloc(size ? size : 1)) return out;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, size_t) noexcept {
    std::free(p);
}
#endif
