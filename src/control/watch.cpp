#include "control/watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "control/files.h"

namespace weir::control {
namespace {

namespace fs = std::filesystem;
constexpr uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kMaxLinks = 16;  // of a chain of symbolic links

}  // namespace

Result<Watch> Watch::create() {
    int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0)
        return fail(codes::config_io,
                    fmt::format("cannot watch files: {}; raise fs.inotify.max_user_instances",
                                std::strerror(errno)));
    return Watch(descriptor);
}

Watch::Watch(Watch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), folders_(std::move(other.folders_)) {}

Watch::~Watch() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Watch::Folder* Watch::folder(const std::string& path) {
    int watch = ::inotify_add_watch(descriptor_, path.empty() ? "." : path.c_str(), kEvents);
    return watch < 0 ? nullptr : &folders_[watch];
}

/// A file is its name in its folder, and where its links lead.
void Watch::add_file(std::string path) {
    for (int hop = 0; hop < kMaxLinks; ++hop) {
        fs::path file(path);
        if (Folder* parent = folder(file.parent_path().string())) {
            parent->names.insert(file.filename().string());
            parent->names.insert("..data");  // what a Kubernetes volume swaps
        }
        std::error_code error;
        fs::path target = fs::read_symlink(file, error);
        if (error) return;
        path = (target.is_absolute() ? target : file.parent_path() / target).string();
    }
}

void Watch::add_folder(const std::string& path) {
    add_file(path);
    if (Folder* self = folder(path)) self->manifests = true;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_directory(ignored)) {
            if (Folder* below = folder(entry->path().string())) below->manifests = true;
        } else if (entry->is_symlink(ignored) && is_manifest(entry->path().native())) {
            add_file(entry->path().string());
        }
    }
}

std::size_t Watch::follow(const std::vector<std::string>& paths) {
    auto before = std::exchange(folders_, {});
    for (std::string path : paths) {
        std::error_code error;
        if (path == "-") continue;
        while (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
        if (fs::is_directory(path, error))
            add_folder(path);
        else
            add_file(path);
    }
    for (const auto& [watch, unused] : before)
        if (!folders_.contains(watch)) ::inotify_rm_watch(descriptor_, watch);
    return folders_.size();
}

bool Watch::drain() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    bool changed = false;
    while (true) {
        ssize_t size = ::read(descriptor_, buffer.data(), buffer.size());
        if (size <= 0) return changed;
        for (ssize_t at = 0; at < size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
            if (event->mask & IN_Q_OVERFLOW) changed = true;
            auto known = folders_.find(event->wd);
            if (known == folders_.end()) continue;
            std::string name = event->len ? event->name : "";
            const Folder& where = known->second;
            bool folders = where.manifests && (event->mask & IN_ISDIR);
            changed |= name.empty() || folders || where.names.contains(name) ||
                       (where.manifests && is_manifest(name));
        }
    }
}

}  // namespace weir::control
