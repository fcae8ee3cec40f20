#include "net/name_lookup.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace weir::net {
namespace {

/// c-ares counts its users itself; it is not safe to begin from several threads at once.
bool library_ready() {
    static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    return ready;
}

/// Something that differs whenever the file was written or replaced.
int64_t version_of(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return 0;
    return facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec +
           static_cast<int64_t>(facts.st_ino);
}

/// The least TTL of an answer's records and of the aliases that led to them (RFC 1034 §3.6.2).
std::chrono::seconds ttl_of(const ares_addrinfo& found) {
    int least = found.nodes->ai_ttl;
    for (const auto* node = found.nodes; node; node = node->ai_next)
        least = std::min(least, node->ai_ttl);
    for (const auto* alias = found.cnames; alias; alias = alias->next)
        least = std::min(least, alias->ttl);
    return std::chrono::seconds(std::max(least, 0));
}

NameLookup::Answer answer_of(int status, const ares_addrinfo* found) {
    NameLookup::Answer answer;
    if (status != ARES_SUCCESS || !found || !found->nodes) {
        answer.error = ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status);
        return answer;
    }
    answer.ttl = ttl_of(*found);
    for (const auto* node = found->nodes; node; node = node->ai_next) {
        Address address;
        if (static_cast<std::size_t>(node->ai_addrlen) > sizeof address.storage) continue;
        std::memcpy(&address.storage, node->ai_addr, static_cast<std::size_t>(node->ai_addrlen));
        address.length = static_cast<socklen_t>(node->ai_addrlen);
        answer.addresses.push_back(address);
    }
    return answer;
}

}  // namespace

/// One of c-ares's sockets, as the loop watches it. c-ares closes it.
struct NameLookup::Socket final : std::enable_shared_from_this<Socket>, Poller::Client {
    Socket(NameLookup& owner, ares_socket_t socket) : lookup(owner), fd(socket) {}
    ~Socket() { watch(0); }

    void watch(uint32_t events) {
        if (watched == events) return;
        if (watched) lookup.worker_.poller().remove(fd, *this);
        if (events) lookup.worker_.poller().add(fd, *this, events);
        watched = events;
    }
    // c-ares may be done with the socket before this ends.
    void on_events(uint32_t events) override {
        auto alive = shared_from_this();
        bool broken = events & (EPOLLERR | EPOLLHUP);
        bool reads = watched & EPOLLIN && (broken || events & EPOLLIN);
        bool writes = watched & EPOLLOUT && (broken || events & EPOLLOUT);
        ares_process_fd(lookup.channel_.get(), reads ? fd : ARES_SOCKET_BAD,
                        writes ? fd : ARES_SOCKET_BAD);
        lookup.arm_timer();
    }

    NameLookup& lookup;
    ares_socket_t fd;
    uint32_t watched = 0;
};

/// What c-ares hands back with an answer.
struct NameLookup::Query {
    NameLookup& lookup;
    Done done;
};

NameLookup::NameLookup(Worker& worker, Options options)
    : worker_(worker), options_(std::move(options)) {
    open_channel();
}

NameLookup::~NameLookup() = default;

void NameLookup::open_channel() {
    channel_.reset();
    read_version_ = version_of(options_.resolv_conf);
    ares_options wanted{};
    wanted.resolvconf_path = options_.resolv_conf.data();
    wanted.sock_state_cb_data = this;
    wanted.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
        static_cast<NameLookup*>(self)->socket_changed(fd, readable != 0, writable != 0);
    };
    ares_channel channel = nullptr;
    int status = library_ready() ? ares_init_options(&channel, &wanted,
                                                     ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF)
                                 : ARES_ENOTINITIALIZED;
    if (status == ARES_SUCCESS) {
        channel_.reset(channel);
        if (!options_.servers.empty())
            status = ares_set_servers_ports_csv(channel, options_.servers.c_str());
    }
    failure_ = status == ARES_SUCCESS ? "" : ares_strerror(status);
    if (status != ARES_SUCCESS) channel_.reset();
}

void NameLookup::reopen_if_changed() {
    if (active_ == 0 && (!channel_ || read_version_ != version_of(options_.resolv_conf)))
        open_channel();
}

void NameLookup::start(const std::string& host, Done done) {
    reopen_if_changed();
    if (!channel_) {
        worker_.post([done = std::move(done), why = failure_] { done({{}, {}, why}); });
        return;
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ++active_;
    auto query = std::unique_ptr<Query>(new Query{*this, std::move(done)});
    ares_getaddrinfo(channel_.get(), host.c_str(), nullptr, &hints, on_answer, query.release());
    arm_timer();
}

// The answer is told from the loop: c-ares may be in the middle of its own lists here.
void NameLookup::on_answer(void* argument, int status, int, ares_addrinfo* found) {
    std::unique_ptr<Query> query(static_cast<Query*>(argument));
    Answer answer = answer_of(status, found);
    if (found) ares_freeaddrinfo(found);
    --query->lookup.active_;
    if (status == ARES_EDESTRUCTION) return;
    query->lookup.worker_.post([done = std::move(query->done),
                                answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void NameLookup::socket_changed(ares_socket_t fd, bool readable, bool writable) {
    auto known = sockets_.find(fd);
    uint32_t wanted = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
    if (!wanted) {
        if (known == sockets_.end()) return;
        known->second->watch(0);  // c-ares closes it next
        sockets_.erase(known);
        return;
    }
    if (known == sockets_.end())
        known = sockets_.emplace(fd, std::make_shared<Socket>(*this, fd)).first;
    known->second->watch(wanted);
}

void NameLookup::arm_timer() {
    timeval time{};
    if (ares_timeout(channel_.get(), nullptr, &time))
        worker_.deadlines().set(*this, std::chrono::steady_clock::now() +
                                           std::chrono::seconds(time.tv_sec) +
                                           std::chrono::microseconds(time.tv_usec));
    else
        worker_.deadlines().clear(*this);
}

void NameLookup::on_deadline() {
    if (!channel_) return;
    ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm_timer();
}

}  // namespace weir::net
