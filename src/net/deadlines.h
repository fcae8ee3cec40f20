/// Deadlines of many waits on one worker, for the price of a store each.
///
/// A timing wheel of 50 ms slots. A wait sets its node's time and leaves it there when it ends; the
/// wheel looks at a node when its slot comes round and re-files it if the time has moved forward,
/// so a request that finishes in time never touches a list. A deadline therefore fires up to one
/// slot late, never early. Threads: one worker.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::net {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;
inline constexpr TimePoint kNever = TimePoint::max();

class Deadlines {
public:
    /// One wait's deadline. Lives inside the object that waits; unlinks itself when destroyed.
    class Node {
    public:
        Node() = default;
        Node(const Node&) = delete;
        Node& operator=(const Node&) = delete;
        virtual void on_deadline() = 0;

    protected:
        ~Node() { unlink(); }

    private:
        friend Deadlines;
        void unlink();
        Node* next_ = nullptr;
        Node** previous_ = nullptr;  // the pointer that points here; null when not linked
        TimePoint at_ = kNever;
        TimePoint filed_ = kNever;  // the slot's time
        Deadlines* owner_ = nullptr;
    };

    Deadlines() = default;
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;
    /// Calls node.on_deadline() once, soon after `at`, unless set again or cleared before.
    void set(Node& node, TimePoint at);
    void clear(Node& node) { node.at_ = kNever; }

    /// When run() is to be called next; kNever while no wait has a deadline.
    TimePoint next() const { return linked_ == 0 ? kNever : TimePoint(kSlot * (last_ + 1)); }
    /// Fires what is due at `now`; returns whether a slot's time had come.
    bool run(TimePoint now);

private:
    static constexpr std::chrono::milliseconds kSlot{50};
    static constexpr std::size_t kSlots = 512;
    void file(Node& node, TimePoint now);
    void run_slot(std::size_t slot, TimePoint now);

    std::array<Node*, kSlots> slots_{};
    std::size_t linked_ = 0;
    int64_t last_ = 0;  // number of the last slot that was run
};

}  // namespace weir::net
