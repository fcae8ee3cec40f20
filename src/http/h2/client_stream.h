/// One request to a provider and its response, on a stream of HTTP/2.
///
/// Destroyed before its end it is reset, which cancels the provider's work; the connection goes on.
/// A stream that the provider refused, or never looked at before it went away (RFC 9113 §8.7), says
/// so by reused() and untouched(): the request may be sent again, as after a pooled connection of
/// HTTP/1.1 has died.
///
/// Ownership: owned by its ClientExchange; may outlive its session, which tells it when it goes.
/// Threads: its worker's.
#pragma once
#include <string>
#include <vector>

#include "http/client_carrier.h"
#include "http/h2/bell.h"
#include "http/h2/heads.h"
#include "http/h2/inbox.h"
#include "http/h2/outbox.h"

namespace weir::http::h2 {

class ClientSession;

class ClientStream final : public ClientCarrier {
public:
    ClientStream(ClientSession& session, bool reused);
    ~ClientStream() override;

    bool reused() const override { return reused_ || unheard_; }
    net::Task<Result<void>> send(std::span<iovec> pieces, RequestBody body, net::Duration stall,
                                 net::CancelSource* cancel) override;
    net::Task<Result<void>> send_more(std::span<iovec> pieces, net::Duration stall,
                                      net::CancelSource* cancel) override;
    net::Task<Result<void>> send_end(net::Duration stall, net::CancelSource* cancel) override;
    bool takes_more() const override { return !closed_ && !refused_early(); }
    net::Task<Result<const ResponseHead*>> read_head(std::string_view method,
                                                     net::TimePoint deadline,
                                                     net::CancelSource* cancel) override;
    net::Task<Result<std::string_view>> read_body(net::TimePoint deadline,
                                                  net::CancelSource* cancel) override;
    bool body_done() const override { return head_made_ && ended_ && inbox_.empty(); }
    const std::string& trailers() const override { return trailers_; }
    uint64_t received() const override { return received_; }
    bool untouched() const override { return received_ == 0; }
    void release(std::unique_ptr<ClientCarrier> self) override { self.reset(); }

private:
    friend ClientSession;
    bool refused_early() const { return head_complete_ && status_ >= 300; }
    net::Task<Result<void>> deliver(std::span<iovec> pieces, bool last, net::Duration stall,
                                    net::CancelSource* cancel);
    void give_credit();
    std::unexpected<Error> lost() const;
    Error cut() const;

    ClientSession* session_;  ///< null once it is gone
    int32_t id_ = 0;          ///< 0: not sent yet, or forgotten by nghttp2
    Bell bell_;
    std::string head_text_;
    std::vector<nghttp2_nv> fields_;
    Outbox outbox_;
    HeadCollector collector_;
    ResponseHead head_;
    Inbox inbox_;
    std::string trailers_;
    uint64_t received_ = 0;
    uint32_t error_ = 0;
    int status_ = 0;
    bool reused_;
    bool counted_ = false;        ///< among the session's open streams
    bool head_complete_ = false;  ///< the final one
    bool head_made_ = false;
    bool no_body_ = false;  ///< the head ended the stream
    bool ended_ = false;
    bool closed_ = false;
    bool unheard_ = false;  ///< the provider has not looked at it
    bool in_news_ = false;
    ClientStream* next_ = nullptr;  ///< of the session's streams
    ClientStream** previous_ = nullptr;
};

}  // namespace weir::http::h2
