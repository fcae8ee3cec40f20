/// One connection to a provider. Internal to http/; callers see ClientExchange.
#pragma once
#include <string>

#include "http/client_carrier.h"
#include "http/h1/body_decoder.h"
#include "net/blocks.h"

namespace weir::http {

class ClientConnection final : public ClientCarrier,
                               private net::Stream::Observer,
                               private net::Deadlines::Node {
public:
    ClientConnection(ClientPool& pool, const Origin& origin, net::StreamPtr stream);
    ~ClientConnection() override;

    bool reused() const override { return used; }
    net::Task<Result<void>> send(std::span<iovec> pieces, RequestBody body, net::Duration stall,
                                 net::CancelSource* cancel) override;
    net::Task<Result<void>> send_more(std::span<iovec> pieces, net::Duration stall,
                                      net::CancelSource* cancel) override;
    net::Task<Result<void>> send_end(net::Duration stall, net::CancelSource* cancel) override;
    bool takes_more() const override { return !send_failed_; }
    net::Task<Result<const ResponseHead*>> read_head(std::string_view method,
                                                     net::TimePoint deadline,
                                                     net::CancelSource* cancel) override;
    net::Task<Result<std::string_view>> read_body(net::TimePoint deadline,
                                                  net::CancelSource* cancel) override;
    bool body_done() const override { return decoder_.done(); }
    const std::string& trailers() const override { return decoder_.trailers(); }
    bool untouched() const override { return stream_->received() == received_before_; }
    uint64_t received() const override { return stream_->received() - received_before_; }
    void release(std::unique_ptr<ClientCarrier> self) override;

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
    net::Task<Result<void>> send_pieces(std::span<iovec> pieces, net::Duration stall,
                                        net::CancelSource* cancel);
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
    bool chunked_ = false;  ///< the request's body is sent in chunks
    bool keep_alive_ = false;
    bool head_seen_ = false;
};

}  // namespace weir::http
