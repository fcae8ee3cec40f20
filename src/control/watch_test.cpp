#include "control/watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::control {
namespace {

namespace fs = std::filesystem;

class WatchTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "weir-watch-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const fs::path& path, std::string_view text = "x") { std::ofstream(path) << text; }
    static Watch watch() { return std::move(Watch::create()).value(); }
    /// Events of this process's own acts are queued before the act returns.
    static bool ready(const Watch& watch) {
        pollfd wanted{watch.descriptor(), POLLIN, 0};
        return ::poll(&wanted, 1, 0) == 1;
    }

    fs::path folder_;
};

TEST_F(WatchTest, AFileThatIsWritten) {
    write(folder_ / "a.yaml");
    Watch w = watch();
    w.follow({(folder_ / "a.yaml").string()});
    EXPECT_FALSE(w.drain());
    write(folder_ / "a.yaml", "y");
    EXPECT_TRUE(ready(w));
    EXPECT_TRUE(w.drain());
    EXPECT_FALSE(w.drain());
}

TEST_F(WatchTest, AFileThatAnEditorReplaces) {
    write(folder_ / "a.yaml");
    Watch w = watch();
    w.follow({(folder_ / "a.yaml").string()});
    write(folder_ / ".a.yaml.swp");
    EXPECT_FALSE(w.drain()) << "another file of the folder";
    fs::rename(folder_ / ".a.yaml.swp", folder_ / "a.yaml");
    EXPECT_TRUE(w.drain());
}

TEST_F(WatchTest, AFileThatDoesNotExistYet) {
    Watch w = watch();
    w.follow({(folder_ / "a.yaml").string()});
    write(folder_ / "a.yaml");
    EXPECT_TRUE(w.drain());
}

TEST_F(WatchTest, AFolderAndWhatIsBelowIt) {
    fs::create_directory(folder_ / "below");
    Watch w = watch();
    w.follow({folder_.string()});
    write(folder_ / "notes.txt");
    EXPECT_FALSE(w.drain());
    write(folder_ / "below" / "b.yml");
    EXPECT_TRUE(w.drain());
    fs::create_directory(folder_ / "new");
    EXPECT_TRUE(w.drain());
    w.follow({folder_.string()});
    write(folder_ / "new" / "c.json");
    EXPECT_TRUE(w.drain());
}

TEST_F(WatchTest, LinksAsAKubernetesVolumeSwapsThem) {
    fs::create_directory(folder_ / "..1");
    fs::create_directory(folder_ / "..2");
    write(folder_ / "..1" / "a.yaml", "1");
    write(folder_ / "..2" / "a.yaml", "2");
    fs::create_directory_symlink("..1", folder_ / "..data");
    fs::create_symlink("..data/a.yaml", folder_ / "a.yaml");
    Watch w = watch();
    w.follow({(folder_ / "a.yaml").string()});
    fs::create_directory_symlink("..2", folder_ / "..data_tmp");
    EXPECT_FALSE(w.drain());
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    EXPECT_TRUE(w.drain());
}

TEST_F(WatchTest, ALinkToAnotherFolder) {
    fs::create_directory(folder_ / "real");
    write(folder_ / "real" / "a.yaml");
    fs::create_symlink(folder_ / "real" / "a.yaml", folder_ / "a.yaml");
    Watch w = watch();
    w.follow({(folder_ / "a.yaml").string()});
    write(folder_ / "real" / "a.yaml", "changed");
    EXPECT_TRUE(w.drain());
}

TEST_F(WatchTest, WhatIsNoLongerFollowed) {
    fs::create_directory(folder_ / "one");
    fs::create_directory(folder_ / "two");
    Watch w = watch();
    EXPECT_GE(w.follow({(folder_ / "one").string(), (folder_ / "two").string()}), 2u);
    w.follow({(folder_ / "two").string()});
    w.drain();
    write(folder_ / "one" / "a.yaml");
    EXPECT_FALSE(w.drain());
}

}  // namespace
}  // namespace weir::control
