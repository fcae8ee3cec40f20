#include "cli/worker_runtime.h"

#include <pthread.h>

#include <future>

namespace weir::cli {

LoopThread::LoopThread(int id, std::string name) : worker_(id), name_(std::move(name)) {}

LoopThread::~LoopThread() {
    stop();
}

void LoopThread::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
        worker_.run();
        worker_.tasks().destroy_all();
    });
}

void LoopThread::stop() {
    if (!thread_.joinable()) return;
    worker_.stop();
    thread_.join();
}

void LoopThread::call(std::function<void()> fn) {
    if (!thread_.joinable()) return fn();
    std::promise<void> done;
    worker_.post([&] {
        fn();
        done.set_value();
    });
    done.get_future().wait();
}

Service::Service(LoopThread& loop, http::Handler& handler, const http::ServerOptions& options)
    : worker_(loop.worker()), server_(worker_, handler, options) {}

void Service::listen(int fd, uint32_t number, std::size_t reserve) {
    auto serve = [this, number](net::StreamPtr stream, const net::Address& peer) {
        server_.serve(std::move(stream), peer.to_string(), number);
    };
    listeners_.emplace(number,
                       std::make_unique<net::Listener>(worker_, fd, std::move(serve), reserve));
}

void Service::retire(uint32_t number) {
    listeners_.erase(number);
    server_.drain(number);
}

void Service::drain() {
    listeners_.clear();
    server_.drain();
}

void Service::close() {
    listeners_.clear();
    server_.close_all();
}

}  // namespace weir::cli
