/// Series by their label values: found without a lock or an allocation by the one thread that
/// writes them, walked under a lock by scrapes.
///
/// Only insertion changes the map, and it takes the lock; so the writing thread may look up without
/// one, and a scrape that holds it sees a map that stands still. A series is never removed, so
/// references stay valid as long as the table.
#pragma once
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::telemetry {

template <std::size_t N, class Series>
class SeriesTable {
public:
    using Values = std::array<std::string_view, N>;

    explicit SeriesTable(std::mutex& lock) : lock_(lock) {}

    /// Writing thread: the series, or null.
    Series* find(const Values& values) {
        // One exchange is often like the one before it.
        if (last_ && std::equal(values.begin(), values.end(), last_->first.begin()))
            return last_->second.get();
        auto found = map_.find(values);
        if (found == map_.end()) return nullptr;
        last_ = &*found;
        return last_->second.get();
    }
    /// Writing thread. `values` must not be in the table.
    Series& add(const Values& values) {
        Key key;
        for (std::size_t i = 0; i < N; ++i)
            key[i] = values[i];
        auto series = std::make_unique<Series>();
        std::lock_guard guard(lock_);
        return *map_.emplace(std::move(key), std::move(series)).first->second;
    }
    std::size_t size() const { return map_.size(); }
    /// Any thread that holds the lock: fn(values, series) for each.
    template <class F>
    void for_each(F&& fn) const {
        for (const auto& [key, series] : map_)
            fn(view(key), *series);
    }

private:
    using Key = std::array<std::string, N>;
    static Values view(const Key& key) {
        Values values;
        for (std::size_t i = 0; i < N; ++i)
            values[i] = key[i];
        return values;
    }
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Values& values) const {
            std::size_t hash = 0;
            for (std::string_view value : values)
                hash = (hash ^ std::hash<std::string_view>()(value)) * 0x9E3779B97F4A7C15;
            return hash;
        }
        std::size_t operator()(const Key& key) const { return (*this)(view(key)); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Key& a, const Key& b) const { return a == b; }
        bool operator()(const Key& a, const Values& b) const { return view(a) == b; }
        bool operator()(const Values& a, const Key& b) const { return a == view(b); }
    };

    std::mutex& lock_;
    using Map = std::unordered_map<Key, std::unique_ptr<Series>, Hash, Equal>;
    Map map_;                                         // nothing leaves it
    const typename Map::value_type* last_ = nullptr;  // found last
};

}  // namespace weir::telemetry
