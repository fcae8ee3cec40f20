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
    if (!running_) start();
    file(node, std::chrono::steady_clock::now());
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

void Deadlines::start() {
    running_ = true;
    last_ = slot_number(std::chrono::steady_clock::now(), kSlot);
    tick();
}

void Deadlines::tick() {
    timer_.expires_at(TimePoint(kSlot * (last_ + 1)));
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        TimePoint now = std::chrono::steady_clock::now();
        int64_t current = slot_number(now, kSlot);
        // After a stall of the loop at most one round is left to look at.
        int64_t first = std::max(last_ + 1, current - static_cast<int64_t>(kSlots) + 1);
        for (int64_t number = first; number <= current; ++number) {
            last_ = number;
            run_slot(static_cast<std::size_t>(number) % kSlots, now);
        }
        if (linked_ == 0)
            running_ = false;
        else
            tick();
    });
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
