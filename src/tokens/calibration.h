/// What settled requests taught about each model: how far estimates are off, and how much it says.
///
/// Outside the snapshot, so that a reload forgets nothing; shared by all workers. Per model it
/// keeps the ratio of counted to estimated input (exponentially weighted sums, so that large
/// requests weigh more and old ones fade) and a histogram of outputs in logarithmic buckets.
///
/// Threads: any, without a lock; every value is an atomic of its own. Two workers that settle at
/// the same time may lose one of the two samples, which costs precision and nothing else.
/// Memory: fixed at construction. When all places near a model's are taken, the model with the
/// fewest samples among them gives way. Names are kept as 64-bit hashes only.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir::tokens {

struct Estimate;

class Calibration {
public:
    static constexpr size_t kModels = 512;   ///< default capacity, 160 bytes each
    static constexpr double kLeast = 0.125;  ///< bounds of a correction
    static constexpr double kMost = 8.0;
    static constexpr uint32_t kMinOutputs = 8;  ///< outputs seen before their quantile counts

    /// Capacity is rounded up to a power of two.
    explicit Calibration(size_t models = kModels);

    /// Factor for estimates of this model's input; 1 while nothing is known.
    double correction(std::string_view model) const;
    /// An output that nine of ten recent answers of this model did not exceed; nullopt while fewer
    /// than kMinOutputs were seen.
    std::optional<int64_t> output(std::string_view model) const;

    /// What became of an estimate. Counts below zero, and zero input, are taken as unknown.
    void settle(std::string_view model, const Estimate& estimate, int64_t input, int64_t output);

private:
    /// Two buckets an octave: outputs of up to 2^19 tokens, what is larger in the last one.
    static constexpr size_t kBuckets = 38;
    struct Model {
        std::atomic<uint64_t> name{0};  ///< hash; 0: free
        std::atomic<uint32_t> samples{0};
        std::atomic<uint64_t> sums{0};      ///< two floats: estimated, counted
        std::atomic<uint32_t> quantile{0};  ///< of outputs; 0 while too few were seen
        std::array<std::atomic<uint16_t>, kBuckets> outputs{};
    };

    const Model* find(uint64_t name) const;
    Model& find_or_take(uint64_t name);
    static void learn_input(Model& model, double estimated, double counted);
    static void learn_output(Model& model, int64_t output);

    std::vector<Model> models_;
    size_t mask_;
};

}  // namespace weir::tokens
