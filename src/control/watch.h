/// Tells when configuration files may have changed (inotify).
///
///     WEIR_TRY(Watch watch, Watch::create());
///     watch.follow(paths);                       // again after each reload: folders come and go
///     … poll watch.descriptor() for reading …
///     if (watch.drain()) …read the files again…
///
/// What is watched are the folders that hold the files, so an editor that replaces a file by a
/// rename, a file that comes back, and the symbolic links a Kubernetes volume swaps are all seen.
/// A hint, not a proof: the reader compares contents. Threads: one.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

namespace weir::control {

class Watch {
public:
    /// Fails with config.io when the system has no inotify instance left.
    static Result<Watch> create();
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&&) = delete;
    ~Watch();

    /// Watches these files and folders instead of those before. A path that cannot be watched (it
    /// is gone for now) is skipped; its parent folder still is watched. Returns how many folders
    /// are.
    std::size_t follow(const std::vector<std::string>& paths);
    int descriptor() const { return descriptor_; }
    /// Takes what happened since. True if one of the files may have changed.
    bool drain();

private:
    struct Folder {
        bool manifests = false;       ///< any file of resources counts
        std::set<std::string> names;  ///< these entries count
    };
    explicit Watch(int descriptor) : descriptor_(descriptor) {}
    void add_folder(const std::string& path);
    void add_file(std::string path);
    Folder* folder(const std::string& path);

    int descriptor_ = -1;
    std::map<int, Folder> folders_;  // by watch descriptor
};

}  // namespace weir::control
