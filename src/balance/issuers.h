/// Which backend issued what only it can open: a bounded memory of hashes.
///
/// The key of an entry is the hash of an opaque item, its value the backend's name, hashed too; the
/// item itself is never kept. A table of kPlaces, two places for a key; the newest pushes an older
/// one out, and what is forgotten merely costs a conversation its backend. The table is made with
/// the first entry, so that rules without such items pay a pointer. Threads: any (relaxed atomics).
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "balance/hash.h"

namespace weir::balance {

class Issuers {
public:
    static constexpr size_t kPlaces = 4096;
    Issuers() = default;
    ~Issuers() { delete table_.load(std::memory_order_relaxed); }
    Issuers(const Issuers&) = delete;
    Issuers& operator=(const Issuers&) = delete;

    bool empty() const { return table_.load(std::memory_order_relaxed) == nullptr; }
    static uint16_t name_of(std::string_view backend) {
        return static_cast<uint16_t>(hash_of(backend) >> 48);
    }
    void remember(uint64_t item, uint16_t backend) {
        Table& table = own();
        const size_t at = place(item);
        size_t chosen = at ^ (item & 1);
        for (size_t i : {at, at ^ 1}) {
            uint64_t entry = table[i].load(std::memory_order_relaxed);
            if (entry == 0 || (entry ^ item) >> 16 == 0) chosen = i;
        }
        table[chosen].store((item & ~uint64_t{0xffff}) | backend, std::memory_order_relaxed);
    }
    std::optional<uint16_t> find(uint64_t item) const {
        const Table* table = table_.load(std::memory_order_acquire);
        if (!table) return std::nullopt;
        for (size_t i : {place(item), place(item) ^ 1}) {
            uint64_t entry = (*table)[i].load(std::memory_order_relaxed);
            if (entry != 0 && (entry ^ item) >> 16 == 0) return static_cast<uint16_t>(entry);
        }
        return std::nullopt;
    }

private:
    using Table = std::array<std::atomic<uint64_t>, kPlaces>;
    static size_t place(uint64_t item) { return (item >> 20) % kPlaces; }
    Table& own() {
        Table* table = table_.load(std::memory_order_acquire);
        if (table) return *table;
        auto made = std::make_unique<Table>();
        if (table_.compare_exchange_strong(table, made.get(), std::memory_order_acq_rel))
            table = made.release();
        return *table;
    }
    std::atomic<Table*> table_{nullptr};
};

}  // namespace weir::balance
