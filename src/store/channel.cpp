#include "store/channel.h"

#include <cstring>

namespace weir::store {
namespace {

std::unexpected<Error> lost(const net::IoResult& result) {
    return fail(codes::store_unavailable,
                result.error ? std::strerror(result.error) : "it closed the connection");
}

}  // namespace

net::Task<Result<std::unique_ptr<Channel>>> Channel::open(Network network, const RedisHost& host,
                                                          net::TimePoint deadline,
                                                          net::CancelSource& cancel) {
    net::Target target;
    target.host = host.name;
    target.port = host.port;
    target.tls = network.tls;
    target.server_name = host.name;
    WEIR_CO_TRY(net::StreamPtr stream,
                co_await net::dial(network.worker, network.resolver, target, deadline, &cancel));
    co_return std::unique_ptr<Channel>(new Channel(std::move(stream), cancel));
}

net::Task<Result<void>> Channel::login(const std::string& user, const Secret& password,
                                       net::TimePoint deadline) {
    if (password.empty()) co_return Result<void>();
    std::vector<std::string> words{"AUTH"};
    if (!user.empty()) words.push_back(user);
    words.emplace_back(password.reveal());
    send(words);
    WEIR_CO_TRY(Reply done, co_await reply(deadline));
    co_return check(done);
}

Result<void> Channel::flush() {
    while (!out_.empty()) {
        iovec piece{out_.data(), out_.size()};
        net::IoResult r = stream_->write({&piece, 1});
        if (r.again()) return {};
        if (r.closed()) return lost(r);
        out_.erase(0, r.size);
    }
    return {};
}

net::Task<Result<Reply>> Channel::reply(net::TimePoint deadline) {
    while (true) {
        WEIR_CO_TRY(auto next, reader_.next());
        if (next) co_return std::move(*next);
        WEIR_CO_CHECK(flush());
        WEIR_CO_TRY(bool more, co_await read_more(deadline));
        if (!more) co_return fail(codes::store_unavailable, "it does not answer");
    }
}

net::Task<Result<bool>> Channel::read_more(net::TimePoint deadline) {
    char space[16 * 1024];
    while (true) {
        net::IoResult r = stream_->read(space);
        if (r.done()) {
            reader_.feed({space, r.size});
            co_return true;
        }
        if (r.closed()) co_return lost(r);
        net::Wake wake;
        if (out_.empty())
            wake = co_await stream_->readable(deadline, &cancel_);
        else
            wake = co_await stream_->ready(deadline, &cancel_);
        if (wake == net::Wake::deadline) co_return false;
        WEIR_CO_CHECK(flush());
    }
}

net::Task<Result<Reply>> ask(Network network, RedisHost host, const Login& login,
                             std::vector<std::string> words, net::TimePoint deadline,
                             net::CancelSource& cancel) {
    WEIR_CO_TRY(auto channel, co_await Channel::open(network, host, deadline, cancel));
    WEIR_CO_CHECK(co_await channel->login(login.user, login.password, deadline));
    channel->send(words);
    WEIR_CO_TRY(Reply reply, co_await channel->reply(deadline));
    WEIR_CO_CHECK(check(reply));
    co_return reply;
}

}  // namespace weir::store
