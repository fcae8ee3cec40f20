/// What the mock provider charged: one line for each answer, so that a test can compare a gateway's
/// counters with what its provider says, to the token.
///
///     GET /mock/ledger {"answers":3,"complete":{"count":2,"input":20,"output":14},…,"lines":[…]}
///
/// A line is complete when all of the answer was handed to the network and nothing was made to go
/// wrong. The last kMaxLines are kept, the sums are of all. Any thread.
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "dialect/usage.h"

namespace weir::mock {

class Ledger {
public:
    static constexpr std::size_t kMaxLines = 200'000;

    /// An answer under way; writes its line when it goes, whatever became of it.
    class Line {
    public:
        Line(Ledger& ledger, std::string_view id, std::string_view model,
             const dialect::Usage& usage);
        ~Line();
        Line(const Line&) = delete;
        Line& operator=(const Line&) = delete;
        void event() { ++sent_; }
        void complete() { complete_ = true; }

    private:
        friend class Ledger;
        Ledger& ledger_;
        std::string id_, model_;
        int64_t input_, output_;
        uint64_t sent_ = 0;  ///< events of a stream that left
        bool complete_ = false;
    };

    std::string json() const;

private:
    struct Kept {
        std::string id, model;
        int64_t input, output;
        uint64_t sent;
        bool complete;
    };
    struct Sum {
        uint64_t count = 0;
        int64_t input = 0, output = 0;
    };
    void write(const Line& line);
    mutable std::mutex lock_;
    std::deque<Kept> lines_;
    Sum complete_, broken_;
};

}  // namespace weir::mock
