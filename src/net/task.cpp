#include "net/task.h"

#include <array>
#include <new>

namespace weir::net {

#ifdef WEIR_SANITIZED
void* allocate_frame(std::size_t size) {
    return ::operator new(size);
}
void release_frame(void* frame, std::size_t size) noexcept {
    ::operator delete(frame, size);
}
#else
namespace {

constexpr std::size_t kClass = 128;   // bytes per size class
constexpr std::size_t kClasses = 48;  // frames up to 6 KiB are recycled
constexpr std::size_t kKeep = 256;    // frames kept per class and thread

struct FreeList {
    struct Node {
        Node* next;
    };
    std::array<Node*, kClasses> head{};
    std::array<std::size_t, kClasses> kept{};
    ~FreeList() {
        for (std::size_t i = 0; i < kClasses; ++i)
            while (Node* node = head[i]) {
                head[i] = node->next;
                ::operator delete(node, (i + 1) * kClass);
            }
        dead = true;
    }
    static thread_local bool dead;  // frames released while the thread's locals are destroyed
};
thread_local bool FreeList::dead = false;
thread_local FreeList free_frames;

std::size_t class_of(std::size_t size) {
    return (size + kClass - 1) / kClass - 1;
}

}  // namespace

void* allocate_frame(std::size_t size) {
    std::size_t i = class_of(size);
    if (i >= kClasses) return ::operator new(size);
    if (!FreeList::dead)
        if (auto* node = free_frames.head[i]) {
            free_frames.head[i] = node->next;
            --free_frames.kept[i];
            return node;
        }
    return ::operator new((i + 1) * kClass);
}

void release_frame(void* frame, std::size_t size) noexcept {
    std::size_t i = class_of(size);
    if (i >= kClasses) return ::operator delete(frame, size);
    if (FreeList::dead || free_frames.kept[i] >= kKeep)
        return ::operator delete(frame, (i + 1) * kClass);
    free_frames.head[i] = new (frame) FreeList::Node{free_frames.head[i]};
    ++free_frames.kept[i];
}
#endif

}  // namespace weir::net
