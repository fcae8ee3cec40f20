#include "net/deadlines.h"

#include <algorithm>
#include <utility>

namespace weir::net {
namespace {
int64_t slot_number(TimePoint at, std::chrono::milliseconds slot) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() /
           slot.count();
}
}  // namespace

void Deadlines::Node::unlink() {
    if (!previous_) return;
    *previous_ = next_;
    if (next_) next_->previous_ = previous_;
    previous_ = nullptr;
    next_ = nullptr;
    --owner_->linked_;
}

Deadlines::~Deadlines() {
    for (Node* head : slots_)
        while (head)
            std::exchange(head, head->next_)->previous_ = nullptr;
}

void Deadlines::set(Node& node, TimePoint at) {
    node.at_ = at;
    if (at == kNever) return;
    if (node.previous_ && node.filed_ <= at) return;  // seen early enough; re-filed then
    node.unlink();
    TimePoint now = std::chrono::steady_clock::now();
    if (linked_ == 0) last_ = slot_number(now, kSlot);  // the wheel stood still
    file(node, now);
}

void Deadlines::file(Node& node, TimePoint now) {
    int64_t number =
        std::max(slot_number(node.at_, kSlot) + 1, std::max(last_, slot_number(now, kSlot)) + 1);
    number = std::min(number, last_ + static_cast<int64_t>(kSlots) - 1);
    node.filed_ = TimePoint(kSlot * number);
    node.owner_ = this;
    Node*& head = slots_[static_cast<std::size_t>(number) % kSlots];
    node.next_ = head;
    node.previous_ = &head;
    if (head) head->previous_ = &node.next_;
    head = &node;
    ++linked_;
}

bool Deadlines::run(TimePoint now) {
    if (now < next()) return false;
    int64_t current = slot_number(now, kSlot);
    // After a stall of the loop at most one round is left to look at.
    int64_t first = std::max(last_ + 1, current - static_cast<int64_t>(kSlots) + 1);
    for (int64_t number = first; number <= current; ++number) {
        last_ = number;
        run_slot(static_cast<std::size_t>(number) % kSlots, now);
    }
    return true;
}

void Deadlines::run_slot(std::size_t slot, TimePoint now) {
    // Detach the list first: on_deadline() may set, clear or destroy any node, this slot's
    // included.
    Node* head = std::exchange(slots_[slot], nullptr);
    if (head) head->previous_ = &head;
    while (head) {
        Node& node = *head;
        node.unlink();
        if (node.at_ == kNever) continue;
        if (node.at_ > now) {
            file(node, now);
            continue;
        }
        node.at_ = kNever;
        node.on_deadline();
    }
}

}  // namespace weir::net
