#include "tokens/calibration.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tokens/estimate.h"

namespace weir::tokens {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr size_t kReach = 8;  ///< places that may hold a model
/// Both sums begin here, so that the first, small requests do not swing the correction.
constexpr float kPrior = 256.0F;
constexpr float kFade = 31.0F / 32.0F;
constexpr uint32_t kMaxOutputs = 1024;  ///< then all buckets are halved: older answers fade

uint64_t hash(std::string_view name) {
    uint64_t h = 0xcbf29ce484222325;  // FNV-1a, then mixed
    for (char c : name)
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15;
    h ^= h >> 29;
    return h ? h : 1;
}

struct Sums {
    float estimated = kPrior;
    float counted = kPrior;
};

Sums unpack(uint64_t packed) {
    if (packed == 0) return {};
    return {std::bit_cast<float>(static_cast<uint32_t>(packed >> 32)),
            std::bit_cast<float>(static_cast<uint32_t>(packed))};
}

uint64_t pack(Sums sums) {
    return uint64_t{std::bit_cast<uint32_t>(sums.estimated)} << 32 |
           std::bit_cast<uint32_t>(sums.counted);
}

/// Buckets end at 1, 1.5, 2, 3, 4, 6, 8, 12, …: inclusive.
size_t bucket_of(int64_t output, size_t buckets) {
    if (output <= 1) return 0;
    auto above = static_cast<uint64_t>(output - 1);
    auto octave = static_cast<size_t>(std::bit_width(above));  // output in (2^(o-1), 2^o]
    const uint64_t middle = (uint64_t{1} << (octave - 1)) + (uint64_t{1} << (octave - 1)) / 2;
    const size_t bucket = 2 * octave - (static_cast<uint64_t>(output) <= middle ? 1 : 0);
    return std::min(bucket, buckets - 1);
}

int64_t end_of(size_t bucket) {
    const auto octave = static_cast<int>((bucket + 1) / 2);
    const int64_t end = int64_t{1} << octave;
    return bucket % 2 ? end / 2 + end / 4 : end;
}

}  // namespace

Calibration::Calibration(size_t models)
    : models_(std::bit_ceil(std::max(models, kReach))), mask_(models_.size() - 1) {}

const Calibration::Model* Calibration::find(uint64_t name) const {
    for (size_t i = 0; i < kReach; ++i) {
        const Model& model = models_[(name + i) & mask_];
        if (model.name.load(kRelaxed) == name) return &model;
    }
    return nullptr;
}

Calibration::Model& Calibration::find_or_take(uint64_t name) {
    Model* least = nullptr;
    for (size_t i = 0; i < kReach; ++i) {
        Model& model = models_[(name + i) & mask_];
        uint64_t there = model.name.load(kRelaxed);
        if (there == name) return model;
        if (there == 0 && model.name.compare_exchange_strong(there, name, kRelaxed)) return model;
        if (there == name) return model;
        if (!least || model.samples.load(kRelaxed) < least->samples.load(kRelaxed)) least = &model;
    }
    for (size_t i = 0; i < kReach; ++i) {  // a model nobody asks for any more loses its place
        Model& model = models_[(name + i) & mask_];
        model.samples.store(model.samples.load(kRelaxed) / 2, kRelaxed);
    }
    least->sums.store(0, kRelaxed);
    least->quantile.store(0, kRelaxed);
    least->samples.store(0, kRelaxed);
    for (auto& count : least->outputs)
        count.store(0, kRelaxed);
    least->name.store(name, kRelaxed);
    return *least;
}

double Calibration::correction(std::string_view model) const {
    const Model* found = find(hash(model));
    if (!found) return 1.0;
    const Sums sums = unpack(found->sums.load(kRelaxed));
    return std::clamp(double{sums.counted} / double{sums.estimated}, kLeast, kMost);
}

std::optional<int64_t> Calibration::output(std::string_view model) const {
    const Model* found = find(hash(model));
    const uint32_t quantile = found ? found->quantile.load(kRelaxed) : 0;
    if (quantile == 0) return std::nullopt;
    return quantile;
}

void Calibration::settle(std::string_view model, const Estimate& estimate, int64_t input,
                         int64_t output) {
    const bool teaches_input = !estimate.exact && estimate.uncorrected_input > 0 && input > 0;
    if (model.empty() || (!teaches_input && output < 0)) return;
    Model& place = find_or_take(hash(model));
    const uint32_t samples = place.samples.load(kRelaxed);
    if (samples < UINT32_MAX) place.samples.store(samples + 1, kRelaxed);
    if (teaches_input)
        learn_input(place, static_cast<double>(estimate.uncorrected_input),
                    static_cast<double>(input));
    if (output >= 0) learn_output(place, output);
}

void Calibration::learn_input(Model& model, double estimated, double counted) {
    // One request may not outweigh all the others: it counts as at most eight times the prior sum.
    uint64_t packed = model.sums.load(kRelaxed);
    Sums sums = unpack(packed);
    const double weight = std::min(1.0, 8.0 * double{sums.estimated} / estimated);
    const double bounded = std::clamp(counted, estimated * kLeast, estimated * kMost);
    sums.estimated = sums.estimated * kFade + static_cast<float>(estimated * weight);
    sums.counted = sums.counted * kFade + static_cast<float>(bounded * weight);
    model.sums.compare_exchange_strong(packed, pack(sums), kRelaxed);
}

void Calibration::learn_output(Model& model, int64_t output) {
    auto& count = model.outputs[bucket_of(output, kBuckets)];
    count.store(static_cast<uint16_t>(count.load(kRelaxed) + 1), kRelaxed);
    std::array<uint32_t, kBuckets> counts{};
    uint32_t total = 0;
    for (size_t i = 0; i < kBuckets; ++i)
        total += counts[i] = model.outputs[i].load(kRelaxed);
    if (total > kMaxOutputs)
        for (auto& old : model.outputs)
            old.store(static_cast<uint16_t>(old.load(kRelaxed) / 2), kRelaxed);
    if (total < kMinOutputs) return;
    const uint32_t wanted = total - total / 10;  // nine of ten, rounded up
    size_t bucket = 0;
    for (uint32_t seen = counts[0]; seen < wanted && bucket + 1 < kBuckets;)
        seen += counts[++bucket];
    model.quantile.store(static_cast<uint32_t>(end_of(bucket)), kRelaxed);
}

}  // namespace weir::tokens
