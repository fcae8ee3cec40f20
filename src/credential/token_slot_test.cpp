#include "credential/token_slot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace weir::credential {
namespace {

std::unique_ptr<const Issued> token(int number) {
    auto issued = bearer("token-" + std::string(static_cast<std::size_t>(number % 7 + 1), 'x') +
                             std::to_string(number),
                         WallTime(std::chrono::seconds(number)));
    return std::make_unique<const Issued>(std::move(*issued));
}

std::string text_of(const TokenSlot& slot) {
    return slot.with([](const Issued* issued) {
        return issued ? std::string(issued->authorization.reveal()) : std::string("none");
    });
}

TEST(TokenSlotTest, ReadersSeeTheNewest) {
    TokenSlot slot;
    EXPECT_EQ(text_of(slot), "none");
    for (int i = 0; i < 5; ++i) {
        auto next = token(i);
        std::string expected(next->authorization.reveal());
        ASSERT_TRUE(slot.publish(next));
        EXPECT_FALSE(next);
        EXPECT_EQ(text_of(slot), expected);
    }
}

TEST(TokenSlotTest, ATokenUnderAReadersEyesIsNotReplaced) {
    TokenSlot slot;
    auto first = token(1);
    auto second = token(2);
    auto third = token(3);
    ASSERT_TRUE(slot.publish(first));
    slot.with([&](const Issued* issued) {
        EXPECT_TRUE(slot.publish(second)) << "the other side is free";
        EXPECT_FALSE(slot.publish(third)) << "this one is being read";
        EXPECT_TRUE(third);
        EXPECT_EQ(issued->expires, WallTime(std::chrono::seconds(1)));
    });
    EXPECT_TRUE(slot.publish(third));
}

TEST(TokenSlotTest, NoReaderEverSeesATokenThatIsBeingReplaced) {
    TokenSlot slot;
    std::atomic<bool> stop{false};
    std::atomic<int> torn{0}, backwards{0};
    std::vector<std::thread> readers;
    for (int r = 0; r < 3; ++r)
        readers.emplace_back([&] {
            int64_t last = -1;
            while (!stop) {
                slot.with([&](const Issued* issued) {
                    if (!issued) return;
                    const int64_t number = std::chrono::duration_cast<std::chrono::seconds>(
                                               issued->expires.time_since_epoch())
                                               .count();
                    if (!issued->authorization.reveal().ends_with("x" + std::to_string(number)))
                        ++torn;
                    if (number < last) ++backwards;
                    last = number;
                });
            }
        });
    for (int i = 0; i < 2000; ++i) {
        auto next = token(i);
        while (!slot.publish(next))
            std::this_thread::yield();
    }
    stop = true;
    for (auto& reader : readers)
        reader.join();
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(backwards, 0);
}

}  // namespace
}  // namespace weir::credential
