/// What a stream lost between provider and client.
///
/// Pointers as into the provider's whole answer ("/content/2"), each once and not more than kMax:
/// a stream can lose the same thing a thousand times. One stream, one thread.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir::dialect {

class Losses {
public:
    static constexpr size_t kMax = 32;

    void add(std::string_view pointer) {
        if (list_.size() < kMax && std::ranges::find(list_, pointer) == list_.end())
            list_.emplace_back(pointer);
    }
    const std::vector<std::string>& list() const { return list_; }

private:
    std::vector<std::string> list_;
};

}  // namespace weir::dialect
