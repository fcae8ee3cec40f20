/// One connection to a provider. Internal to http/; callers see ClientExchange.
#pragma once
#include <string>

#include "http/client.h"
#include "net/blocks.h"

namespace weir::http {

class ClientConnection final : private net::Stream::Observer, private net::Deadlines::Node {
public:
    ClientConnection(ClientPool& pool, const Origin& origin, net::StreamPtr stream);
    ~ClientConnection();

    net::Task<Result<void>> send(std::span<iovec> pieces, net::Duration stall,
                                 net::CancelSource* cancel);
    net::Task<Result<void>> send_more(std::span<iovec> pieces, net::Duration stall,
                                      net::CancelSource* cancel);
    bool takes_more() const { return !send_failed_; }
    net::Task<Result<const ResponseHead*>> read_head(std::string_view method,
                                                     net::TimePoint deadline,
                                                     net::CancelSource* cancel);
    net::Task<Result<std::string_view>> read_body(net::TimePoint deadline,
                                                  net::CancelSource* cancel);
    bool body_done() const { return decoder_.done(); }
    const std::string& trailers() const { return decoder_.trailers(); }
    bool untouched() const { return stream_->received() == received_before_; }
    uint64_t received() const { return stream_->received() - received_before_; }

    /// True if the exchange is over and the connection may carry another.
    bool reusable();
    /// In the pool: watched for its end until `deadline`.
    void park(net::TimePoint deadline);
    /// Out of the pool; false if it ended meanwhile.
    bool unpark();
    /// It has carried as many exchanges, or is as old, as its origin allows.
    bool worn_out(net::TimePoint now) const;
    net::Duration idle_timeout(net::Duration fallback) const {
        return idle_.count() > 0 ? idle_ : fallback;
    }

    const std::string& key() const { return key_; }
    bool used = false;

private:
    net::Task<int> send_all(std::span<iovec> pieces, net::Duration stall,
                            net::CancelSource* cancel);
    bool refused_early();
    net::Task<Result<bool>> fill(net::TimePoint deadline, net::CancelSource* cancel,
                                 const Code& late);
    std::span<char> space();
    void on_readable(net::Stream&) override;
    void on_deadline() override;

    ClientPool& pool_;
    std::string key_;
    uint32_t max_exchanges_;
    uint32_t exchanges_ = 0;  ///< begun
    net::Duration idle_;
    net::TimePoint retires_ = net::kNever;
    net::StreamPtr stream_;
    net::Blocks::Block block_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    ResponseHead head_;
    h1::BodyDecoder decoder_;
    uint64_t received_before_ = 0;
    bool send_failed_ = false;
    bool keep_alive_ = false;
    bool head_seen_ = false;
};

}  // namespace weir::http
