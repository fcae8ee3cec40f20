/// Lists and maps that an evaluation makes: arrays in its Arena.
#pragma once
#include <span>

#include "cel/run.h"
#include "cel/value.h"

namespace weir::cel {

class ArrayList final : public ListView {
public:
    explicit ArrayList(std::span<const Value> items) : items_(items) {}
    size_t size() const override { return items_.size(); }
    Value at(size_t index, Arena&) const override { return items_[index]; }

private:
    std::span<const Value> items_;
};

/// Keys that are equal as numbers are the same key: 1, 1u and (asked for) 1.0.
class ArrayMap final : public MapView {
public:
    /// `entries` is key, value, …; `index` a table of at least twice as many places, all empty, for
    /// maps that are too large to be searched one by one, else empty.
    ArrayMap(std::span<const Value> entries, std::span<uint32_t> index)
        : entries_(entries), index_(index) {}
    /// Enters entry `i` into the index; false if its key is there already.
    bool enter(uint32_t i);

    size_t size() const override { return entries_.size() / 2; }
    std::optional<Value> find(const Value& key, Arena&) const override;
    Value key(size_t i, Arena&) const override { return entries_[2 * i]; }
    Value value(size_t i, Arena&) const override { return entries_[2 * i + 1]; }

    static constexpr size_t kSearched = 8;
    static constexpr uint32_t kEmpty = 0xFFFFFFFF;

private:
    size_t locate(const Value& key, size_t entered) const;

    std::span<const Value> entries_;
    std::span<uint32_t> index_;
};

}  // namespace weir::cel
