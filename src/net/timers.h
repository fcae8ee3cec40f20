/// Timers of one worker that ring to the millisecond, for the few waits that need it (sleep.h).
///
/// A set() costs an allocation and a search; deadlines that nearly never pass belong to Deadlines.
/// Threads: one worker.
#pragma once
#include <map>
#include <utility>

#include "net/deadlines.h"

namespace weir::net {

class Timers {
public:
    /// Lives inside the object that waits; leaves the list when destroyed.
    class Node {
    public:
        Node() = default;
        Node(const Node&) = delete;
        Node& operator=(const Node&) = delete;
        virtual void on_time() = 0;

    protected:
        ~Node() {
            if (owner_) owner_->clear(*this);
        }

    private:
        friend Timers;
        Timers* owner_ = nullptr;  // while set
        std::multimap<TimePoint, Node*>::iterator place_;
    };

    Timers() = default;
    ~Timers() {
        for (auto& [at, node] : nodes_)
            node->owner_ = nullptr;
    }
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// Calls node.on_time() once, at `at` or soon after, unless cleared or set again before.
    void set(Node& node, TimePoint at) {
        clear(node);
        node.owner_ = this;
        node.place_ = nodes_.emplace(at, &node);
    }
    void clear(Node& node) {
        if (std::exchange(node.owner_, nullptr)) nodes_.erase(node.place_);
    }

    /// The earliest time; kNever without timers.
    TimePoint next() const { return nodes_.empty() ? kNever : nodes_.begin()->first; }
    /// Rings what is due at `now`; returns whether something was.
    bool run(TimePoint now) {
        bool rang = false;
        while (!nodes_.empty() && nodes_.begin()->first <= now) {
            Node& node = *nodes_.begin()->second;
            clear(node);
            node.on_time();
            rang = true;
        }
        return rang;
    }

private:
    std::multimap<TimePoint, Node*> nodes_;
};

}  // namespace weir::net
